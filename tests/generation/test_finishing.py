"""What is done to sampled notes before people play them."""

from functools import partial

import pytest

from mug.charts.beatmap import Note, TimingPoint
from mug.charts.timing import snap
from mug.generation.finishing import gather_chords, inside, song_names, tidy

GRID = partial(snap, timing_points=[TimingPoint(0.0, 400.0)])


def test_notes_go_to_the_grid_and_into_whole_milliseconds():
    assert tidy([Note(403.7, 0), Note(606.2, 1, 995.4)], 4, GRID, 90, 2000) == [
        Note(400.0, 0),
        Note(600.0, 1, 1000.0),
    ]
    assert tidy([Note(403.7, 0)], 4, None, 90, 2000) == [Note(404.0, 0)]


@pytest.mark.parametrize(
    ("place", "names"),
    [
        ("Some Song/audio.ogg", ("Some Song", "Unknown Artist")),
        ("12345 Someone - Some Song/audio.mp3", ("Some Song", "Someone")),
        ("x/Track 01.mp3", ("x", "Unknown Artist")),
        ("x/Someone - audio.mp3", ("audio", "Someone")),
        (f"{'0a' * 32}/audio.wav", ("audio", "Unknown Artist")),
        ("x/audiophile.mp3", ("audiophile", "Unknown Artist")),
    ],
)
def test_a_song_file_called_audio_is_named_after_its_folder(tmp_path, place, names):
    (tmp_path / place).parent.mkdir()
    (tmp_path / place).touch()
    assert song_names(tmp_path / place, None, None) == names


def test_no_note_is_lost_because_its_line_lies_outside_the_song():
    grid = partial(snap, timing_points=[TimingPoint(-5.0, 400.0)])
    assert tidy([Note(2.0, 0), Note(389.0, 1)], 4, grid, 90, 392) == [Note(2.0, 0), Note(389.0, 1)]


def test_notes_outside_the_song_go_and_long_ones_end_with_it():
    notes = [Note(-3.0, 0), Note(5.4, 1, 5.3), Note(900.0, 2, 1500.0), Note(1000.0, 3)]
    assert inside(notes, 1000.0) == [Note(5.0, 1), Note(900.0, 2, 1000.0)]


def test_notes_that_nearly_start_together_become_a_chord():
    notes = [Note(100.0, 2), Note(109.0, 0, 300.0), Note(115.0, 1), Note(116.0, 3), Note(200.0, 0)]
    assert gather_chords(notes) == [
        Note(108.0, 0, 300.0),
        Note(108.0, 1),
        Note(108.0, 2),  # 16 ms after the first of them is another moment
        Note(116.0, 3),
        Note(200.0, 0),
    ]


def test_of_two_notes_in_one_place_the_shorter_one_stays():
    plain, long, longer = Note(100.0, 0), Note(100.0, 0, 300.0), Note(100.0, 0, 400.0)
    assert gather_chords([longer, long, plain]) == [plain]
    assert gather_chords([longer, long]) == [long]


def test_a_chord_has_one_note_per_column_and_no_empty_hold():
    assert gather_chords([Note(100.0, 0), Note(104.0, 0), Note(112.0, 1, 105.0)]) == [Note(106.0, 0), Note(106.0, 1)]
    assert gather_chords([]) == []


def test_the_grid_tears_no_chord_apart():
    notes = gather_chords([Note(191.0, 0), Note(203.0, 1)])  # 9 ms before the line, 3 ms after it
    assert tidy(notes, 4, GRID, 90, 2000) == [
        Note(200.0, 0),
        Note(200.0, 1),
    ]
