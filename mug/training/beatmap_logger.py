"""Samples charts of validation songs during training: as pictures, as .osu files, and scored against human charts.

Axes: B batch, K keys, T note frames, Z latent channels, L latent frames, F features.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from PIL import Image
from pytorch_lightning.utilities.rank_zero import rank_zero_warn
from torch import Tensor, nn
from tqdm import tqdm

from mug.charts.beatmap import Beatmap
from mug.charts.osu import read_osu, write_osu
from mug.data.datamodule import collate, datamodule_of
from mug.data.note_codec import keys_of
from mug.diffusion.latent_diffusion import LatentDiffusion
from mug.errors import ChartError, ConfigError
from mug.files import replacing
from mug.firststage.first_stage import FirstStage
from mug.generation.note_sampler import sample_planes
from mug.generation.settings import SamplingSettings
from mug.metrics.figures import chart_figures, chart_scores
from mug.metrics.motifs import motif_shares
from mug.pictures.charts import draw_chart
from mug.seeding import generator_of
from mug.training.runs import CHARTS
from mug.training.sample_logger import SampleLogger, spread_over_songs
from mug.training.window import Window, in_song


class BeatmapLogger(SampleLogger):
    """Charts the same `count` validation songs after each validation, with the validation weights (EMA, if any).

    Stage 1 reconstructs their charts. Stage 2 samples one new chart each, with DDIM in `steps` steps, always from the
    same noise, conditioned on the features of the human chart. guidance: see SamplingSettings; guidance_scale is its
    earlier name. It runs after the first validation of a run and every `every_n_validations`-th from there on, but not
    after the sanity check.

    In the run's folder it writes charts/step_<step>/<nn>.osu beside <nn>_original.osu, with a picture of the first
    `picture_ms` of both, which TensorBoard shows too. It logs means over the songs' windows: val/onset_f1_20ms,
    val/onset_f1_50ms, val/notes_per_second_error, val/star_rating_error and val/ln_ratio_error, which a ModelCheckpoint
    may monitor (validations in between keep the last values); val/motif_share, by the timing points of the human chart,
    with that of the human chart itself as val/motif_share_human, over the windows that have one; and
    charts/notes_per_second, charts/star_rating and charts/ln_ratio, with those of the human charts as
    charts/<name>_human.

    It takes as long as charting `count` songs, in batches of the run's size. All processes sample, because they wait
    for each other anyway; the first one writes.
    """

    def __init__(
        self,
        count: int = 4,
        steps: int = 50,
        guidance: float = 1.0,
        every_n_validations: int = 1,
        picture_ms: float = 30_000.0,
        guidance_scale: float | None = None,
    ) -> None:
        super().__init__(every_n_validations)
        if min(count, steps) < 1:
            raise ConfigError(f"beatmap_logger: count {count}, steps {steps}; need at least 1 of each")
        self.count = count
        guidance = guidance if guidance_scale is None else guidance_scale
        self.settings = SamplingSettings(steps=steps, guidance=guidance, ensemble=1, attempts=1)
        self.picture_ms = picture_ms

    def sampled(self, trainer: pl.Trainer, pl_module: Any) -> dict[str, float]:
        """Chart the songs, write the charts, and return the values to log."""
        datamodule = datamodule_of(trainer)
        if datamodule is None:
            raise ConfigError("beatmap_logger: needs a datamodule, whose validation songs it charts")
        dataset, batch_size = datamodule.datasets["validation"], datamodule.batch_size
        chosen = spread_over_songs(dataset.songs(), self.count)
        precision = trainer.precision_plugin
        show_progress = trainer.is_global_zero and trainer.progress_bar_callback is not None
        rows: list[dict[str, float]] = []
        for first in range(0, len(chosen), batch_size):
            batch = collate([dataset[index, 0] for index in chosen[first : first + batch_size]])
            batch = trainer.strategy.batch_to_device(precision.convert_input(batch))
            with precision.forward_context():
                seed = pl_module.training_params.seed
                guesses = decode_charts(pl_module.network, batch, self.settings, first, show_progress, seed)
            arrays = (tensor.float().cpu().numpy() for tensor in (batch["note"], guesses))
            for index, (truth, guess) in enumerate(zip(*arrays, strict=True)):
                n_frames = int(batch["n_frames"][index])
                window = Window.of(batch, index, keys_of(truth), dataset)
                original = human_chart(batch["meta"][index])
                timing = [] if original is None else window.timing(original)
                human = window.chart(truth[:, :n_frames], threshold=0.5, timing=timing)
                generated = window.chart(guess[:, :n_frames], threshold=0.0, timing=timing)
                rows.append(compare(human, generated, window.ms_of(n_frames)))
                if trainer.is_global_zero and original is not None:
                    self._show(trainer, first + index, original, (human, generated), rows[-1], window, n_frames)
        return means(rows)

    def _show(
        self,
        trainer: pl.Trainer,
        number: int,
        original: Beatmap,
        windows: tuple[Beatmap, Beatmap],
        row: Mapping[str, float],
        window: Window,
        n_frames: int,
    ) -> None:
        """Write the human's and the model's chart of a window, and a picture of both, for TensorBoard too.

        original: the human's chart of the whole song. row: the values logged for the two. n_frames: the window's note
        frames, up to the song's end.
        """
        step = trainer.global_step
        folder, name = Path(trainer.default_root_dir) / CHARTS / f"step_{step:07d}", f"{number:02d}"
        suffixes = ("original", f"step {step}")
        human, generated = (
            in_song(chart, original, window.start_ms, suffix) for chart, suffix in zip(windows, suffixes, strict=True)
        )
        for chart, file in ((human, f"{name}_original.osu"), (generated, f"{name}.osu")):
            if chart.notes:  # an untrained model may place none, and a .osu needs some
                write_osu(chart, folder / file)
        start_ms = max(0.0, window.start_ms)
        end_ms = min(start_ms + self.picture_ms, window.start_ms + window.ms_of(n_frames))
        title = (
            f"step {step}: onset F1 {row['val/onset_f1_20ms']:.2f} within 20 ms, {row['val/onset_f1_50ms']:.2f} in 50"
        )
        pictures = [
            draw_chart(human, None, start_ms, end_ms, row["charts/star_rating_human"]),
            draw_chart(generated, title, start_ms, end_ms, row["charts/star_rating"]),
        ]
        picture = _side_by_side(pictures)
        with replacing(folder / f"{name}.png") as temporary:
            picture.save(temporary)
        for logger in trainer.loggers:
            if isinstance(logger, pl.loggers.TensorBoardLogger):
                logger.experiment.add_image(f"charts/{name}", np.asarray(picture), step, dataformats="HWC")


@torch.no_grad()
def decode_charts(
    network: nn.Module,
    batch: Mapping[str, Any],
    settings: SamplingSettings,
    first: int = 0,
    show_progress: bool = True,
    seed: int = 23,
) -> Tensor:
    """Return note logits [B, 4K, T]: reconstructions of an autoencoder, samples of a diffusion model.

    first: index of the batch's first song among all charted songs. seed: of the noise, which depends on a song's index
    and not on its batch.
    """
    if isinstance(network, FirstStage):
        return network(batch["note"], lengths=network.lengths_of(batch))[0]
    assert isinstance(network, LatentDiffusion), "or nobody asks it for charts"
    lengths = network.lengths_of(batch)
    shape = (network.z_channels, network.z_length)
    generators = [generator_of(seed, first + index) for index in range(len(batch["feature"]))]
    x_T = torch.stack([torch.randn(shape, generator=generator) for generator in generators])  # [B, Z, L]
    audios = network.encode_audio(batch["audio"], lengths)
    hidden = None if show_progress else True  # None hides it outside a terminal
    bar = partial(tqdm, leave=False, disable=hidden)
    return sample_planes(network, x_T.to(network.device), batch["feature"], audios, settings, lengths, tqdm_class=bar)


def compare(human: Beatmap, generated: Beatmap, span_ms: float) -> dict[str, float]:
    """Return the scores, and the statistics of both charts, by log name."""
    scores = {f"val/{name}": value for name, value in asdict(chart_scores(human, generated, span_ms)).items()}
    scores["val/motif_share"] = motif_shares(generated).motif if generated.notes else 0.0
    scores["val/motif_share_human"] = motif_shares(human).motif
    there, guessed = (asdict(chart_figures(chart, span_ms)) for chart in (human, generated))
    figures = {f"charts/{name}": value for name, value in guessed.items()}
    return {**scores, **figures, **{f"charts/{name}_human": value for name, value in there.items()}}


def means(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the mean of each value over the rows where it is a number; a value that no row has is left out."""
    known = {name: [row[name] for row in rows if not math.isnan(row[name])] for name in rows[0]}
    return {name: float(np.mean(values)) for name, values in known.items() if values}


def human_chart(meta: Mapping[str, Any]) -> Beatmap | None:
    """Read the human's chart of an item, with timing points where its notes are: shifted if the item is.

    None if the file is gone: training no longer needs it, and must not stop.
    """
    try:
        chart = read_osu(meta["path"])
    except ChartError as error:
        rank_zero_warn(f"beatmap_logger: cannot draw a chart whose file is gone: {error}")
        return None
    shift_ms = meta.get("shift_ms", 0.0)
    return replace(chart, timing_points=[replace(p, time_ms=p.time_ms + shift_ms) for p in chart.timing_points])


def _side_by_side(pictures: list[Image.Image]) -> Image.Image:
    whole = Image.new("RGB", (sum(picture.width for picture in pictures), max(picture.height for picture in pictures)))
    left = 0
    for picture in pictures:
        whole.paste(picture, (left, 0))
        left += picture.width
    return whole
