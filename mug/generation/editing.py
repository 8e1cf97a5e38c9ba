"""Edits of charts: a part drawn anew, variations, and charts between two.

All begin from charts with noise on them, of which a part may be known: Meng et al., "SDEdit", 2022 (arXiv:2108.01073).

Axes: N charts, Z latent channels, L latent frames.
"""

import json
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.data.time_grid import TimeGrid
from mug.errors import ChartError, PromptError
from mug.features import FeatureSpec
from mug.generation.chart_writer import ChartWriter, Draft, Edit, Written
from mug.generation.edit_names import edited_version
from mug.generation.edit_prompt import FEWEST_NOTES, between, edit_prompt, notes_of_part, own_features, wanted_of_part
from mug.generation.merging import KeptNotes
from mug.generation.note_sampler import NoteSampler
from mug.generation.prepared import Expected, Prepared
from mug.generation.region import OpenPart, Region
from mug.generation.request import GeneratedChart, Prompt, Request
from mug.generation.song import Song
from mug.generation.song_reader import SongReader
from mug.generation.start import Start
from mug.metrics.onsets import moments_ms
from mug.placement.density import Density
from mug.progress import Progress, Stage
from mug.ratings.stars import star_rating_or_none

# Latent frames on each side of the open part that are sampled, too, because its notes reach into them. With 2, onset F1
# near the borders was 0.03 lower than with 6 on composed songs (docs/log.md).
MARGIN_FRAMES = 6
OLD_DEVIATION = 0.05  # of the log density of a part, from that of its old notes
BEYOND_MS = 2000.0  # a chart that ends later than this after the audio is of another song


class Editor:
    """Edits charts with a model.

    expect: what a song's charts are expected to be like for a prompt. density_of: a prompt's density, None if unknown.
    """

    def __init__(
        self,
        sampler: NoteSampler,
        reader: SongReader,
        writer: ChartWriter,
        spec: FeatureSpec,
        expect: Callable[[Prepared, Prompt, Request, OpenPart | None], Expected],
        density_of: Callable[[Prompt], Density | None],
    ) -> None:
        self._sampler = sampler
        self._reader = reader
        self._writer = writer
        self._spec = spec
        self._expect = expect
        self._density_of = density_of

    def edit(
        self,
        chart: Beatmap,
        request: Request,
        region: Region,
        strength: float,
        harder: float,
        progress: Progress,
    ) -> list[GeneratedChart]:
        """Draw the region of a chart anew; for the arguments see ChartGenerator.edit."""
        if not 0 <= strength <= 1:
            raise PromptError(f"strength {strength:g}: give a number from 0 (the chart as it is) to 1 (all new)")
        own = own_features(chart, self._spec.names)
        prompt = edit_prompt(own, request.prompt, harder)
        self._spec.encode(prompt)
        prepared = self._prepare(chart, request.audio, progress)
        part = region.opened(chart.keys, prepared.end_ms)
        done: dict[str, Any] = {**asdict(region), "strength": strength, "harder": harder}
        if strength == 0:
            return [_finished(chart, chart.notes, chart.timing_points, request, i, done) for i in range(request.count)]
        progress.enter(Stage.PLACING)
        old = notes_of_part(chart, [note for note in chart.notes if part.has(note)])
        wanted = wanted_of_part(own, request.prompt, prompt, old)
        is_new = strength == 1 and part.has_all_columns  # else the samples know best where notes are
        expected = self._expect(prepared, prompt, request, part) if is_new else Expected(None, None)
        if is_new and (density := self._density_as_before(old, own, prompt)) is not None:
            expected = replace(expected, density=density)
        drafts = [Draft(request.seed + index, prompt, wanted, expected) for index in range(request.count)]
        latent = self._latent(chart, prepared)
        edit = self._edit_of(prepared, torch.stack([latent] * request.count), strength, part, chart, request)
        written = self._writer.write(request, prepared, drafts, progress, edit)
        return [_merged(chart, edit, written.get(i), prepared, request, i, done) for i in range(request.count)]

    def interpolate(
        self, first: Beatmap, second: Beatmap, request: Request, strength: float, progress: Progress
    ) -> list[GeneratedChart]:
        """Write charts between two, as many as the request's count; see ChartGenerator.interpolate."""
        if not 0 < strength <= 1:
            raise PromptError(f"strength {strength:g}: give a number above 0 and up to 1")
        prepared = self._prepare(first, request.audio, progress)
        self._check(second, request.audio, prepared)
        shares = [(index + 1) / (request.count + 1) for index in range(request.count)]
        own, others = own_features(first, self._spec.names), own_features(second, self._spec.names)
        prompts = [between(own, others, share) for share in shares]
        for prompt in prompts:
            self._spec.encode(prompt)
        part = Region().opened(first.keys, prepared.end_ms)
        drafts = [Draft(request.seed, prompt, prompt, Expected(None, None)) for prompt in prompts]
        latent, other_latent = self._latent(first, prepared), self._latent(second, prepared)
        mixed = torch.stack([spherical(latent, other_latent, share) for share in shares])
        edit = self._edit_of(prepared, mixed, strength, part, first, request)
        written = self._writer.write(request, prepared, drafts, progress, edit)
        other = f"{second.creator} {second.version}".strip()
        return [
            _merged(
                first,
                edit,
                written.get(i),
                prepared,
                request,
                i,
                {"towards": other, "share": share, "strength": strength},
            )
            for i, share in enumerate(shares)
        ]

    def _density_as_before(self, old: Beatmap, own: Prompt, prompt: Prompt) -> Density | None:
        """The density of a part's old notes, changed by as much as the prior says that the prompt changes it.

        None for a part with too few notes to tell.
        """
        times = moments_ms(old)
        if len(times) < FEWEST_NOTES:
            return None
        log_rate = math.log(len(times) / (times[-1] - times[0]) * 1000)
        before, after = self._density_of(own), self._density_of(prompt)
        change = after.log_rate - before.log_rate if before is not None and after is not None else 0.0
        return Density(log_rate + change, OLD_DEVIATION)

    def _prepare(self, chart: Beatmap, audio: Path, progress: Progress) -> Prepared:
        """Read the chart's song, with the chart's timing. Raises ChartError for a chart that cannot be edited."""
        check_keys(chart, self._sampler.keys)
        prepared = self._reader.read(audio, Song(timing_points=chart.timing_points or None), progress)
        self._check(chart, audio, prepared)
        return prepared

    def _check(self, chart: Beatmap, audio: Path, prepared: Prepared) -> None:
        """Raise ChartError for a chart of other keys, or that is longer than its song."""
        if chart.keys != self._sampler.keys:
            raise ChartError(f"the chart '{chart.version}' has {chart.keys} keys, the other {self._sampler.keys}")
        if chart.last_ms > prepared.end_ms + BEYOND_MS:
            raise ChartError(
                f"the chart '{chart.version}' ends at {chart.last_ms / 1000:.1f} s, but {audio} after "
                f"{prepared.end_ms / 1000:.1f} s: give the audio of the chart's own song"
            )

    def _latent(self, chart: Beatmap, prepared: Prepared) -> Tensor:
        """The chart's latent [Z, L], as long as its song's."""
        length = self._sampler.length_of(prepared.spectrum)
        return self._sampler.latent_of(chart.notes, prepared.axis, length)

    def _edit_of(
        self, prepared: Prepared, latents: Tensor, strength: float, part: OpenPart, chart: Beatmap, request: Request
    ) -> Edit:
        """What the samples that begin from latents [N, Z, L] keep."""
        known = known_frames(part, prepared, self._sampler.grid, latents.shape[-1])
        kept = [note for note in chart.notes if not part.has(note)]
        return Edit(Start(latents, strength, known), part, KeptNotes(kept, chart.keys, request.jack_interval_ms))


def check_keys(chart: Beatmap, keys: int) -> None:
    """Raise ChartError for a chart of other keys than a model writes."""
    if chart.keys != keys:
        raise ChartError(
            f"the chart '{chart.version}' has {chart.keys} keys, and this model writes {keys}: give another chart, or "
            "a model of these keys"
        )


def known_frames(part: OpenPart, prepared: Prepared, grid: TimeGrid, length: int) -> np.ndarray:
    """The latent frames that an edit keeps: bool [length]. Those near the open part are not kept, see MARGIN_FRAMES."""
    known = np.ones(length, dtype=bool)
    for interval in part.times:
        times_ms = np.clip(interval, 0.0, prepared.end_ms)
        frames = grid.latents.at(times_ms if prepared.axis is None else prepared.axis.to_axis(times_ms)).tolist()
        known[max(0, math.floor(frames[0]) - MARGIN_FRAMES) : math.ceil(frames[1]) + MARGIN_FRAMES] = False
    return known


def spherical(first: Tensor, second: Tensor, share: float) -> Tensor:
    """Spherical interpolation of latents [Z, L]: it keeps their norm, as Gaussian noise needs (Shoemake 1985)."""
    cosine = (first * second).sum() / (first.norm() * second.norm()).clamp(min=1e-9)
    angle = torch.arccos(cosine.clamp(-1.0, 1.0))
    if angle < 1e-3:
        return first + share * (second - first)
    return (torch.sin((1 - share) * angle) * first + torch.sin(share * angle) * second) / torch.sin(angle)


def _merged(
    chart: Beatmap,
    edit: Edit,
    written: Written | None,
    prepared: Prepared,
    request: Request,
    index: int,
    done: dict[str, Any],
) -> GeneratedChart:
    """The chart with its kept notes and the ones that were written. Raises ChartError if it has none."""
    points = prepared.timing.points if prepared.timing is not None else []
    drawn: list[Note] = []
    if written is None:
        warnings.warn(f"edit {index + 1}: the model wrote no notes there", stacklevel=4)
    else:
        drawn, points = written.choice.chart.notes, written.choice.chart.timing_points
    if not drawn and not edit.kept.notes:
        raise ChartError(f"{request.audio}: the model wrote no notes; train it longer, or change the prompt")
    return _finished(chart, sorted([*edit.kept.notes, *drawn]), points, request, index, done)


def _finished(
    chart: Beatmap,
    notes: Sequence[Note],
    points: Sequence[TimingPoint],
    request: Request,
    index: int,
    done: dict[str, Any],
) -> GeneratedChart:
    """The edited chart, as a new difficulty that says how it was made."""
    edited = replace(
        chart,
        notes=list(notes),
        timing_points=list(chart.timing_points or points),
        version=edited_version(chart.version, index),
        beatmap_id=0,
        metadata={**chart.metadata, **request.metadata(index), "AIEdit": json.dumps(done)},
    )
    of_chart = {field.name: getattr(edited, field.name) for field in fields(Beatmap)}
    return GeneratedChart(**of_chart, star_rating=star_rating_or_none(edited))
