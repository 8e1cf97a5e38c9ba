"""MIDI in and out: a round trip of any notes, literal files, and files from strangers that each end in one line."""

import io
from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mug.errors import MusicError
from mug.music.midi import MAX_BYTES, parse_midi, read_midi, write_midi
from mug.music.note import NOTE, make_notes


def midi(*tracks: list[mido.Message | mido.MetaMessage], **settings: int) -> bytes:
    file, stream = mido.MidiFile(**settings), io.BytesIO()
    file.tracks += [mido.MidiTrack(track) for track in tracks]
    file.save(file=stream)
    return stream.getvalue()


def note(key: int, wait: int, ticks: int, **of: int) -> list[mido.Message]:
    return [mido.Message("note_on", note=key, time=wait, **of), mido.Message("note_off", note=key, time=ticks, **of)]


def tempo(microseconds: int, wait: int = 0) -> mido.MetaMessage:
    return mido.MetaMessage("set_tempo", tempo=microseconds, time=wait)


PARTS = [(0, False), (5, False), (127, False), (0, True)]  # program, and whether it is the drums


@st.composite
def notes_of_keys(draw: st.DrawFn) -> np.ndarray:
    """Notes in whole ms; no two of one key and part touch."""
    rows = []
    keys = st.lists(st.tuples(st.integers(0, 127), st.sampled_from(PARTS)), min_size=1, max_size=9, unique=True)
    for pitch, part in draw(keys):
        now = 0
        for gap, length in draw(st.lists(st.tuples(st.integers(1, 300), st.integers(1, 900)), min_size=1, max_size=3)):
            start, now = now + gap, now + gap + length
            rows.append((start, now, start / 500, pitch, draw(st.integers(1, 127)), *part))
    return np.array(sorted(rows), dtype=NOTE)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(notes_of_keys())
def test_what_is_written_is_read(tmp_path: Path, notes: np.ndarray) -> None:
    write_midi(tmp_path / "round.mid", notes)
    read = np.sort(read_midi(tmp_path / "round.mid").notes)
    for name in NOTE.names or ():
        assert read[name].tolist() == pytest.approx(notes[name].tolist()), name


def test_a_note_ends_before_its_key_is_struck_again(tmp_path: Path) -> None:
    write_midi(tmp_path / "a.mid", make_notes(np.array([0.0, 5]), np.array([5.0, 9]), np.array([60, 60])))
    kinds = [(message.type, message.time) for message in mido.MidiFile(tmp_path / "a.mid").tracks[1]]
    assert kinds[1:-1] == [("note_on", 0), ("note_off", 5), ("note_on", 0), ("note_off", 4)]


def test_times_follow_the_tempo() -> None:
    track = [tempo(500_000), *note(60, 0, 480), tempo(1_000_000), *note(62, 0, 240), *note(64, 240, 960)]
    read = parse_midi(midi(track, ticks_per_beat=480), "a.mid").notes
    assert read["start_ms"].tolist() == [0, 500, 1500]
    assert read["end_ms"].tolist() == [500, 1000, 3500]
    assert read["beat"].tolist() == [0, 1, 2]
    assert read["pitch"].tolist() == [60, 62, 64]


def test_programs_drums_and_meters_are_kept(tmp_path: Path) -> None:
    signature = mido.MetaMessage("time_signature", numerator=6, denominator=8, time=0)
    program = mido.Message("program_change", channel=2, program=40)
    content = midi([signature, program, *note(60, 0, 480, channel=2)], [*note(36, 480, 10, channel=9)])
    music = parse_midi(content, "a.mid")
    assert music.meters == ((0.0, 3.0),)
    assert music.pitched["program"].tolist() == [40]
    assert music.drums["pitch"].tolist() == [36]
    write_midi(tmp_path / "out.mid", music.notes)
    assert read_midi(tmp_path / "out.mid").drums["pitch"].tolist() == [36]


def test_a_note_without_an_end_lasts_to_the_end_of_the_file() -> None:
    content = midi([mido.Message("note_on", note=60, time=0), *note(62, 480, 480)], ticks_per_beat=480)
    assert parse_midi(content, "a.mid").notes["end_ms"].tolist() == [1000, 1000]


def test_a_file_in_film_frames_is_timed_by_them() -> None:
    content = bytearray(midi([*note(60, 0, 1000)]))
    content[12:14] = bytes([256 - 25, 40])  # 25 frames of 40 ticks: a tick is 1 ms
    assert parse_midi(bytes(content), "a.mid").notes["end_ms"].tolist() == [1000]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (midi([tempo(0), *note(60, 0, 9)]), "a.mid: a tempo of 0 at beat 0; set one in a MIDI editor, or leave it"),
        (midi([tempo(500_000)]), "a.mid: has no notes; leave it out"),
        (midi([*note(60, 0, 9)], ticks_per_beat=0), "a.mid: a beat has 0 ticks; export it again, or leave it out"),
        (midi([*note(60, 0, 9)], [*note(60, 0, 9)], type=2), "a.mid: has 2 independent songs in it; save each as a "),
        (midi([tempo(16_000_000), *note(60, 2**27, 9)]), "a.mid: lasts 1.24e+03 hours, 3 are allowed; cut it"),
        (b"RIFF" * 9, "a.mid: not a readable MIDI file (MThd not found. Probably not a MIDI file); export it again"),
        (midi([*note(60, 0, 9)])[:30], "a.mid: not a readable MIDI file (it is cut off); export it again, or leave it"),
    ],
)
def test_a_bad_file_is_one_line_that_says_what_to_do(content: bytes, said: str) -> None:
    with pytest.raises(MusicError) as error:
        parse_midi(content, "a.mid")
    assert str(error.value).startswith(said)
    assert "\n" not in str(error.value)


def test_ten_million_events_are_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "black.mid"
    with path.open("wb") as file:
        file.truncate(30_000_000)  # three bytes an event
    with pytest.raises(MusicError, match=r"black\.mid: 30 MB; a MIDI file of a piece has at most 1 MB: split it"):
        read_midi(path)
    assert MAX_BYTES == 1_000_000


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=12), st.integers(0, 120))
def test_damaged_bytes_end_in_an_error_or_in_notes(changes: list[tuple[int, int]], cut: int) -> None:
    content = bytearray(midi([tempo(400_000), *note(60, 0, 480), *note(64, 3, 480)], [*note(36, 9, 9, channel=9)]))
    for place, value in changes:
        content[place % len(content)] = value
    try:
        music = parse_midi(bytes(content[: len(content) - cut]), "a.mid")
    except MusicError:
        return
    assert len(music.notes)
    assert np.isfinite(music.notes["end_ms"]).all()
    assert (music.notes["end_ms"] >= music.notes["start_ms"]).all()
