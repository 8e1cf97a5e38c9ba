"""Notes <-> note array: hand-made ones, real charts, and round trips."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mug.charts.beatmap import Beatmap, Note
from mug.charts.osu import read_osu
from mug.data.note_codec import NoteCodec, NotePlanes, keys_of
from mug.data.time_grid import TimeGrid
from mug.errors import ChartError

FRAME_MS = 46.439909297052154


def codec_of(frame_ms: float, max_frame: int, keys: int = 4) -> NoteCodec:
    return NoteCodec(TimeGrid(frame_ms, max_frame), keys)


def rounded(notes: list[Note]) -> list[Note]:
    """The notes to a thousandth of a millisecond: offsets are float32."""
    return [Note(round(n.start_ms, 3), n.column, n.end_ms and round(n.end_ms, 3)) for n in notes]


def triples(note: np.ndarray) -> dict[tuple[int, int], float]:
    return {(int(c), int(t)): float(note[c, t]) for c, t in zip(*note.nonzero(), strict=True)}


def test_planes_by_hand():
    # keys 2, frames of 10 ms: a plain note at frame 1.5, a hold from 3.25 to 5.75
    encoded = codec_of(10.0, 7, keys=2).encode([Note(15, 1), Note(32.5, 0, 57.5)])
    assert encoded.note.shape == (8, 7)
    assert encoded.note.dtype == np.float32
    assert triples(encoded.note) == {
        (0, 3): 1, (1, 1): 1,  # is_start
        (2, 3): 0.25, (3, 1): 0.5,  # offset_start
        (4, 4): 1, (4, 5): 1,  # is_holding
        (6, 5): 0.75,  # offset_end
    }  # fmt: skip
    assert encoded.valid_flag.tolist() == [1, 1, 1, 1, 1, 1, 0]


@pytest.mark.parametrize("library", [np, torch])
def test_planes_split_and_join(library):
    note = library.arange(2 * 3 * 4 * 5).reshape(2, 12, 5)
    planes = NotePlanes.split(note)
    assert planes.is_start.shape == (2, 3, 5)
    assert planes.offset_end[1, 0, 0] == note[1, 9, 0]
    assert (NotePlanes.join(planes) == note).all()
    assert keys_of(note) == 3
    with pytest.raises(ValueError, match="13 channels"):
        NotePlanes.split(library.zeros((13, 5)))
    with pytest.raises(ValueError, match="13 channels"):
        keys_of(library.zeros((2, 13, 5)))


def test_a_tail_in_the_frame_of_the_next_start_is_kept():
    codec = codec_of(10.0, 11, keys=1)
    notes = [Note(5, 0, 41), Note(44, 0, 58), Note(58.5, 0)]
    assert rounded(codec.decode(codec.encode(notes).note)) == notes


def test_a_tail_never_passes_the_next_start():
    codec = codec_of(10.0, 3, keys=1)
    note = np.array([[1, 0, 1], [0.5, 0, 0.25], [0, 1, 1], [0, 0, 0.75]])
    assert codec.decode(note) == [Note(5.0, 0, 22.5), Note(22.5, 0)]


def test_the_later_of_two_notes_in_a_cell_stays():
    codec = codec_of(10.0, 11, keys=2)
    encoded = codec.encode([Note(28, 0), Note(21, 0, 95), Note(29, 1)])
    assert rounded(codec.decode(encoded.note)) == [Note(28, 0), Note(29, 1)]
    assert (encoded.collisions, encoded.dropped, encoded.flattened) == (1, 0, 0)


def test_what_the_grid_cannot_hold_is_counted():
    codec = codec_of(10.0, 5, keys=1)
    encoded = codec.encode([Note(-1, 0), Note(50, 0), Note(3, 0, 9), Note(25, 0, 1000)])
    assert (encoded.collisions, encoded.dropped, encoded.flattened) == (0, 2, 1)
    assert rounded(codec.decode(encoded.note)) == [Note(3, 0), Note(25, 0, 50)]
    assert encoded.note[3, 4] == 1.0  # cut at the end, offset 1
    assert encoded.valid_flag.tolist() == [1] * 5


def test_an_empty_chart():
    encoded = codec_of(10.0, 5).encode(Beatmap(4, [], []))
    assert not encoded.note.any()
    assert not encoded.valid_flag.any()


def test_refuses_notes_and_arrays_of_other_keys():
    codec = codec_of(10.0, 5, keys=4)
    with pytest.raises(ValueError, match="columns 4 to 4"):
        codec.encode([Note(0, 4)])
    with pytest.raises(ValueError, match=r"is \[16, T\], not \[28, 5\]"):
        codec.decode(np.zeros((28, 5)))
    with pytest.raises(ValueError, match="19 keys; a chart has 1 to 18"):
        codec_of(10.0, 5, keys=19)


@st.composite
def charts(draw):
    """Key count, and notes of which no two share a column and frame, and none starts while another is held."""
    keys = draw(st.integers(1, 18))
    notes = []
    for column in range(keys):
        frames = sorted(draw(st.sets(st.integers(0, 60), max_size=5)))
        fractions = [draw(st.floats(0.001, 0.99)) for _ in frames]
        starts = [(frame + fraction) * FRAME_MS for frame, fraction in zip(frames, fractions, strict=True)]
        for frame, start, following in zip(frames, starts, [*starts[1:], 70 * FRAME_MS], strict=False):
            end = draw(st.none() | st.floats(min(start + 1, following), following))
            long_enough = end is not None and end > start and int(end / FRAME_MS) > frame
            notes.append(Note(start, column, end if long_enough else None))
    return keys, sorted(notes, key=lambda note: (note.start_ms, note.column))


@given(charts())
def test_round_trip(chart):
    keys, notes = chart
    codec = codec_of(FRAME_MS, 71, keys=keys)
    encoded = codec.encode(notes)
    back = sorted(codec.decode(encoded.note), key=lambda note: (note.column, note.start_ms))
    assert encoded.collisions == encoded.dropped == 0
    for got, note in zip(back, sorted(notes, key=lambda note: (note.column, note.start_ms)), strict=True):
        assert (got.column, got.is_long) == (note.column, note.is_long)
        assert got.start_ms == pytest.approx(note.start_ms, abs=0.01)
        assert got.last_ms == pytest.approx(note.last_ms, abs=0.01)


ARRAYS = st.integers(0, 23).flatmap(
    lambda t: hnp.arrays(np.float32, (12, t), elements=st.floats(width=32, allow_nan=True, allow_infinity=True))
)


@given(ARRAYS, st.sampled_from([0.0, 0.5]))
def test_arbitrary_arrays_decode_to_possible_notes(array, threshold):
    notes = codec_of(FRAME_MS, 4096, keys=3).decode(array, threshold)
    assert len(notes) == (array[:3] > threshold).sum()
    times = [(note.start_ms, note.column) for note in notes]
    assert times == sorted(times)
    for note in notes:
        assert 0 <= note.start_ms <= array.shape[1] * FRAME_MS
        assert note.column in range(3)
        assert note.end_ms is None or note.start_ms < note.end_ms <= array.shape[1] * FRAME_MS
        assert type(note.start_ms) is float


def test_real_charts_keep_every_note(shared):
    total = collisions = flattened = 0
    for path in sorted((shared / "data" / "charts").rglob("*.osu"))[::4]:
        try:
            beatmap = read_osu(path)
        except ChartError:
            continue
        codec = codec_of(FRAME_MS, int(beatmap.last_ms / FRAME_MS) + 2, keys=beatmap.keys)
        encoded = codec.encode(beatmap)
        kept = {(note.column, int(note.start_ms / FRAME_MS)): note for note in beatmap.notes}  # the later of a cell
        notes = codec.decode(encoded.note)
        want = sorted(kept.values(), key=lambda note: (round(note.start_ms, 2), note.column))
        got = sorted(notes, key=lambda note: (round(note.start_ms, 2), note.column))
        assert [note.column for note in got] == [note.column for note in want], path
        np.testing.assert_allclose([n.start_ms for n in got], [n.start_ms for n in want], atol=0.01)
        # A long note within one frame comes back plain, every other one with its tail.
        ends = [n.start_ms if int(n.last_ms / FRAME_MS) == int(n.start_ms / FRAME_MS) else n.last_ms for n in want]
        np.testing.assert_allclose([n.last_ms for n in got], ends, atol=0.01, err_msg=str(path))
        assert encoded.collisions == len(beatmap.notes) - len(kept)
        assert encoded.dropped == 0
        total, collisions = total + len(beatmap.notes), collisions + encoded.collisions
        flattened += encoded.flattened
    assert (total, collisions, flattened) == (178_951, 19, 415)
