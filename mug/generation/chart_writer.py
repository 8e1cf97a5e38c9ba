"""Samples ensembles of charts and combines each into the chart closest to what is wanted.

Axes: F features.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from mug.charts.beatmap import Beatmap, Note, TimingPoint, with_times
from mug.charts.playability import without_large_chords, without_short_holds
from mug.charts.timing import quarter_before, quarters_from, snap
from mug.generation.choice import Choice, choose, median_stars
from mug.generation.consensus import Agreement, agreements
from mug.generation.finishing import fit_tempo, gather_chords, inside, tidy
from mug.generation.merging import KeptNotes, fitted
from mug.generation.metre import metrical_log_odds
from mug.generation.note_sampler import Heard, NoteSampler
from mug.generation.prepared import Expected, Prepared
from mug.generation.prompt_distance import LONG_NOTES, STARS, TOLERANCES, corrected
from mug.generation.region import OpenPart
from mug.generation.request import Prompt, Request
from mug.generation.silence import without_notes_in
from mug.generation.start import Start
from mug.lint.criteria import largest_chord, level_of, shortest_hold_ms
from mug.progress import Progress, Stage

SCOUTS = 1 / 3  # the share of an ensemble that shows whether its samples will have the right stars


@dataclass(frozen=True)
class Draft:
    """A chart to be written.

    seed: of its noise. prompt: what its samples are conditioned on at first. wanted: the features that it should have;
    while the stars of its first samples are off, they are drawn again for another prompt. harder_ms: when the next
    harder chart of a spread has notes, in order.
    """

    seed: int
    prompt: Prompt
    wanted: Prompt
    expected: Expected
    harder_ms: np.ndarray | None = None


@dataclass(frozen=True)
class Edit:
    """What the drafts of an edit begin from and keep. The charts that are written are the open part alone.

    start: with a latent for each draft. part: the one that is drawn anew. kept: the notes outside it.
    """

    start: Start
    part: OpenPart
    kept: KeptNotes


@dataclass(frozen=True)
class Written:
    """A chart that was written. reached: its star rating, and those of the samples of all attempts."""

    choice: Choice
    reached: Sequence[float]


@dataclass(frozen=True)
class Attempt:
    """The first samples of an ensemble, and the prompt that they were drawn for. stars: their median star rating."""

    prompt: Prompt
    samples: list[list[Note]]
    stars: float | None


class ChartWriter:
    """Writes the charts of a song with a model. ids_of: from a prompt and the song's tempo to the prompt's ids [F]."""

    def __init__(self, sampler: NoteSampler, ids_of: Callable[[Prompt, float | None], np.ndarray]) -> None:
        self._sampler = sampler
        self._ids_of = ids_of

    def write(
        self,
        request: Request,
        prepared: Prepared,
        drafts: Sequence[Draft],
        progress: Progress,
        edit: Edit | None = None,
    ) -> dict[int, Written]:
        """Return the charts by the index of their drafts; those without notes are left out.

        Of the request, its settings, snapping and minijack interval are used. Each draft's chart depends on that draft
        alone. edit: without one, the charts are new.
        """
        song = self._sampler.hear(prepared.spectrum)
        return _Writing(self._sampler, self._ids_of, request, prepared, song, drafts, progress, edit).write()


@dataclass(frozen=True)
class _Writing:
    """One call of ChartWriter.write."""

    sampler: NoteSampler
    ids_of: Callable[[Prompt, float | None], np.ndarray]
    request: Request
    prepared: Prepared
    song: Heard
    drafts: Sequence[Draft]
    progress: Progress
    edit: Edit | None

    def write(self) -> dict[int, Written]:
        ensemble, attempts = self.request.settings.ensemble, self.request.settings.attempts
        self.progress.expect(len(self.drafts) * ensemble)
        self.progress.enter(Stage.COMPOSING)
        scouts = range(ensemble if attempts == 1 else max(1, round(ensemble * SCOUTS)))
        tried = self.scout(scouts)
        closest = [_closest(tries, draft.wanted) for tries, draft in zip(tried, self.drafts, strict=True)]
        rest = self.sample(dict(enumerate(attempt.prompt for attempt in closest)), range(len(scouts), ensemble))
        written: dict[int, Written] = {}
        for index, draft in enumerate(self.drafts):
            self.progress.enter(Stage.CHOOSING)
            samples = closest[index].samples + rest[index]
            candidates = self.candidates(draft, samples)
            notes = candidates[0].notes() if candidates else []
            if not notes:
                continue
            chart_of = self.chart_of(draft, self.points(notes))
            stars = median_stars(samples, draft.wanted, chart_of)
            choice = choose(candidates, stars, draft.wanted, chart_of)
            ratings = (*(attempt.stars for attempt in tried[index]), stars, choice.star_rating)
            written[index] = Written(choice, [rating for rating in ratings if rating is not None])
        return written

    def scout(self, scouts: range) -> list[list[Attempt]]:
        """Draw the first samples of each draft until they have the right stars: all attempts at it."""
        tried: list[list[Attempt]] = [[] for _ in self.drafts]
        prompts = {index: draft.prompt for index, draft in enumerate(self.drafts)}  # what to condition on next
        for number in range(1, self.request.settings.attempts + 1):
            again: dict[int, Prompt] = {}
            for index, samples in self.sample(prompts, scouts).items():
                draft = self.drafts[index]
                stars = median_stars(samples, draft.wanted, self.chart_of(draft, self.points(samples[0])))
                tried[index].append(Attempt(prompts[index], samples, stars))
                better = corrected(prompts[index], stars, draft.wanted)
                if better is None or number == self.request.settings.attempts:
                    self.progress.decide()
                else:
                    again[index] = better
                    self.progress.add(len(scouts))
            if not again:
                break
            prompts = again
        return tried

    def sample(self, prompts: Mapping[int, Prompt], draws: range) -> dict[int, list[list[Note]]]:
        """Draw these samples of the ensembles of some drafts: their notes, only those in the open part of an edit."""
        if not draws:
            return {index: [] for index in prompts}
        request, prepared, edit = self.request, self.prepared, self.edit
        feature_ids = np.stack([self.ids_of(prompt, prepared.bpm) for prompt in prompts.values()])  # [N, F]
        drafts = [self.drafts[index] for index in prompts]
        negative = request.negative_prompt
        ensembles = self.sampler.sample(
            self.song,
            feature_ids,
            [draft.seed for draft in drafts],
            draws,
            request.settings,
            self.progress,
            prepared.axis,
            [prepared.repeats(request.repetition_of(draft.wanted), draft.seed) for draft in drafts],
            self.ids_of(negative, prepared.bpm) if negative else None,  # [F]
            None if edit is None else edit.start.of_items(list(prompts)),
        )

        def gathered(notes: Sequence[Note]) -> list[Note]:
            chords = gather_chords(without_notes_in(prepared.silences, inside(notes, prepared.end_ms), prepared.end_ms))
            return chords if edit is None else [note for note in chords if edit.part.has(note)]

        return {
            index: [gathered(notes) for notes in samples] for index, samples in zip(prompts, ensembles, strict=True)
        }

    def candidates(self, draft: Draft, samples: Sequence[Sequence[Note]]) -> list[Agreement]:
        """Combine samples: the combinations, none if they have no notes."""
        repetition, latents = self.request.repetition_of(draft.wanted), self.sampler.grid.latents
        stars, timing, metre = draft.wanted.get(STARS), self.prepared.timing, None
        if stars is not None and timing is not None:
            metre = partial(metrical_log_odds, timing_points=timing.points, stars=float(stars))
        return list(
            agreements(
                samples,
                draft.expected.chances,
                draft.expected.density,
                draft.wanted.get(LONG_NOTES) is not None,
                self.request.jack_interval_ms,
                self.prepared.places(repetition, draft.seed, latents),
                draft.harder_ms,
                metre,
            )
        )

    def points(self, notes: Sequence[Note]) -> list[TimingPoint]:
        """The song's timing, or else what fits a chart's notes."""
        if self.prepared.timing is not None:
            return self.prepared.timing.points
        song = self.request.song
        return [fit_tempo(notes, song.bpm, song.offset_ms)] if notes else []

    def chart_of(self, draft: Draft, points: list[TimingPoint]) -> Callable[[Sequence[Note]], Beatmap]:
        """What makes a chart of notes."""
        request, prepared, edit, keys = self.request, self.prepared, self.edit, self.sampler.keys
        stars = draft.wanted.get(STARS)
        level = level_of(None if stars is None else float(stars) - TOLERANCES[STARS])  # it may be that much easier
        shortest_ms, most = shortest_hold_ms(level), largest_chord(keys, level)
        # nobody misses short long notes that were not asked for
        wants_long = any(draft.wanted.get(name) for name in (LONG_NOTES, "ln", "hb"))
        lines_from = partial(quarters_from, points) if wants_long and points else None

        def to_grid(notes: Sequence[Note]) -> list[Note]:
            return snap(notes, points) if prepared.axis is None else with_times(notes, prepared.axis.on_lines)

        def chart(notes: Sequence[Note]) -> Beatmap:
            self.progress.tick()
            snapping = to_grid if request.snap else None
            tidied = tidy(notes, keys, snapping, request.jack_interval_ms, prepared.end_ms)
            tidied = without_large_chords(tidied, most)
            tidied = without_short_holds(tidied, shortest_ms, lines_from, request.jack_interval_ms)
            if edit is not None:
                quarter = partial(quarter_before, points)
                tidied = fitted(tidied, edit.kept, edit.part, request.jack_interval_ms, quarter)
            return Beatmap(keys, tidied, points)

        return chart


def _closest(tries: Sequence[Attempt], wanted: Mapping[str, Any]) -> Attempt:
    """The attempt whose samples are closest to the wanted stars; the first of several."""

    def off_by(attempt: Attempt) -> float:
        return math.inf if attempt.stars is None else abs(attempt.stars - wanted[STARS])

    return min(tries, key=off_by)
