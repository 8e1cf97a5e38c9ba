"""Reconstructions of validation clips during training: their drum grids and sound.

Axes: B batch, S steps.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from mug.music.drum_grid import grid_notes, of_categories
from mug.music_vae.generate import written
from mug.music_vae.music_vae import MusicVAE
from mug.pictures.rolls import draw_rolls
from mug.training.music_logger import MusicLogger, Shown

CELL = 8  # pixels


class DrumLogger(MusicLogger):
    """A MusicLogger of a MusicVAE, which writes clips from their most probable latents.

    Pictures have the true grid above the one that was written, the kick at the bottom. It logs the share of steps that
    are right as drums/accuracy.
    """

    folder = "drums"

    def reconstructed(self, network: MusicVAE, batch: Mapping[str, Any]) -> tuple[Iterator[Shown], dict[str, float]]:
        steps = batch["steps"]
        guesses = written(network, network.encode(steps).mean)
        truths = steps.cpu().numpy()
        return map(_shown, truths, guesses), {"accuracy": float((truths == guesses).mean())}


def _shown(truth: np.ndarray, guess: np.ndarray) -> Shown:
    """What is shown of a clip and what was written, categories [S]."""
    original, written_one = of_categories(truth), of_categories(guess)
    rolls = [(grid.T, np.zeros_like(grid.T)) for grid in (original, written_one)]
    return Shown(grid_notes(original), grid_notes(written_one), draw_rolls(rolls, CELL))
