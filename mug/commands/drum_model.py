"""A trained MusicVAE with the clips that `mug drums` gives it.

Axes: N clips, S steps, Z latent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mug.checkpoints.trained_model import load_network, naming_config
from mug.errors import ConfigError, MusicError
from mug.music.drum_dataset import DrumDataset, DrumTestDataset, DrumTrainDataset
from mug.music.drum_grid import STEPS_A_BAR, categories, drum_clips, grid_notes, of_categories
from mug.music.midi import read_midi
from mug.music_vae.generate import attribute_vectors
from mug.music_vae.music_vae import MusicVAE

BPM = 120.0  # of clips that have no tempo
MAX_CLIPS = 4000  # of the training split, for the attributes


@dataclass(frozen=True)
class Clips:
    """Clips of a piece, one after the other, categories [N, S]; those without drums are left out."""

    source: str
    clips: np.ndarray
    bpm: float = BPM


@dataclass(frozen=True)
class DrumModel:
    """A network, the library that clips are taken from, and how the library was split for its training."""

    name: str
    network: MusicVAE
    library: str
    split: Mapping[str, Any]  # valid_fraction, test_fraction, split_salt

    @classmethod
    def load(cls, checkpoint: str, library: str, wanted: str) -> "DrumModel":
        """Raises CheckpointError for a checkpoint that is none of a MusicVAE; `wanted` says where to get one."""
        network, config = load_network(checkpoint, MusicVAE, wanted)
        with naming_config(checkpoint):
            common = config["data"]["params"]["common"]
        known = ("valid_fraction", "test_fraction", "split_salt")
        return cls(checkpoint, network, library, {name: common[name] for name in known if name in common})

    @property
    def bars(self) -> int:
        return self.network.n_steps // STEPS_A_BAR

    def read(self, path: Path) -> Clips:
        """The clips of a MIDI file. Raises MusicError for one that has none."""
        music = read_midi(path)
        grids = list(drum_clips(music, str(path), self.bars))
        if not grids:
            raise MusicError(f"{path}: has no {self.bars} bars of 4/4 with drums in a row; give a longer piece")
        notes = music.notes
        beats, minutes = np.ptp(notes["beat"]), np.ptp(notes["start_ms"]) / 60_000
        return Clips(str(path), np.stack([categories(grid) for grid in grids]), beats / minutes if minutes else BPM)

    def held_out(self, count: int) -> list[Clips]:
        """The first clips of some pieces of the test split."""
        clips, names = self.test.clips, self.test.names
        firsts = [names.index(name) for name in dict.fromkeys(names)]
        if len(firsts) < count:
            raise ConfigError(f"{self.library}: its test split has {len(firsts)} pieces; prepare more, or give files")
        return [Clips(names[first], clips[first : first + 1]) for first in firsts[:count]]

    @cached_property
    def test(self) -> DrumDataset:
        return DrumTestDataset(self.library, self.bars, **self.split)

    @cached_property
    def known(self) -> np.ndarray:
        """At most MAX_CLIPS clips of the training split [N, S], spread over it."""
        clips = DrumTrainDataset(self.library, self.bars, **self.split).clips
        return clips[np.linspace(0, len(clips) - 1, min(len(clips), MAX_CLIPS)).astype(int)]

    @cached_property
    def vectors(self) -> dict[str, Tensor]:
        """The vector [Z] of each attribute."""
        return dict(attribute_vectors(self.network, self.known))

    def shift(self, more: Sequence[tuple[str, str]]) -> Tensor:
        """What is added to latents for (attribute, amount), [Z]. Raises ConfigError for an unknown one."""
        whole = torch.zeros(self.network.z_size)
        for name, amount in more:
            if name not in self.vectors:
                raise ConfigError(f"--more {name}: no such attribute; there are {', '.join(self.vectors)}")
            try:
                whole += float(amount) * self.vectors[name]
            except ValueError as error:
                raise ConfigError(f"--more {name} {amount}: give a number, such as 1.0") from error
        return whole

    def notes_of(self, clips: np.ndarray, bpm: float = BPM) -> np.ndarray:
        """Clips [N, S], one after the other, as NOTE."""
        return grid_notes(of_categories(clips.ravel()), bpm)
