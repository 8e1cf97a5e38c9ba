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
from mug.synth.charting import Plan, chart, moments_of
from mug.synth.composition import Composition, compose
from mug.synth.patterns import PATTERNS
from mug.synth.salience import Hit
from mug.synth.spread import charts
from mug.synth.style import draw_style

SEED = 5


@cache
def composition_of(index: int, seconds: float = 60.0) -> Composition:
    style_rng, music_rng = np.random.default_rng([SEED, index]).spawn(2)
    return compose(draw_style(style_rng), seconds, music_rng)


def rng(seed: int = 11) -> np.random.Generator:
    return np.random.default_rng(seed)


@cache
def moments(index: int) -> list[Hit]:
    return moments_of(composition_of(index), rng(3))


def chart_of(index: int, pattern: str, stars: float, ratio: float = 0.0, keys: int = 4, seed: int = 11) -> Beatmap:
    plan = Plan(PATTERNS[pattern], stars, ratio)
    return Beatmap(keys, chart(moments(index), composition_of(index), plan, keys, rng(seed))[0], [])


def assert_playable(notes: list[Note], keys: int, column_gap_ms: float) -> None:
    assert notes == sorted(notes)
    assert {note.column for note in notes} <= set(range(keys))
    for column in range(keys):
        own = [note for note in notes if note.column == column]
        for note, following in pairwise(own):
            assert following.start_ms - note.start_ms >= column_gap_ms - 1.5
            assert following.start_ms - note.last_ms >= min(column_gap_ms, 60) - 1.5


@pytest.mark.parametrize(("pattern", "stars"), [("stream", 2.0), ("jumpstream", 4.0)])
def test_notes_stand_on_sounds(pattern: str, stars: float) -> None:
    sounds = {composition_of(1).tempo.ms(event.tick) for event in composition_of(1).events}
    times = {note.start_ms for note in chart_of(1, pattern, stars, 0.3).notes}
    assert len(times - sounds) <= 0.03 * len(times)


@pytest.mark.parametrize(
    ("pattern", "keys", "stars"),
    [("stream", 4, 0.5), ("technical", 4, 1.1), ("jumpstream", 4, 3.0), ("stream", 7, 3.0), ("jackspeed", 4, 4.0),
     ("jumpstream", 4, 7.0), ("jumpstream", 7, 6.5)],
)  # fmt: skip
def test_charts_are_as_hard_as_planned(pattern: str, keys: int, stars: float) -> None:
    for index in (3, 5):
        assert star_rating(chart_of(index, pattern, stars, keys=keys)) == pytest.approx(stars, abs=0.4)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_charts_rate_highest_in_the_skill_of_their_pattern(pattern: str) -> None:
    low, high = PATTERNS[pattern].levels
    flags = [
        skillset_features(chart_of(index, pattern, stars), (1.0,))[0][pattern]
        for index in range(2)
        for stars in (low + 0.3 * (high - low), min(low + 0.6 * (high - low), 5.5))
    ]
    assert np.mean(flags) >= 0.5, flags


def test_moments_follow_from_the_music() -> None:
    for index in (0, 1):
        a, b = (chart_of(index, "jumpstream", 3.0, seed=seed) for seed in (1, 2))
        assert onset_f1(moments_ms(a), moments_ms(b), 20.0).f1 >= 0.9
        assert a.notes != b.notes


def test_moments_of_an_easier_chart_are_mostly_a_harder_ones() -> None:
    easy, normal, hard = (
        {note.start_ms for note in chart_of(2, pattern, stars).notes}
        for pattern, stars in (("stream", 1.3), ("jumpstream", 2.5), ("technical", 4.5))
    )
    assert len(easy & normal) > 0.9 * len(easy)
    assert len(normal & hard) > 0.9 * len(normal)


def test_music_that_returns_is_charted_as_before() -> None:
    composition = composition_of(2)
    returned = [(m.tick, composition.measures[m.model].tick) for m in composition.measures if m.model is not None]
    sizes = Counter(note.start_ms for note in chart_of(2, "jumpstream", 3.0).notes)
    size_at = {hit.tick: sizes[hit.time_ms] for hit in moments(2)}
    same = [
        size_at.get(tick + place, 0) == size_at.get(model + place, 0)
        for tick, model in returned
        for place in range(0, composition.bar_ticks, 12)
    ]
    assert np.mean(same) > 0.8


def test_moments_are_far_enough_apart_for_the_pattern() -> None:
    for pattern, stars, least_ms in (("jackspeed", 3.0, 100), ("handstream", 4.5, 45), ("stream", 2.0, 65)):
        times = np.unique([note.start_ms for note in chart_of(1, pattern, stars).notes])
        assert np.diff(times).min() >= least_ms


def test_easy_charts_are_easy_to_read() -> None:
    broken: Counter[str] = Counter()
    n_notes = 0
    for index in range(3):
        for pattern, stars in (("stream", 1.8), ("jumpstream", 2.4), ("technical", 1.4)):
            charted = chart_of(index, pattern, stars, 0.5)
            broken += violations(charted, star_rating(charted))
            n_notes += len(charted.notes)
    assert sum(broken.values()) < 0.004 * n_notes, broken  # what people's charts have


@pytest.mark.parametrize(("pattern", "stars", "ratio"), [("jumpstream", 3.0, 0.2), ("stream", 4.0, 0.9)])
def test_long_notes_are_as_many_as_planned(pattern: str, stars: float, ratio: float) -> None:
    charted = chart_of(1, pattern, stars, ratio)
    assert charted.n_long_notes / len(charted.notes) == pytest.approx(ratio, abs=0.05)


def test_columns_are_used_evenly() -> None:
    for keys in (4, 7):
        for pattern in PATTERNS:
            counts = np.bincount([note.column for note in chart_of(3, pattern, 4.0, keys=keys).notes], minlength=keys)
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
