"""Reconstructions of validation segments during training: pictures of their rolls, MIDI and sound.

Axes: B batch, R planes, P pitches, T frames.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch

from mug.data.datamodule import collate, datamodule_of
from mug.errors import ConfigError
from mug.files import replacing
from mug.music.midi import write_midi
from mug.music.piano_roll import ACTIVE, ONSET, spans_of_roll
from mug.music.sound import render
from mug.pictures.rolls import draw_rolls
from mug.roll_vae.lit_roll_vae import note_figures, notes_of_logits
from mug.synth.sound import SAMPLE_RATE
from mug.training.sample_logger import SampleLogger, spread_over_songs

ROLLS = "rolls"


class RollLogger(SampleLogger):
    """Reconstructs the same `count` validation segments of different pieces, see SampleLogger.

    In the run's folder it writes rolls/step_<step>/<nn>.mid beside <nn>_original.mid, with a picture of the true roll,
    the probabilities and the notes decoded from them, which TensorBoard shows, with the sound. It logs the mean F1 of
    their notes as rolls/note_f1 and rolls/note_f1_offsets.
    """

    def __init__(self, count: int = 4, every_n_validations: int = 1) -> None:
        super().__init__(every_n_validations)
        if count < 1:
            raise ConfigError(f"roll_logger: count {count}; need at least 1")
        self.count = count

    @torch.no_grad()
    def sampled(self, trainer: pl.Trainer, pl_module: Any) -> dict[str, float]:
        datamodule = datamodule_of(trainer)
        if datamodule is None:
            raise ConfigError("roll_logger: needs a datamodule, whose validation segments it reconstructs")
        dataset, network = datamodule.datasets["validation"], pl_module.network
        chosen = spread_over_songs(dataset.songs(), self.count)
        batch = trainer.strategy.batch_to_device(collate([dataset[index, 0] for index in chosen]))
        logits = network.decode(network.encode(batch["roll"], batch["density"]).mode(), batch["density"])
        if trainer.is_global_zero:
            rolls, guesses = batch["roll"].cpu().numpy(), logits.float().sigmoid().cpu().numpy()
            decoded = notes_of_logits(logits)
            for number, (roll, guess, spans) in enumerate(zip(rolls, guesses, decoded, strict=True)):
                self._show(trainer, network.codec, number, roll, guess, spans)
        figures = note_figures(network.codec, logits, batch["roll"])
        return {f"rolls/{name}": value for name, value in figures.items()}

    def _show(
        self, trainer: pl.Trainer, codec: Any, number: int, roll: np.ndarray, guess: np.ndarray, spans: np.ndarray
    ) -> None:
        """Write a segment's true roll [R, P, T], the probabilities, and the notes [M, 3] decoded from them."""
        step = trainer.global_step
        folder, name = Path(trainer.default_root_dir) / ROLLS / f"step_{step:07d}", f"{number:02d}"
        notes = codec.notes_of(spans)
        write_midi(folder / f"{name}_original.mid", codec.notes_of(spans_of_roll(roll[ONSET], roll[ACTIVE])))
        write_midi(folder / f"{name}.mid", notes)
        planes = codec.planes_of(spans)
        picture = draw_rolls([(part[ONSET], part[ACTIVE]) for part in (roll, guess, planes)])
        with replacing(folder / f"{name}.png") as temporary:
            picture.save(temporary)
        for logger in trainer.loggers:
            if isinstance(logger, pl.loggers.TensorBoardLogger):
                logger.experiment.add_image(f"rolls/{name}", np.asarray(picture), step, dataformats="HWC")
                logger.experiment.add_audio(f"rolls/{name}", torch.from_numpy(render(notes)), step, SAMPLE_RATE)
