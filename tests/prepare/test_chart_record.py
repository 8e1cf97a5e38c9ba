"""What features.db keeps of a chart: notes come back exactly, and each part of a record is what its function says."""

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mug.charts.beatmap import TimingPoint
from mug.charts.osu import parse_osu
from mug.errors import DatasetError
from mug.prepare.chart_record import (
    MSD,
    NOTES,
    SR,
    Task,
    describe_chart,
    digest_of,
    pack_notes,
    pack_timing,
    unpack_notes,
    unpack_timing,
)
from mug.ratings.chart_features import RATE_FEATURES, chart_features, features_at
from tests.prepare.song_folders import chart

TIMES = st.floats(-8.64e7, 8.64e7)


@given(st.lists(st.tuples(st.integers(0, 17), TIMES, TIMES), min_size=1, max_size=50))
def test_notes_come_back_to_the_last_bit(notes):
    column, start_ms, last_ms = (np.array(values) for values in zip(*notes, strict=True))
    unpacked = unpack_notes(pack_notes(column, start_ms, last_ms))
    assert [array.dtype for array in unpacked] == [np.int64, np.float64, np.float64]
    for array, expected in zip(unpacked, (column, start_ms, last_ms), strict=True):
        np.testing.assert_array_equal(array, expected)


def test_a_stream_takes_less_than_two_bytes_a_note():
    start_ms = np.round(np.arange(2000) * 62.5)
    assert len(pack_notes(np.arange(2000) * 3 % 4, start_ms, start_ms)) < 4000


@pytest.mark.parametrize(
    "packed", [b"", b"no notes", None, pack_notes(*[np.zeros(0)] * 3), pack_notes(*[np.zeros(9)] * 3)[:-8]]
)
def test_damaged_notes_say_so(packed):
    with pytest.raises(DatasetError, match="damaged"):
        unpack_notes(packed)


@pytest.mark.parametrize(
    ("column", "start_ms", "last_ms"),
    [(-1, 0.0, 0.0), (0, np.nan, 0.0), (0, 0.0, np.inf), (0, -2e8, 0.0), (0, 0.0, 1e300)],
)
def test_notes_that_no_chart_has_are_damage(column, start_ms, last_ms):
    notes = np.array([3, column]), np.array([100.0, start_ms]), np.array([100.0, last_ms])
    with pytest.raises(DatasetError, match="damaged"):
        unpack_notes(pack_notes(*notes))


def test_a_blob_that_unpacks_to_gigabytes_is_cut_off():
    bomb = zlib.compressobj(9)
    packed = b"".join(bomb.compress(bytes(2**20)) for _ in range(64)) + bomb.flush()
    assert len(unpack_notes(packed)[0]) == 200_000


def test_timing_points_come_back_exactly():
    points = (TimingPoint(-3.7, 1000 / 3, 4), TimingPoint(1e6 + 0.1, 60_000 / 197, 3))
    assert unpack_timing(pack_timing(points)) == points
    assert unpack_timing(pack_timing([])) == ()


@pytest.mark.parametrize(
    "packed",
    [b"", None, zlib.compress(bytes(20)), pack_timing([TimingPoint(0, 0)]), pack_timing([TimingPoint(0, np.nan)])],
)
def test_damaged_timing_says_so(packed):
    with pytest.raises(DatasetError, match="damaged"):
        unpack_timing(packed)


@pytest.fixture
def task(tmp_path):
    path = tmp_path / "a.osu"
    path.write_bytes(chart(beatmap_set_id=7, version="Hard"))
    return Task(path, digest_of(path.read_bytes()), (NOTES, SR, MSD), (0.9, 1.5))


def test_a_whole_record(task):
    data = task.path.read_bytes()
    parsed = parse_osu(data, "a.osu")
    record = describe_chart(task)
    notes = unpack_notes(record.chart.pop("notes"))
    assert list(zip(*(array.tolist() for array in notes), strict=True)) == [
        (note.column, note.start_ms, note.last_ms) for note in parsed.notes
    ]
    assert unpack_timing(record.chart.pop("timing")) == tuple(parsed.timing_points)
    names = {"digest": task.digest, "set_id": 7, "version": "Hard", "audio": "audio.wav", "keys": 4}
    names |= {"artist": "", "title": "", "creator": ""}
    assert record.chart == names | {"bpm": 120.0, "changes_tempo": False, "changes_scroll": False}
    assert {**record.feature, "rank_status": None} == chart_features(parsed, data)
    slow, fast = features_at(parsed, data, (0.9, 1.5))
    assert record.rated == [{"rate": 0.9, **slow}, {"rate": 1.5, **fast}]
    assert record.error == ""


@pytest.mark.parametrize(
    ("part", "features"),
    [(SR, {"sr"}), (MSD, set(RATE_FEATURES) - {"sr"}), (NOTES, {"ln_ratio", "rc", "hb", "ln"})],
)
def test_a_part_is_what_it_is_in_the_whole(task, part, features):
    whole = describe_chart(task)
    record = describe_chart(Task(task.path, task.digest, (part,), task.rates))
    assert record.feature == {name: whole.feature[name] for name in features}
    rated = [] if part == NOTES else [{name: row[name] for name in ("rate", *features)} for row in whole.rated]
    assert record.rated == rated
    assert ("notes" in record.chart) == (part == NOTES)


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"other")])
def test_what_is_wrong_is_in_the_record(task, damage):
    damage(task.path)
    record = describe_chart(task)
    assert "a.osu" in record.error
    assert (record.chart, record.feature, record.rated) == ({}, {}, [])
