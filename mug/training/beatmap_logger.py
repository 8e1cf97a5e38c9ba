"""Charts to look at while a run trains.

Axes: B batch, K keys, T note frames, Z latent channels, L latent frames.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from PIL import Image
from pytorch_lightning.utilities.rank_zero import rank_zero_only
from torch import Tensor
from tqdm import tqdm

from mug.data.beatmap import Beatmap, Note
from mug.data.convertor import ManiaConvertor
from mug.data.osu import read_osu, write_osu
from mug.diffusion.ddim import ddim_sample
from mug.diffusion.diffusion import DDPM
from mug.render import draw_chart
from mug.seeding import generator_of
from mug.training.runs import CHARTS


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
