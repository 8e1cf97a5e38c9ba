"""The same notes are found at any shift and rate, other notes are not taken for them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mug.charts.beatmap import Beatmap, Note
from mug.prepare.described import DescribedChart
from mug.prepare.duplicates import Pattern, duplicate_groups, pattern_of, relative_rate


def chart(notes: list[Note], keys: int = 4) -> DescribedChart:
    return DescribedChart.of(Path("a.osu"), Beatmap(keys, notes, []))


def random_notes(seed: int, keys: int, n: int) -> list[Note]:
    """Notes in chords and long notes, at least 45 ms apart in a column, at whole milliseconds."""
    rng = np.random.default_rng(seed)
    notes = []
    for column in range(keys):
        starts = np.cumsum(rng.integers(45, 400, n))
        longs = rng.random(n) < 0.3
        notes += [
            Note(float(t), column, float(t + 40) if long else None) for t, long in zip(starts, longs, strict=True)
        ]
    return sorted(notes)


def copied(notes: list[Note], rate: float, shift_ms: float, rounding=round) -> list[Note]:
    def at(time_ms: float) -> float:
        return float(rounding(time_ms / rate + shift_ms))

    return [Note(at(n.start_ms), n.column, None if n.end_ms is None else at(n.end_ms)) for n in notes]


charts = st.builds(random_notes, st.integers(0, 10**6), st.integers(1, 7), st.integers(15, 60))


@given(charts, st.floats(0.5, 2.0), st.floats(-5000, 5000), st.sampled_from([round, int, float]), st.randoms())
def test_copies_are_found_at_any_rate_shift_and_note_order(notes, rate, shift, rounding, random):
    copy = copied(notes, rate, shift, rounding)
    random.shuffle(copy)
    first, second = pattern_of(chart(notes, 7)), pattern_of(chart(copy, 7))
    assert relative_rate(first, second) == pytest.approx(rate, rel=0.02)
    assert relative_rate(second, first) == pytest.approx(1 / rate, rel=0.02)
    assert duplicate_groups([first, second]) == [[0, 1]]


@given(charts, st.data())
def test_a_chart_with_one_note_changed_is_another_one(notes, data):
    i = data.draw(st.integers(0, len(notes) - 1))
    note = notes[i]
    changed = data.draw(
        st.sampled_from(
            [
                replace(note, column=note.column + 1),
                replace(note, start_ms=note.start_ms + 30.0),
                replace(note, end_ms=note.start_ms + 20 if note.end_ms is None else None),
                replace(note, end_ms=note.start_ms + 20.0),
            ]
        )
    )
    others = [*notes[:i], changed, *notes[i + 1 :]]
    patterns = [pattern_of(chart(notes, 8)), pattern_of(chart(others, 8))]
    assert relative_rate(*patterns) is None
    assert duplicate_groups(patterns) == []


@given(st.permutations(range(6)))
def test_groups_do_not_depend_on_the_order(order):
    one, two = random_notes(1, 4, 30), random_notes(2, 4, 30)
    originals = [one, copied(one, 1.1, 50), copied(one, 0.9, -50), two, copied(two, 1.2, 0), random_notes(3, 4, 30)]
    groups = duplicate_groups([pattern_of(chart(originals[i])) for i in order])
    assert sorted(sorted(order[i] for i in group) for group in groups) == [[0, 1, 2], [3, 4]]


def test_a_plain_pattern_at_two_speeds_is_of_two_songs():
    def stream(beat_ms: float, columns: list[int]) -> Pattern:
        return pattern_of(chart([Note(beat_ms * i, column) for i, column in enumerate(columns)], 4))

    stairs, any_order = [0, 1, 2, 3] * 100, np.random.default_rng(0).integers(4, size=400).tolist()
    assert relative_rate(stream(125.0, stairs), stream(100.0, stairs)) is None
    assert relative_rate(stream(125.0, stairs), stream(125.0, stairs)) == pytest.approx(1.0)
    assert relative_rate(stream(125.0, any_order), stream(100.0, any_order)) == pytest.approx(1.25)


def test_key_counts_and_speeds_far_apart_are_other_charts():
    notes = random_notes(1, 4, 30)
    assert relative_rate(pattern_of(chart(notes, 4)), pattern_of(chart(notes, 5))) is None
    assert relative_rate(pattern_of(chart(notes)), pattern_of(chart(copied(notes, 3.0, 0)))) is None
    mirrored = [replace(note, column=3 - note.column) for note in notes]
    assert relative_rate(pattern_of(chart(notes)), pattern_of(chart(mirrored))) is None


def test_charts_of_a_single_moment_are_compared():
    chord = pattern_of(chart([Note(100.0, 0), Note(100.0, 1)]))
    assert relative_rate(chord, pattern_of(chart([Note(700.0, 0), Note(700.0, 1)]))) == 1.0


def test_many_charts_of_the_same_counts_are_told_apart():
    rng = np.random.default_rng(0)
    patterns = [Pattern((40,), np.sort(rng.integers(0, 9000, 40)).astype(np.float32)) for _ in range(300)]
    assert duplicate_groups(patterns) == []
    assert duplicate_groups([*patterns, patterns[3], patterns[3]]) == [[3, 300, 301]]
