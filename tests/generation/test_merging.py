"""Drawn notes fit between kept ones, which do not change."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mug.charts.beatmap import Note
from mug.charts.playability import remove_minijacks
from mug.generation.merging import KeptNotes, fitted
from mug.generation.region import Region, Span

JACK_MS = 90.0
SECOND = Region([Span(1000.0, 2000.0)])


def fit(drawn: list[Note], kept: list[Note], region: Region = SECOND, keys: int = 4) -> list[Note]:
    """Lines are every 100 ms."""
    part = region.opened(keys, 10_000.0)
    return fitted(drawn, KeptNotes(kept, keys, JACK_MS), part, JACK_MS, lambda time: math.floor(time / 100) * 100)


def test_notes_beside_kept_ones_stay_where_they_are():
    drawn = [Note(1000.0, 0), Note(1500.0, 1, 1800.0), Note(1990.0, 2)]
    assert fit(drawn, [Note(910.0, 0), Note(2080.0, 2), Note(1700.0, 0)]) == drawn


def test_a_jack_of_a_kept_note_moves_to_the_nearest_column():
    assert fit([Note(1000.0, 1)], [Note(911.0, 1)]) == [Note(1000.0, 0)]
    assert fit([Note(1950.0, 1)], [Note(2039.0, 1), Note(2039.0, 0)]) == [Note(1950.0, 2)]


def test_a_kept_long_note_that_reaches_in_blocks_its_column():
    kept = [Note(500.0, 0, 1500.0), Note(500.0, 1, 1500.0)]
    assert fit([Note(1100.0, 0), Note(1300.0, 0), Note(1600.0, 0)], kept, keys=2) == [Note(1600.0, 0)]


def test_where_no_column_has_room_the_note_is_left_out():
    assert fit([Note(1000.0, 1)], [Note(950.0, column) for column in range(4)]) == []


def test_other_columns_are_out_of_bounds():
    only = Region([Span(1000.0, 2000.0, columns=[0, 3])])
    assert fit([Note(1200.0, 0), Note(1200.0, 3)], [Note(1150.0, 0)], only) == [Note(1200.0, 3)]


def test_a_moved_note_leaves_room_for_drawn_ones():
    drawn = [Note(1000.0, 1, 1400.0), Note(1450.0, 0), Note(1450.0, 2)]
    assert fit(drawn, [Note(950.0, 1)]) == [Note(1000.0, 3, 1400.0), Note(1450.0, 0), Note(1450.0, 2)]


def test_a_note_at_a_kept_moment_takes_its_time():
    assert fit([Note(1210.0, 1)], [Note(1200.0, 0)]) == [Note(1200.0, 1)]
    assert fit([Note(1226.0, 1)], [Note(1200.0, 0)]) == [Note(1226.0, 1)]
    assert fit([Note(1010.0, 1)], [Note(990.0, 0)]) == []  # the moment is outside


@pytest.mark.parametrize(
    ("end_ms", "kept", "ended"),
    [
        (2000.0, [], 2000.0),
        (2350.0, [], 2000.0),  # the region's end
        (1900.0, [Note(1850.0, 0)], 1700.0),  # the last line with a gap before the next note
        (1900.0, [Note(1250.0, 0)], None),  # only a plain note fits
    ],
)
def test_a_long_note_ends_before_the_next_kept_one(end_ms, kept, ended):
    assert fit([Note(1100.0, 0, end_ms)], kept) == [Note(1100.0, 0, ended)]


def notes(keys: int) -> st.SearchStrategy[list[Note]]:
    note = st.builds(
        lambda start, column, length: Note(float(start), column, float(start + length) if length else None),
        st.integers(800, 2200), st.integers(0, keys - 1), st.sampled_from([0, 0, 40, 300]),
    )  # fmt: skip
    return st.lists(note, max_size=25).map(lambda drawn: remove_minijacks(drawn, keys, JACK_MS)[0])


@given(kept=notes(3), drawn=notes(3))
def test_no_overlap_and_no_minijack_whatever_is_drawn(kept, drawn):
    part = SECOND.opened(3, 10_000.0)
    kept = [note for note in kept if not part.has(note) or note.column == 0]
    drawn = [note for note in drawn if part.has(note)]
    placed = fit(drawn, kept, keys=3)
    assert all(part.has(note) and note.last_ms <= 2000.0 for note in placed)
    for column in range(3):
        lane = sorted(note for note in [*kept, *placed] if note.column == column)
        assert all(b.start_ms - a.last_ms >= JACK_MS for a, b in pairwise(lane) if a in placed or b in placed)
