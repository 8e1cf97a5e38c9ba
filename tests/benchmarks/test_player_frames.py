"""The chart that the player is measured with, and what its table says."""

import pytest

from benchmarks.player import SONG_S, row, streams


def test_streams_have_the_notes_asked_for_over_the_whole_song() -> None:
    chart = streams(7, 10_000)
    assert len(chart.notes) == 10_000
    assert {note.column for note in chart.notes} == set(range(7))
    assert chart.notes[-1].start_ms == pytest.approx(1000 * SONG_S, rel=0.001)
    assert chart.n_long_notes == 2000


def test_a_row_tells_late_frames() -> None:
    frames = [(0.0, 1.0), (16.0, 2.0), (32.0, 3.0), (82.0, 2.0), (98.0, 2.0)]
    cells = row(4, 100, 30, frames)
    assert cells == ["4", "100", "30", "2.0 ms", "3.0 ms", "16.0 ms", "49.0 ms", "25.0 %"]
