"""The part of a song that an item covers, decoded on the axis of beats."""

import numpy as np
import pytest

from mug.charts.beatmap import Note, TimingPoint
from mug.data.beat_axis import BeatAxis
from mug.data.convertor import ManiaConvertor
from mug.training.window import Window

FRAME_MS = 46.4399
BEAT_MS = 8 * FRAME_MS
POINTS = [TimingPoint(100.0, 400.0)]


def window() -> Window:
    """The second measure of a song of 150 BPM whose first measure begins at -1500 ms."""
    convertor = ManiaConvertor(FRAME_MS, max_frame=64, offset_ms=-4 * BEAT_MS)
    axis = BeatAxis(POINTS, convertor.grid, 8)
    return Window(convertor, axis, float(axis.to_song(4 * BEAT_MS)))


def test_notes_have_their_real_times_from_the_windows_beginning():
    seen = window()
    assert seen.start_ms == pytest.approx(100.0)
    notes = [Note(0.5 * BEAT_MS + 4 * BEAT_MS, 1), Note(6 * BEAT_MS, 2, 7 * BEAT_MS)]
    chart = seen.chart(seen.convertor.encode(notes).note, 0.5, [])
    assert [(note.column, note.start_ms) for note in chart.notes] == [
        (1, pytest.approx(200.0, abs=0.01)),
        (2, pytest.approx(800.0, abs=0.01)),
    ]
    assert chart.notes[1].end_ms == pytest.approx(1200.0, abs=0.01)
    assert seen.ms_of(32) == pytest.approx(1600.0, abs=0.01)


def test_two_notes_that_settle_on_one_line_are_one():
    seen = window()
    note = np.zeros((16, 64), dtype=np.float32)
    note[0, 7:9] = 1  # the end of a frame and the beginning of the next: both mean the line between them
    note[4, 7] = 0.99
    assert len(seen.chart(note, 0.5, []).notes) == 1
