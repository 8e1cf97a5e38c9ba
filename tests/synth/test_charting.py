"""Charts: notes on sounds, as hard as planned, of the kind planned, alike however chance has it."""

from collections import Counter
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mug.charts.beatmap import Beatmap, Note
from mug.charts.osu import format_osu
from mug.metrics.onsets import moments_ms, onset_f1
from mug.metrics.violations import violations
from mug.ratings.skillsets import skillset_features
from mug.ratings.stars import star_rating
from mug.synth.charting import Plan, chart
from mug.synth.composition import Composition, compose
from mug.synth.patterns import PATTERNS
from mug.synth.salience import find_hits
from mug.synth.spread import charts
from mug.synth.style import draw_style

SEED = 5


@cache
def composition_of(index: int, seconds: float = 60.0) -> Composition:
    style_rng, music_rng = np.random.default_rng([SEED, index]).spawn(2)
    return compose(draw_style(style_rng), seconds, music_rng)


def rng(seed: int = 11) -> np.random.Generator:
    return np.random.default_rng(seed)


def chart_of(index: int, pattern: str, hardness: float, ratio: float = 0.0, keys: int = 4, seed: int = 11) -> Beatmap:
    notes, _ = chart(composition_of(index), Plan(PATTERNS[pattern], hardness, ratio), keys, rng(seed))
    return Beatmap(keys, notes, [])


def assert_playable(notes: list[Note], keys: int, column_gap_ms: float) -> None:
    assert notes == sorted(notes)
    assert {note.column for note in notes} <= set(range(keys))
    for column in range(keys):
        own = [note for note in notes if note.column == column]
        for note, following in pairwise(own):
            assert following.start_ms - note.start_ms >= column_gap_ms - 1.5
            assert following.start_ms - note.last_ms >= min(column_gap_ms, 60) - 1.5


def test_notes_stand_on_sounds() -> None:
    composition = composition_of(1)
    starts = {composition.tempo.seconds(event.tick) * 1000 for event in composition.events}
    for pattern in PATTERNS:
        assert {note.start_ms for note in chart_of(1, pattern, 0.7, 0.3).notes} <= starts


@pytest.mark.parametrize("keys", [4, 7])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_charts_are_as_hard_as_planned(keys: int, pattern: str) -> None:
    stars = [
        [chart(composition_of(index), Plan(PATTERNS[pattern], h), keys, rng())[1] for h in (0.0, 0.5, 1.0)]
        for index in (0, 3)
    ]
    lowest, highest = PATTERNS[pattern].levels
    easiest, middle, hardest = np.mean(stars, axis=0)
    assert (np.diff(stars, axis=1) > -0.15).all()  # where columns are tight, chance decides more
    assert abs(easiest - lowest) < 0.7
    assert easiest < middle < hardest <= highest + 0.5


@pytest.mark.parametrize("pattern", PATTERNS)
def test_charts_rate_highest_in_the_skill_of_their_pattern(pattern: str) -> None:
    flags = [
        skillset_features(chart_of(index, pattern, hardness), (1.0,))[0][pattern]
        for index in range(3)
        for hardness in (0.2, 0.6)
    ]
    assert np.mean(flags) >= (0.5 if pattern == "stamina" else 0.8)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_moments_follow_from_the_music(pattern: str) -> None:
    ones, others = ([chart_of(index, pattern, 0.5, seed=seed) for index in range(5)] for seed in (1, 2))
    pairs = [(a, b) for a, b in zip(ones, others, strict=True) if abs(star_rating(a) - star_rating(b)) < 0.15]
    assert len(pairs) >= 3
    assert np.mean([onset_f1(moments_ms(a), moments_ms(b), 20.0).f1 for a, b in pairs]) >= 0.93
    assert any(a.notes != b.notes for a, b in pairs)


def test_chords_stand_on_the_strongest_hits() -> None:
    strength = {round(hit.time_ms): hit.strength for hit in find_hits(composition_of(2))}
    sizes = Counter(round(note.start_ms) for note in chart_of(2, "jumpstream", 0.5).notes)
    singles, chords = ([strength[time] for time, size in sizes.items() if (size > 1) == several] for several in (0, 1))
    assert np.median(chords) > 1.2 * np.median(singles)


def test_moments_are_far_enough_apart_for_the_pattern() -> None:
    for pattern, least_ms in (("jackspeed", 200), ("handstream", 60), ("stream", 45)):
        times = np.unique([note.start_ms for note in chart_of(1, pattern, 0.3).notes])
        assert np.diff(times).min() >= least_ms


def test_easy_charts_are_easy_to_read() -> None:
    broken: Counter[str] = Counter()
    n_notes = 0
    for index in range(4):
        for pattern, hardness in (("stream", 0.4), ("jumpstream", 0.2), ("technical", 0.5)):
            charted = chart_of(index, pattern, hardness, 0.5)
            broken += violations(charted, star_rating(charted))
            n_notes += len(charted.notes)
    assert sum(broken.values()) < 0.004 * n_notes, broken  # what people's charts have


def test_long_notes_are_as_many_as_planned() -> None:
    for ratio in (0.0, 0.2, 0.5):
        charted = chart_of(1, "jumpstream", 0.3, ratio)
        assert charted.n_long_notes / len(charted.notes) == pytest.approx(ratio, abs=0.03)
    charted = chart_of(1, "stream", 0.5, 0.95)
    assert charted.n_long_notes / len(charted.notes) > 0.75


def test_columns_are_used_evenly() -> None:
    for keys in (4, 7):
        for pattern in PATTERNS:
            counts = np.bincount([note.column for note in chart_of(3, pattern, 0.6, keys=keys).notes], minlength=keys)
            assert counts.min() > 0.6 * counts.max()


@given(seed=st.integers(0, 2**32), keys=st.integers(1, 18), seconds=st.floats(10, 30))
@settings(max_examples=15, deadline=None)
def test_every_song_can_be_charted_for_any_number_of_keys(seed: int, keys: int, seconds: float) -> None:
    style_rng, music_rng, chart_rng = np.random.default_rng(seed).spawn(3)
    composition = compose(draw_style(style_rng), seconds, music_rng)
    for beatmap in charts(composition, keys, chart_rng):
        assert beatmap.notes
        assert_playable(beatmap.notes, keys, column_gap_ms=45)
        assert beatmap.notes[0].start_ms >= 0
        assert beatmap.last_ms < composition.end_s * 1000
        assert format_osu(beatmap)
