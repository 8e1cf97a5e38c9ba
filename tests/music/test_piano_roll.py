"""Piano rolls: literal planes of few notes, cut notes keep their heads, and any notes come back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mug.errors import ConfigError, MusicError
from mug.music.note import Music, make_notes
from mug.music.piano_roll import ACTIVE, OFFSET, ONSET, RollCodec, piano_notes, spans_of_roll

CODEC = RollCodec(frame_ms=10.0, frames=7, lowest=60, pitches=5)


def notes(*rows: tuple[float, float, int]) -> np.ndarray:
    start, end, pitch = np.array(rows, dtype=float).reshape(-1, 3).T
    return make_notes(start, end, pitch.astype(np.uint8))


def test_the_layout_is_that_of_the_seed() -> None:
    codec = RollCodec()
    assert (codec.frame_ms, codec.shape) == (17.4, (3, 88, 660))
    assert (codec.lowest, codec.lowest + codec.pitches - 1) == (21, 108)  # a piano's keys
    assert round(codec.frames * codec.frame_ms) == 11_484  # ms


def test_planes_of_notes_by_hand() -> None:
    roll = CODEC.planes_of(CODEC.spans_of(notes((4, 31, 61), (31, 50, 61), (60, 61, 64))))
    assert roll[ONSET, 1].tolist() == [1, 0, 0, 1, 0, 0, 0]
    assert roll[ACTIVE, 1].tolist() == [1, 1, 1, 1, 1, 0, 0]
    assert roll[OFFSET, 1].tolist() == [0, 0, 1, 0, 1, 0, 0]
    assert roll[:, 4, 6].tolist() == [1, 1, 1]  # a note of a tenth of a frame has one
    assert roll.sum() == 12


def test_a_note_cut_by_the_end_keeps_its_head() -> None:
    spans = CODEC.spans_of(notes((50, 90, 62)))
    first, second = CODEC.planes_of(spans), CODEC.planes_of(spans, start=7)
    assert first[ACTIVE, 2].tolist() == [0, 0, 0, 0, 0, 1, 1]
    assert first[OFFSET].sum() == 0  # it does not end here
    assert second.sum() == 0  # its tail is thrown away


def test_a_key_sounds_once_at_a_time() -> None:
    spans = CODEC.spans_of(notes((0, 60, 60), (20, 40, 60), (20, 30, 60), (0, 10, 59), (0, 10, 65)))
    assert spans.tolist() == [[0, 0, 2], [0, 2, 4]]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 60), st.integers(1, 30)), max_size=30))
def test_notes_come_back_from_their_roll(rows: list[tuple[int, int, int]]) -> None:
    codec = RollCodec(frame_ms=17.4, frames=100, lowest=60, pitches=5)
    given_notes = notes(*((17.4 * first, 17.4 * (first + n), 60 + row) for row, first, n in rows))
    spans = codec.spans_of(given_notes)
    roll = codec.planes_of(spans)
    assert spans_of_roll(roll[ONSET], roll[ACTIVE]).tolist() == spans.tolist()
    assert codec.spans_of(codec.notes_of(spans)).tolist() == spans.tolist()
    assert len(spans) == len({(row, first) for row, first, _ in rows})
    assert (roll[ONSET] <= roll[ACTIVE]).all()
    assert roll[OFFSET].sum() == roll[ONSET].sum()  # none is cut


def test_times_are_rounded_to_the_nearest_frame() -> None:
    spans = CODEC.spans_of(notes((14.9, 25, 60), (15, 25, 61)))
    assert sorted(spans[:, 1].tolist()) == [1, 2]


def test_a_piece_of_drums_has_no_piano_roll() -> None:
    drums = make_notes(np.zeros(1), np.ones(1), np.array([36]), drum=True)
    with pytest.raises(MusicError, match=r"beat\.mid: has only drums, and a piano roll has none; give a piece"):
        piano_notes(Music(drums), "beat.mid")


def test_a_layout_without_frames_is_refused() -> None:
    with pytest.raises(ConfigError, match="roll: "):
        RollCodec(lowest=60, pitches=90)
