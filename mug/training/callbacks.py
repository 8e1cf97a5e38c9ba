"""What a training run does besides training: keep its configuration, its last state, and charts to look at.

Axes: B batch, K keys, T note frames, Z latent channels, L latent frames.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
import yaml
from PIL import Image
from pytorch_lightning.utilities.rank_zero import rank_zero_info, rank_zero_only
from torch import Tensor
from tqdm import tqdm

from mug.data.beatmap import Beatmap, Note
from mug.data.convertor import ManiaConvertor
from mug.data.osu import read_osu, write_osu
from mug.diffusion.ddim import ddim_sample
from mug.diffusion.diffusion import DDPM
from mug.files import replacing
from mug.render import draw_chart
from mug.seeding import generator_of
from mug.training.checkpoints import without_ckpt_paths
from mug.training.runs import CHARTS, CHECKPOINTS, CONFIGS, LAST_CHECKPOINT


class ConfigSaver(pl.Callback):
    """Writes the merged configuration into the run's folder, one file a start, and into every checkpoint."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = dict(config)

    @rank_zero_only
    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        if stage != "fit":
            return
        started = datetime.now().strftime("%Y-%m-%dT%H-%M-%S")
        with replacing(Path(trainer.default_root_dir) / CONFIGS / f"{started}.yaml") as temporary:
            temporary.write_text(yaml.safe_dump(self.config, sort_keys=False), encoding="utf-8")

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        checkpoint["config"] = without_ckpt_paths(self.config)


class BaselineMetrics(pl.Callback):
    """Logs what the sanity check measured before the first step, where that was the whole validation set.

    With `num_sanity_val_steps: -1` the untrained model is the first point of every curve.
    """

    def on_sanity_check_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.num_sanity_val_steps != float("inf"):
            return
        metrics = {name: value.item() for name, value in trainer.callback_metrics.items()}
        for logger in trainer.loggers:
            logger.log_metrics(metrics, step=trainer.global_step)


class LastCheckpoint(pl.Callback):
    """Keeps checkpoints/last.ckpt: after validation, every so many steps, at the end, and when training breaks off."""

    def __init__(self, every_n_steps: int = 1000) -> None:
        self.every_n_steps = every_n_steps
        self.saved_step = 0

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        is_last = trainer.global_step == trainer.max_steps  # saved here, a run with more steps goes on in mid-epoch
        if trainer.global_step > self.saved_step and (is_last or trainer.global_step % self.every_n_steps == 0):
            self._save(trainer)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.state.fn == "fit" and not trainer.sanity_checking:
            self._save(trainer)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.saved_step = trainer.global_step  # where a resumed run begins is saved already

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.global_step > self.saved_step:
            self._save(trainer)
        rank_zero_info(f"saved {self._path(trainer)}")

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        if trainer.state.fn == "fit" and trainer.global_step > self.saved_step:
            self._save(trainer)
        if trainer.state.fn == "fit" and self._path(trainer).is_file():
            rank_zero_info(f"stopped at step {trainer.global_step}; go on with -r {trainer.default_root_dir}")

    def _save(self, trainer: pl.Trainer) -> None:
        trainer.save_checkpoint(self._path(trainer), weights_only=False)  # the optimiser's state too
        self.saved_step = trainer.global_step

    def _path(self, trainer: pl.Trainer) -> Path:
        return Path(trainer.default_root_dir) / CHECKPOINTS / LAST_CHECKPOINT


class BeatmapLogger(pl.Callback):
    """Turns the first validation batch into charts: stage 1 reconstructs them, stage 2 generates them for their music.

    Each becomes a .osu beside its original in the run's folder, and a picture of both in TensorBoard, which shows the
    first `picture_ms`. count: how many charts; steps: of DDIM; every_n_validations: how often.
    """

    def __init__(
        self, count: int = 4, steps: int = 50, every_n_validations: int = 1, picture_ms: float = 30_000.0
    ) -> None:
        self.count = count
        self.steps = steps
        self.every_n_validations = every_n_validations
        self.picture_ms = picture_ms
        self.validations = 0

    @rank_zero_only
    def on_validation_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: Any,
        outputs: Any,
        batch: Mapping[str, Any],
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        if batch_idx > 0 or trainer.sanity_checking or trainer.state.fn != "fit":
            return
        self.validations += 1
        if self.validations % self.every_n_validations:
            return
        some = {name: values[: self.count] for name, values in batch.items()}
        guesses = decode_charts(pl_module, some, self.steps).float().cpu().numpy()  # [B, 4K, T]
        folder = Path(trainer.default_root_dir) / CHARTS / f"step_{trainer.global_step:07d}"
        for index, (truth, guess) in enumerate(zip(some["note"].float().cpu().numpy(), guesses, strict=True)):
            grid = some["convertor"][index]
            convertor = ManiaConvertor(**grid, keys=truth.shape[0] // 4)
            original = read_osu(some["meta"][index]["path"])
            charts = [
                _chart_like(original, convertor, truth, threshold=0.5, suffix="original"),
                _chart_like(original, convertor, guess, threshold=0.0, suffix=f"step {trainer.global_step}"),
            ]
            for chart, name in zip(charts, (f"{index:02d}_original.osu", f"{index:02d}.osu"), strict=True):
                if chart.notes:  # an untrained model may place none, and a chart without notes is no chart
                    write_osu(chart, folder / name)
            start_ms = max(0.0, _song_ms(0.0, convertor))
            end_ms = start_ms + self.picture_ms
            picture = _side_by_side([draw_chart(chart, start_ms=start_ms, end_ms=end_ms) for chart in charts])
            for logger in trainer.loggers:
                if isinstance(logger, pl.loggers.TensorBoardLogger):
                    logger.experiment.add_image(f"charts/{index:02d}", picture, trainer.global_step, dataformats="HWC")


@torch.no_grad()
def decode_charts(model: Any, batch: Mapping[str, Any], steps: int) -> Tensor:
    """Return note logits [B, 4K, T]: of an autoencoder its reconstructions, of a diffusion model its DDIM samples."""
    if not isinstance(model, DDPM):
        return model(batch["note"], lengths=model.lengths_of(batch))[0]
    lengths = model.lengths_of(batch)
    context, audios = model.encode_conditions(batch["audio"], batch["feature"], lengths)
    shape = (len(batch["note"]), model.z_channels, model.z_length)
    x_T = torch.randn(shape, generator=generator_of(model.seed)).to(model.device)  # [B, Z, L], the same every time

    def denoise(x: Tensor, t: Tensor) -> Tensor:
        return model.denoise(x, t, context, audios, lengths)

    tqdm_class = partial(tqdm, leave=False)  # the bar of the run goes on below
    z = ddim_sample(denoise, x_T, model.alphas_cumprod, steps, spacing=model.spacing, tqdm_class=tqdm_class)
    return model.decode_latent(z, lengths)


def _chart_like(
    original: Beatmap, convertor: ManiaConvertor, note: np.ndarray, threshold: float, suffix: str
) -> Beatmap:
    """The chart a note array [4K, T] says, with the names and the timing of the chart it was made from."""
    notes = [
        Note(_song_ms(n.start_ms, convertor), n.column, None if n.end_ms is None else _song_ms(n.end_ms, convertor))
        for n in convertor.decode(note, threshold)
    ]
    return Beatmap(
        keys=convertor.keys,
        notes=notes,
        timing_points=original.timing_points,
        audio_filename=original.audio_filename,
        title=original.title,
        artist=original.artist,
        version=f"{original.version} ({suffix})",
    )


def _song_ms(window_ms: float, convertor: ManiaConvertor) -> float:
    """The time in the song of a time in an item, which may begin in mid-song and play at another rate."""
    return (window_ms - convertor.offset_ms) * convertor.rate


def _side_by_side(pictures: list[Image.Image]) -> np.ndarray:
    """One picture beside the other, uint8 [height, width, 3]."""
    whole = Image.new("RGB", (sum(picture.width for picture in pictures), max(picture.height for picture in pictures)))
    left = 0
    for picture in pictures:
        whole.paste(picture, (left, 0))
        left += picture.width
    return np.asarray(whole)
