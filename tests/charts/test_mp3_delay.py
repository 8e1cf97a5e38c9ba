"""Charts of StepMania are moved to where their notes sound in an mp3 as it is decoded here."""

import numpy as np
import pytest
import soundfile

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.chart_files import at_decoded_times, read_timing
from mug.charts.mp3_delay import read_mp3_header, shifted, stepmania_delay_ms
from mug.errors import ChartError


def click_at_250_ms(path, sr=44100, mode="CONSTANT", channels=1):
    samples = np.zeros((sr, channels))
    samples[sr // 4 : sr // 4 + 20] = 0.9
    options = {"bitrate_mode": mode, "compression_level": 0.5} if path.suffix == ".mp3" else {}
    soundfile.write(path, samples, sr, **options)
    return path


def heard_ms(path):
    """When the click is heard in the audio as MuG decodes it."""
    samples, sr = soundfile.read(path, always_2d=True)
    return float(np.argmax(np.abs(samples[:, 0]) > 0.4)) / sr * 1000


def played_by_stepmania_ms(path):
    """When StepMania plays the click: every frame of sound from its first sample on, an Info frame as silence."""
    header, data = read_mp3_header(path), path.read_bytes()
    at = max(data.find(b"Info"), data.find(b"Xing"))
    next_frame = data.find(data[:1] + data[1:2], at + 150)
    (path.parent / "no_header.mp3").write_bytes(data[next_frame:])  # nothing tells how much to leave out
    silent = header.frame_samples if data[at : at + 4] == b"Info" else 0
    return heard_ms(path.parent / "no_header.mp3") + silent / header.hertz * 1000


@pytest.mark.parametrize(
    ("sr", "mode", "channels", "delay_ms"),
    [
        (44100, "CONSTANT", 1, 51.18),  # (1152 + 576 + 529) / 44.1
        (44100, "CONSTANT", 2, 51.18),
        (44100, "VARIABLE", 2, 25.06),
        (48000, "CONSTANT", 2, 47.02),
        (22050, "CONSTANT", 1, 76.24),  # a frame has 576 samples
        (22050, "VARIABLE", 2, 50.11),
        (8000, "VARIABLE", 1, 138.13),
    ],
)
def test_the_delay_is_that_of_stepmania_s_decoder(tmp_path, sr, mode, channels, delay_ms):
    audio = click_at_250_ms(tmp_path / "a.mp3", sr, mode, channels)
    assert stepmania_delay_ms(audio) == pytest.approx(delay_ms, abs=0.01)
    assert heard_ms(audio) == pytest.approx(250, abs=0.1)
    assert played_by_stepmania_ms(audio) - stepmania_delay_ms(audio) == pytest.approx(250, abs=0.2)


def patched(tmp_path, **changes):
    data = bytearray(click_at_250_ms(tmp_path / "a.mp3").read_bytes())
    at = data.find(b"Info")
    for offset, new in changes.values():
        data[at + offset : at + offset + len(new)] = new
    (tmp_path / "a.mp3").write_bytes(data)
    return tmp_path / "a.mp3"


@pytest.mark.parametrize(
    ("changes", "skipped"),
    [
        ({"delay": (141, bytes([0x45, 0x14, 0x38]))}, 0x451 + 529),
        ({"encoder": (120, b"Lavf58.12")}, 576 + 529),
        ({"no encoder": (120, bytes(36))}, 529),
        ({"no number of frames": (7, b"\x0e")}, 0),
    ],
)
def test_of_a_header_the_decoder_leaves_out_what_is_expected(tmp_path, changes, skipped):
    audio = patched(tmp_path, **changes)
    header = read_mp3_header(audio)
    if skipped:
        assert header.skipped_samples == skipped
        assert heard_ms(audio) == pytest.approx(250 + (576 + 529 - skipped) / 44.1, abs=0.1)
    else:
        assert header is None or header.skipped_samples == 0


def test_tags_before_the_first_frame_are_skipped(tmp_path):
    data = click_at_250_ms(tmp_path / "a.mp3").read_bytes()
    tag = b"ID3\x04\x00\x00\x00\x00\x08\x00" + b"\xff\xfb" * 512  # 1024 bytes that look like frames
    (tmp_path / "b.mp3").write_bytes(tag + tag + bytes(50) + data)
    assert stepmania_delay_ms(tmp_path / "b.mp3") == pytest.approx(51.18, abs=0.01)


@pytest.mark.parametrize("data", [b"", b"ID3", b"\xff\xfb", b"\xff\xfb\x90\xc4" + bytes(600), b"OggS" + bytes(99)])
def test_a_file_without_a_header_has_no_delay(tmp_path, data):
    (tmp_path / "a.mp3").write_bytes(data)
    assert stepmania_delay_ms(tmp_path / "a.mp3") == 0


def test_only_stepmania_charts_of_an_mp3_are_moved(tmp_path):
    audio = click_at_250_ms(tmp_path / "a.mp3")
    ogg = click_at_250_ms(tmp_path / "a.ogg")
    chart = Beatmap(4, [Note(300, 0), Note(400, 1, 500)], [TimingPoint(100, 500)], preview_ms=20)
    for name in ("a.sm", "a.SSC"):
        moved = at_decoded_times(chart, name, audio)
        assert [(note.start_ms, note.last_ms) for note in moved.notes] == [
            *[
                (pytest.approx(248.82, abs=0.01),) * 2,
                (pytest.approx(348.82, abs=0.01), pytest.approx(448.82, abs=0.01)),
            ]
        ]
        assert moved.timing_points == [TimingPoint(pytest.approx(48.82, abs=0.01), 500)]
        assert moved.preview_ms == 0
        assert at_decoded_times(chart, name, ogg) == at_decoded_times(chart, name, None) == chart
    assert at_decoded_times(chart, "a.qua", audio) == chart
    assert shifted(chart, 0) is chart
    with pytest.raises(ChartError, match=r"none\.mp3: cannot be read"):
        at_decoded_times(chart, "a.sm", tmp_path / "none.mp3")


def test_stepmania_timing_is_moved_to_the_decoded_audio(tmp_path):
    (tmp_path / "a.sm").write_text("#OFFSET:-0.5;#BPMS:0=120;")
    audio = click_at_250_ms(tmp_path / "a.mp3")
    assert read_timing(tmp_path / "a.sm", audio)[0].time_ms == pytest.approx(448.82, abs=0.01)
    assert read_timing(tmp_path / "a.sm")[0].time_ms == 500
