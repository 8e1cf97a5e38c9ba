"""Charts to the note arrays of training items: the recorded arrays, and what a convertor puts together."""

import json

import numpy as np
import pytest

from mug.charts.beatmap import Note
from mug.charts.osu import parse_osu
from mug.charts.osu_lines import format_note
from mug.data.convertor import ManiaConvertor
from mug.data.note_codec import NoteCodec
from mug.data.time_grid import TimeGrid

FRAME_MS = 46.439909297052154


@pytest.fixture(scope="module")
def records(parity):
    return json.loads((parity / "convertor.json").read_text())


def end_ms(fields: list[str]) -> int:
    """When the hit object with these fields is over."""
    return int(fields[5].split(":")[0]) if fields[3] == "128" else int(fields[2])


def known_differences(name: str, params: dict) -> set[tuple[int, int]]:
    """Cells where the record is wrong: it loses x = 512 and decimals, and cuts before it changes the rate."""
    rate, offset_ms = params.get("rate", 1.0), params.get("offset_ms", 0.0)

    def at(time_ms: float, column: int) -> set[tuple[int, int]]:
        frame = int((time_ms / rate + offset_ms) / FRAME_MS)
        column = 3 - column if params.get("mirror") else column
        return {(column, frame), (4 + column, frame)}

    if name == "rice":
        return at(9100, 3) | {max(at(9500.75, 1))} | at(200_000, 2)
    if name == "ln" and rate > 1:
        return {(channel, frame) for channel in (11, 15) for frame in range(3722, 3818)}
    return set()


@pytest.mark.parametrize("run", range(5), ids=["plain", "mirror", "rate 1.1", "rate 0.9", "offset"])
@pytest.mark.parametrize("name", ["rice", "ln", "mixed"])
def test_recorded_arrays(records, name, run):
    chart, record = records["maps"][name], records["maps"][name]["runs"][run]
    beatmap = parse_osu(chart["osu"].encode(), name)
    convertor = ManiaConvertor(records["frame_ms"], records["max_frame"], **record["params"])
    encoded = convertor.encode(beatmap)
    want = np.zeros(record["shape"], dtype=np.float32)
    for channel, frame, value in record["triples"]:
        want[channel, frame] = value
    cells = {(int(c), int(t)) for c, t in zip(*(encoded.note != want).nonzero(), strict=True)}
    assert cells <= known_differences(name, record["params"])
    assert encoded.collisions == 0

    # The record's valid flag leaves out the last note's frame.
    if not (record["params"].get("rate", 1) > 1 and cells):
        assert encoded.valid_flag.sum() == record["valid_flag_sum"] + 1

    # What is decoded from the recorded array starts where it did; a tail that shares its frame with the next start is
    # cut by up to a frame in the record, and not by us.
    notes = convertor.decode(want)
    assert convertor.decode(np.where(want == 0, -1, want), threshold=0.0) == notes
    got = [format_note(note, 4).split(",") for note in notes]
    recorded = [line.split(",") for line in record["objects_out"]]
    assert [line[:3] for line in got] == [line[:3] for line in recorded]
    late_ms = [end_ms(ours) - end_ms(theirs) for ours, theirs in zip(got, recorded, strict=True)]
    assert 0 <= min(late_ms) <= max(late_ms) <= 2 * FRAME_MS
    assert np.count_nonzero(late_ms) == {"rice": 0, "ln": 1, "mixed": 31}[name]


def test_convertor_is_a_grid_and_a_codec():
    convertor = ManiaConvertor(10.0, 50, keys=7, rate=2.0, offset_ms=-7.0)
    assert convertor.codec == NoteCodec(TimeGrid(10.0, 50, rate=2.0, offset_ms=-7.0), keys=7)
    with pytest.raises(ValueError, match="impossible grid"):
        ManiaConvertor(0.0, 5)


def test_rate_divides_before_the_offset_is_added():
    convertor = ManiaConvertor(10.0, 50, keys=1, rate=2.0, offset_ms=7.0)
    (note,) = convertor.decode(convertor.encode([Note(100, 0, 150)]).note)
    assert (note.start_ms, note.end_ms) == pytest.approx((57.0, 82.0), abs=1e-3)


def test_columns_change_before_notes_meet_the_grid():
    notes = [Note(5, 0, 45), Note(155, 0), Note(415, 1)]
    plain = ManiaConvertor(10.0, 50, keys=2)
    mirror = ManiaConvertor(10.0, 50, keys=2, mirror=True)
    assert [note.column for note in plain.decode(mirror.encode(notes).note)] == [1, 1, 0]
    passages = ManiaConvertor(10.0, 50, keys=2, mirror_at_interval_prob=1.0)
    encoded = passages.encode(notes, np.random.default_rng(0))
    assert (encoded.note == mirror.encode(notes).note).all()
    assert (encoded.valid_flag == plain.encode(notes).valid_flag).all()


@pytest.mark.parametrize("params", [{"random": True}, {"mirror_at_interval_prob": 0.5}])
def test_choice_without_a_generator_is_refused(params):
    with pytest.raises(ValueError, match="needs a generator"):
        ManiaConvertor(10.0, 50, **params).encode([Note(5, 0)])
