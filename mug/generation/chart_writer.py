"""Samples ensembles of charts and combines each into the chart closest to what is wanted.

Axes: F features.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from mug.charts.beatmap import Beatmap, Note, with_times
from mug.charts.timing import quarter_before, snap
from mug.generation.choice import Choice, choose, median_stars
from mug.generation.consensus import Agreement, agreements
from mug.generation.finishing import fit_tempo, gather_chords, inside, tidy
from mug.generation.merging import KeptNotes, fitted
from mug.generation.note_sampler import NoteSampler
from mug.generation.prepared import Expected, Prepared
from mug.generation.prompt_distance import LONG_NOTES, corrected
from mug.generation.region import OpenPart
from mug.generation.request import Prompt, Request
from mug.generation.silence import without_notes_in
from mug.generation.start import Start
from mug.progress import Progress, Stage


@dataclass(frozen=True)
class Draft:
    """A chart to be written.

    seed: of its noise. prompt: what its samples are conditioned on at first. wanted: the features that it should have;
    while its stars are off, it is sampled again. harder_ms: when the next harder chart of a spread has notes, in order.
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


@dataclass
class Written:
    """A chart that was written. reached: the star ratings of all attempts."""

    choice: Choice
    reached: list[float] = field(default_factory=list)


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
        written: dict[int, Written] = {}
        prompts = {index: draft.prompt for index, draft in enumerate(drafts)}  # what to condition on next
        progress.expect(len(drafts) * request.settings.ensemble)
        for attempt in range(request.settings.attempts):
            progress.enter(Stage.COMPOSING)
            ensembles = self._sample(request, prepared, drafts, prompts, progress, edit)
            next_prompts: dict[int, Prompt] = {}
            for index, samples in ensembles.items():
                progress.enter(Stage.CHOOSING)
                draft = drafts[index]
                candidates, chart_of = self._candidates(request, prepared, draft, samples, edit, progress)
                stars = median_stars(samples, draft.wanted, chart_of) if candidates else None
                again = corrected(prompts[index], stars, draft.wanted)
                if again is not None and attempt + 1 < request.settings.attempts:
                    next_prompts[index] = again
                progress.decide(request.settings.ensemble if index in next_prompts else 0)
                if not candidates:
                    continue
                choice = choose(candidates, stars, draft.wanted, chart_of)
                best = written.setdefault(index, Written(choice))
                if choice.is_better_than(best.choice):
                    best.choice = choice
                best.reached.extend(rating for rating in (stars, choice.star_rating) if rating is not None)
            prompts = next_prompts
            if not prompts:
                break
        return written

    def _sample(
        self,
        request: Request,
        prepared: Prepared,
        drafts: Sequence[Draft],
        prompts: Mapping[int, Prompt],
        progress: Progress,
        edit: Edit | None,
    ) -> dict[int, list[list[Note]]]:
        """Sample an ensemble's notes for each draft of `prompts`, only those in the open part of an edit."""
        feature_ids = np.stack([self._ids_of(prompt, prepared.bpm) for prompt in prompts.values()])  # [N, F]
        seeds = [drafts[index].seed for index in prompts]
        repeats = [
            prepared.repeats(request.repetition_of(drafts[index].wanted), drafts[index].seed) for index in prompts
        ]
        negative = request.negative_prompt
        negative_ids = self._ids_of(negative, prepared.bpm) if negative else None  # [F]
        start = None if edit is None else edit.start.of_items(list(prompts))
        ensembles = self._sampler.sample(
            prepared.spectrum,
            feature_ids,
            seeds,
            request.settings,
            progress,
            prepared.axis,
            repeats,
            negative_ids,
            start,
        )

        def gathered(notes: Sequence[Note]) -> list[Note]:
            chords = gather_chords(without_notes_in(prepared.silences, inside(notes, prepared.end_ms), prepared.end_ms))
            return chords if edit is None else [note for note in chords if edit.part.has(note)]

        return {
            index: [gathered(notes) for notes in samples] for index, samples in zip(prompts, ensembles, strict=True)
        }

    def _candidates(
        self,
        request: Request,
        prepared: Prepared,
        draft: Draft,
        samples: Sequence[Sequence[Note]],
        edit: Edit | None,
        progress: Progress,
    ) -> tuple[list[Agreement], Callable[[Sequence[Note]], Beatmap]]:
        """Combine the samples: the combinations, none if they have no notes, and what makes a chart of one's notes."""
        wants_long_notes = draft.wanted.get(LONG_NOTES) is not None
        jack_interval_ms, expected, keys = request.jack_interval_ms, draft.expected, self._sampler.keys
        places = prepared.places(request.repetition_of(draft.wanted), draft.seed, self._sampler.grid.latents)
        agreed = agreements(
            samples,
            expected.chances,
            expected.density,
            wants_long_notes,
            jack_interval_ms,
            places,
            draft.harder_ms,
        )
        candidates = list(agreed)
        notes = candidates[0].notes() if candidates else []
        if prepared.timing is not None:
            points = prepared.timing.points
        else:
            points = [fit_tempo(notes, request.song.bpm, request.song.offset_ms)] if notes else []

        def to_grid(notes: Sequence[Note]) -> list[Note]:
            return snap(notes, points) if prepared.axis is None else with_times(notes, prepared.axis.on_lines)

        def chart_of(notes: Sequence[Note]) -> Beatmap:
            progress.tick()
            snapping = to_grid if request.snap else None
            tidied = tidy(notes, keys, snapping, jack_interval_ms, prepared.end_ms)
            if edit is not None:
                tidied = fitted(tidied, edit.kept, edit.part, jack_interval_ms, partial(quarter_before, points))
            return Beatmap(keys, tidied, points)

        return candidates if notes else [], chart_of
