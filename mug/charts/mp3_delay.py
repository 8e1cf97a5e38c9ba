"""How much later StepMania plays an mp3 than our decoder does, and charts moved to make up for it.

An mp3 begins with silence that the encoder and the decoder need, 576 + 529 samples for LAME. If the file's first frame
is a header, called Xing (VBR) or Info (CBR), it gives the length of that silence, and osu! and our decoder
(libsndfile's mpg123) skip it. StepMania (RageSoundReader_MP3.cpp, libmad) plays it, and plays the frame of an Info
header as silence, too. So with a 44.1 kHz mp3 and an Info header, a note at 250 ms of the music is at 250 + 51.2 ms in
the .sm; 25.1 ms of this is the encoder's and decoder's silence, the rest is the frame. docs/charts.md says how this was
established.
"""

import re
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from mug.charts.beatmap import Beatmap, TimingPoint

HEAD_BYTES = 2**16  # the first frame begins within these
MAX_TAGS = 16  # ID3 tags before it
DECODER_DELAY = 529  # samples
HERTZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}  # by the version bits
MPEG_1 = 3
SYNC = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]")  # frames of layer 3


class Mp3Header(NamedTuple):
    """What the header frame of an mp3 says about the silence before the music."""

    is_info: bool  # of a CBR file
    hertz: int
    frame_samples: int
    skipped_samples: int  # skipped by decoders that read the header


def stepmania_delay_ms(audio: Path) -> float:
    """Return how much later StepMania plays a file's music than our decoder does, in ms; 0 for all but mp3.

    Raises OSError for a file that cannot be read.
    """
    header = read_mp3_header(audio)
    if header is None:
        return 0.0
    silent = header.skipped_samples + (header.frame_samples if header.is_info else 0)
    return silent / header.hertz * 1000.0


def shifted(chart: Beatmap, shift_ms: float) -> Beatmap:
    """Return a chart whose notes and timing points are all `shift_ms` later."""
    if not shift_ms:
        return chart
    notes = [
        replace(
            note,
            start_ms=note.start_ms + shift_ms,
            end_ms=None if note.end_ms is None else note.end_ms + shift_ms,
        )
        for note in chart.notes
    ]
    preview_ms = max(round(chart.preview_ms + shift_ms), 0) if chart.preview_ms >= 0 else -1
    return replace(
        chart, notes=notes, timing_points=shifted_points(chart.timing_points, shift_ms), preview_ms=preview_ms
    )


def shifted_points(points: list[TimingPoint], shift_ms: float) -> list[TimingPoint]:
    """Return timing points that are all `shift_ms` later."""
    return [replace(point, time_ms=point.time_ms + shift_ms) for point in points]


def read_mp3_header(audio: Path) -> Mp3Header | None:
    """Return what the header frame of an mp3 says; None for a file without one or of another format."""
    with audio.open("rb") as file:
        for _ in range(MAX_TAGS):
            tag = file.read(10)
            if len(tag) < 10 or tag[:3] != b"ID3":
                file.seek(-len(tag), 1)
                break
            size = (tag[6] & 127) << 21 | (tag[7] & 127) << 14 | (tag[8] & 127) << 7 | tag[9] & 127
            file.seek(size + (10 if tag[5] & 0x10 else 0), 1)  # a footer repeats the 10 bytes
        data = file.read(HEAD_BYTES)
    if data[:4] in (b"OggS", b"RIFF", b"fLaC"):
        return None
    return next((header for sync in SYNC.finditer(data) if (header := _header(data[sync.start() :]))), None)


def _header(frame: bytes) -> Mp3Header | None:
    """Parse a frame from its first byte on; None for a frame of sound."""
    if len(frame) < 4:
        return None
    version, rate, is_mono = frame[1] >> 3 & 3, frame[2] >> 2 & 3, frame[3] >= 0xC0
    if rate == 3:
        return None
    side_bytes = (17 if is_mono else 32) if version == MPEG_1 else (9 if is_mono else 17)
    tag = frame[4 + side_bytes :]
    if tag[:4] not in (b"Info", b"Xing") or len(tag) < 144:
        return None
    flags, n_frames = int.from_bytes(tag[4:8]), int.from_bytes(tag[8:12])
    at = 8 + 4 * (flags & 1) + 4 * (flags >> 1 & 1) + 100 * (flags >> 2 & 1) + 4 * (flags >> 3 & 1)
    encoder, delays = tag[at : at + 9], tag[at + 21 : at + 24]
    skipped = 0
    if flags & 1 and n_frames:  # without the number of frames mpg123 skips nothing
        skipped = DECODER_DELAY + (delays[0] << 4 | delays[1] >> 4 if encoder[0] else 0)
    return Mp3Header(tag[:4] == b"Info", HERTZ[version][rate], 1152 if version == MPEG_1 else 576, skipped)
