"""What is done to sampled notes before people play them."""

from mug.data.beatmap import Note, TimingPoint
from mug.data.finishing import inside, tidy


def test_notes_go_to_the_grid_and_into_whole_milliseconds():
    assert tidy([Note(403.7, 0), Note(606.2, 1, 995.4)], 4, [TimingPoint(0.0, 400.0)], 90, 2000) == [
        Note(400.0, 0),
        Note(600.0, 1, 1000.0),
    ]
    assert tidy([Note(403.7, 0)], 4, None, 90, 2000) == [Note(404.0, 0)]


def test_no_note_is_lost_because_its_line_lies_outside_the_song():
    grid = [TimingPoint(-5.0, 400.0)]
    assert tidy([Note(2.0, 0), Note(389.0, 1)], 4, grid, 90, 392) == [Note(2.0, 0), Note(389.0, 1)]


def test_notes_outside_the_song_go_and_long_ones_end_with_it():
    notes = [Note(-3.0, 0), Note(5.4, 1, 5.3), Note(900.0, 2, 1500.0), Note(1000.0, 3)]
    assert inside(notes, 1000.0) == [Note(5.0, 1), Note(900.0, 2, 1000.0)]
