"""Spectra drawn during training: pictures and sound.

Axes: B batch, M mel bins, L frames.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import soundfile
import torch

from mug.data.datamodule import datamodule_of
from mug.errors import ConfigError
from mug.files import replacing
from mug.pictures.spectra import draw_spectra
from mug.spectra.distances import average_distance
from mug.spectra.generate import SpectrumSampling, sample_spectra
from mug.spectra.sound import decibels, griffin_lim
from mug.training.sample_logger import SampleLogger, spread_over_songs

SPECTRA = "spectra"


class SpectrumLogger(SampleLogger):
    """Draws spectra of the styles of the same `count` validation crops of different songs, see SampleLogger.

    In the run's folder it writes spectra/step_<step>/<nn>.png, the drawn spectrum below the song's, and <nn>.wav; both
    are shown in TensorBoard. It logs spectra/distance_db, the mean over crops of the distance between the average
    spectra of the two, see mug.spectra.distances.
    """

    def __init__(self, count: int = 4, steps: int = 30, guidance: float = 2.0, every_n_validations: int = 1) -> None:
        super().__init__(every_n_validations)
        if count < 1:
            raise ConfigError(f"spectrum_logger: count {count}; need at least 1")
        self.count, self.how = count, SpectrumSampling(steps, guidance)

    @torch.no_grad()
    def sampled(self, trainer: pl.Trainer, pl_module: Any) -> dict[str, float]:
        datamodule = datamodule_of(trainer)
        if datamodule is None:
            raise ConfigError("spectrum_logger: needs a datamodule, whose validation crops say which styles are drawn")
        dataset, network = datamodule.datasets["validation"], pl_module.network
        items = [dataset[index, 0] for index in spread_over_songs(dataset.songs(), self.count)]
        styles = [int(item["style"][0]) for item in items]
        drawn = sample_spectra(network, styles, network.z_length, self.how, tqdm_class=lambda path, **_: path)
        spectra = drawn.float().cpu().numpy()
        if trainer.is_global_zero:
            for number, (item, spectrum) in enumerate(zip(items, spectra, strict=True)):
                self._show(trainer, network, number, item["mel"], spectrum)
        distances = [
            average_distance(decibels(item["mel"]), decibels(s)) for item, s in zip(items, spectra, strict=True)
        ]
        return {"spectra/distance_db": float(np.mean(distances))}

    def _show(self, trainer: pl.Trainer, network: Any, number: int, original: np.ndarray, spectrum: np.ndarray) -> None:
        step = trainer.global_step
        folder, name = Path(trainer.default_root_dir) / SPECTRA / f"step_{step:07d}", f"{number:02d}"
        sound = griffin_lim(spectrum, network.audio)
        picture = draw_spectra([original, spectrum])
        with replacing(folder / f"{name}.png") as temporary:
            picture.save(temporary)
        soundfile.write(folder / f"{name}.wav", sound, network.audio.sr)
        for logger in trainer.loggers:
            if isinstance(logger, pl.loggers.TensorBoardLogger):
                logger.experiment.add_image(f"spectra/{name}", np.asarray(picture), step, dataformats="HWC")
                logger.experiment.add_audio(f"spectra/{name}", torch.from_numpy(sound), step, network.audio.sr)
