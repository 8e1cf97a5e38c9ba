from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mug.charts.beatmap import Note
from mug.charts.playability import remove_minijacks, without_large_chords, without_short_holds


@st.composite
def charts(draw) -> tuple[list[Note], int]:
    """Dense little charts, in any order, with overlaps and doubles."""
    keys = draw(st.integers(1, 18))
    note = st.builds(
        lambda start, column, length: Note(float(start), column, float(start + length) if length else None),
        st.integers(0, 900),
        st.integers(0, keys - 1),
        st.one_of(st.just(0), st.integers(1, 300)),
    )
    return draw(st.lists(note, max_size=43)), keys


@given(charts(), st.sampled_from([0.0, 1.0, 50.0, 90.0, 200.0]))
def test_no_minijack_remains_no_note_is_new_and_no_time_changes(chart, interval_ms):
    notes, keys = chart
    fixed, moved, dropped = remove_minijacks(notes, keys, interval_ms)
    assert fixed == sorted(fixed)
    for column in range(keys):
        lane = [note for note in fixed if note.column == column]
        for before, after in pairwise(lane):
            assert after.start_ms > before.start_ms
            assert after.start_ms - before.last_ms >= interval_ms
    assert len(fixed) + dropped == len(notes)
    times, given_times = (Counter((note.start_ms, note.end_ms) for note in side) for side in (fixed, notes))
    assert times <= given_times
    assert len(set(fixed) - set(notes)) <= moved
    assert all(0 <= note.column < keys for note in fixed)


@given(charts(), st.sampled_from([0.0, 90.0]))
def test_playable_charts_stay_and_the_result_is_deterministic(chart, interval_ms):
    notes, keys = chart
    fixed, _, _ = remove_minijacks(notes, keys, interval_ms)
    assert remove_minijacks(fixed, keys, interval_ms) == (fixed, 0, 0)
    assert remove_minijacks(notes[::-1], keys, interval_ms)[0] == fixed


def test_a_minijack_moves_to_the_nearest_free_column():
    notes = [Note(0.0, 2), Note(60.0, 2)]
    assert remove_minijacks(notes, 4) == ([Note(0.0, 2), Note(60.0, 1)], 1, 0)


def test_moved_notes_avoid_long_notes_chords_and_other_notes():
    notes = [Note(0.0, 1, 500.0), Note(0.0, 2), Note(60.0, 2), Note(60.0, 3), Note(140.0, 0)]
    assert remove_minijacks(notes, 4) == ([note for note in notes if note != Note(60.0, 2)], 0, 1)
    assert remove_minijacks(notes, 5)[:2] == (sorted([*notes[:2], Note(60.0, 4), *notes[3:]]), 1)


def test_the_pause_counts_from_the_tail():
    notes = [Note(0.0, 0, 400.0), Note(450.0, 0)]
    assert remove_minijacks(notes, 2) == ([Note(0.0, 0, 400.0), Note(450.0, 1)], 1, 0)
    assert remove_minijacks(notes, 2, jack_interval_ms=50.0) == (notes, 0, 0)


def test_a_moved_long_note_must_end_before_the_next_one():
    notes = [Note(0.0, 0), Note(50.0, 0, 300.0), Note(350.0, 1)]
    assert remove_minijacks(notes, 2) == ([notes[0], notes[2]], 0, 1)


def test_doubles_and_notes_under_a_long_one_are_dropped():
    notes = [Note(0.0, 0, 300.0), Note(0.0, 0), Note(100.0, 0)]
    assert remove_minijacks(notes, 4) == ([Note(0.0, 0, 300.0)], 0, 2)


@pytest.mark.parametrize("keys", [1, 7])
def test_an_empty_chart(keys):
    assert remove_minijacks([], keys) == ([], 0, 0)


def test_large_chords_keep_their_outermost_notes():
    chord = [Note(100, column) for column in range(4)]
    after = [Note(101, 2), Note(102, 0), Note(102, 3)]
    assert without_large_chords([*chord, *after], 2) == [Note(100, 0), Note(100, 3), *after]
    assert without_large_chords(chord, 3) == [Note(100, 0), Note(100, 1), Note(100, 3)]
    assert without_large_chords(chord, 4) == chord


def test_short_long_notes_become_single_notes():
    notes = [Note(0, 0, 300), Note(0, 1, 400), Note(100, 3)]
    assert without_short_holds(notes, 330.0) == [Note(0, 0), Note(0, 1, 400), Note(100, 3)]


def test_short_long_notes_last_until_a_line_if_their_column_is_free():
    def lines_from(times_ms: np.ndarray) -> np.ndarray:
        return np.ceil(times_ms / 125.3) * 125.3

    notes = [Note(0, 0, 300), Note(0, 1, 300), Note(465, 0), Note(466, 1)]
    expected = [Note(0, 0), Note(0, 1, 376.0), Note(465, 0), Note(466, 1)]  # 90 ms before the next one
    assert without_short_holds(notes, 330.0, lines_from, jack_interval_ms=90.0) == expected
