"""Reconstructions of music during training: pictures, MIDI and sound of some validation items."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytorch_lightning as pl
import torch
from PIL import Image
from torch import Tensor

from mug.data.datamodule import collate, datamodule_of
from mug.errors import ConfigError
from mug.files import replacing
from mug.music.midi import write_midi
from mug.music.sound import render
from mug.synth.sound import SAMPLE_RATE
from mug.training.sample_logger import SampleLogger, spread_over_songs


class Shown(NamedTuple):
    """An item and what came back of it: NOTE tables and a picture of both."""

    original: np.ndarray
    notes: np.ndarray
    picture: Image.Image


class MusicLogger(SampleLogger):
    """Reconstructs the same `count` validation items of different pieces, see SampleLogger.

    In the run's folder it writes <folder>/step_<step>/<nn>.mid and .png beside <nn>_original.mid. TensorBoard shows the
    picture, and plays the sound.
    """

    folder: str

    def __init__(self, count: int = 4, every_n_validations: int = 1) -> None:
        super().__init__(every_n_validations)
        if count < 1:
            raise ConfigError(f"{type(self).__name__}: count {count}; need at least 1")
        self.count = count

    @abstractmethod
    def reconstructed(self, network: Any, batch: Mapping[str, Any]) -> tuple[Iterator[Shown], dict[str, float]]:
        """Reconstruct the items of a batch; return what is shown of each, and the figures to log, by name.

        Only the first process of a distributed run takes what is shown.
        """

    @torch.no_grad()
    def sampled(self, trainer: pl.Trainer, pl_module: Any) -> dict[str, float]:
        datamodule = datamodule_of(trainer)
        if datamodule is None:
            raise ConfigError(f"{type(self).__name__}: needs a datamodule, whose validation items it reconstructs")
        dataset = datamodule.datasets["validation"]
        chosen = spread_over_songs(dataset.songs(), self.count)
        batch = trainer.strategy.batch_to_device(collate([dataset[index, 0] for index in chosen]))
        items, figures = self.reconstructed(pl_module.network, batch)
        if trainer.is_global_zero:
            for number, shown in enumerate(items):
                self._show(trainer, f"{number:02d}", shown)
        return {f"{self.folder}/{name}": value for name, value in figures.items()}

    def _show(self, trainer: pl.Trainer, name: str, shown: Shown) -> None:
        step = trainer.global_step
        folder = Path(trainer.default_root_dir) / self.folder / f"step_{step:07d}"
        write_midi(folder / f"{name}_original.mid", shown.original)
        write_midi(folder / f"{name}.mid", shown.notes)
        with replacing(folder / f"{name}.png") as temporary:
            shown.picture.save(temporary)
        for logger in trainer.loggers:
            if isinstance(logger, pl.loggers.TensorBoardLogger):
                sound = torch.from_numpy(render(shown.notes))
                logger.experiment.add_image(f"{self.folder}/{name}", np.asarray(shown.picture), step, dataformats="HWC")
                logger.experiment.add_audio(f"{self.folder}/{name}", sound, step, SAMPLE_RATE)


def numbers_of(tensor: Tensor) -> np.ndarray:
    """A tensor of any device and precision as numpy's float32."""
    return tensor.detach().float().cpu().numpy()
