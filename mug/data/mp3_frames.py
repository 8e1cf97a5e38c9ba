"""Finds the frames of an mp3 file without decoding. Anything between them is damage, a tag or another file.

Headers of frames: ISO 11172-3 and 13818-3, layer III. Information frames: Xing and LAME ("Xing", "Info"), Fraunhofer
("VBRI").
"""

import re
import struct
from dataclasses import dataclass, replace

KBITS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)  # a second, by a header's bits; MPEG 1
KBITS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)  # MPEG 2 and 2.5
RATES = (44100, 48000, 32000)  # Hz of MPEG 1
DIVISORS = {3: 1, 2: 2, 0: 4}  # of the rates: MPEG 1, 2 and 2.5 by the header's bits
SYNC = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]")  # a header's first bytes
N_CONFIRMED = 3  # so many frames follow each other where music goes on, or the file ends
DECODER_DELAY = 529  # samples that a decoder adds to an encoder's
HEADER_BYTES = 4


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame's header: its size in bytes, its rate in Hz, how many samples and channels it decodes to."""

    size: int
    sr: int
    samples: int
    channels: int

    def is_like(self, other: "Frame") -> bool:
        return (self.sr, self.samples, self.channels) == (other.sr, other.samples, other.channels)


@dataclass(frozen=True, slots=True)
class Run:
    """Frames that follow each other without a gap: bytes `start` to `end`, and the first one's header.

    head: where its information frame begins (not counted in `n_frames`), or `start` without one. delay: samples at its
    start that are not music, by the information frame.
    """

    frame: Frame
    head: int
    start: int
    end: int
    n_frames: int
    last_size: int  # bytes of its last frame
    delay: int = 0

    def without_last(self) -> "Run":
        return replace(self, end=self.end - self.last_size, n_frames=self.n_frames - 1)

    @property
    def n_samples(self) -> int:
        return self.n_frames * self.frame.samples


@dataclass(frozen=True, slots=True)
class Mp3:
    """The frames of a file.

    stated, stated_bytes: the numbers of frames and bytes in its first information frame, None without one. lost_bytes,
    tail_bytes: bytes that are neither frames nor tags, between the frames and after them.
    """

    runs: tuple[Run, ...]
    stated: int | None
    stated_bytes: int | None
    lost_bytes: int
    tail_bytes: int

    @property
    def n_frames(self) -> int:
        return sum(run.n_frames for run in self.runs)

    @property
    def is_cut_off(self) -> bool:
        """Whether the header tells of music that the file no longer has."""
        first, last = self.runs[0], self.runs[-1]
        return self.stated_bytes is not None and last.end - first.head + self.tail_bytes < 0.99 * self.stated_bytes

    @property
    def seconds(self) -> float:
        return sum(run.n_samples / run.frame.sr for run in self.runs)


def find_frames(data: bytes) -> Mp3 | None:
    """Find the frames of a file. None where no layer III frames follow each other."""
    runs: list[Run] = []
    stated: int | None = None
    stated_bytes: int | None = None
    lost_bytes = 0
    at = _after_tags(data, 0)
    while (head := _next_run(data, at)) is not None:
        if runs:
            lost_bytes += head - at
            if head > at:  # what the last frame before damage holds is damaged, too
                lost_bytes += runs[-1].last_size
                runs[-1] = runs[-1].without_last()
        first = read_frame(data, head)
        assert first is not None
        start, delay = head, 0
        if (information := _information(data[head : head + first.size], first)) is not None:
            *said, delay = information
            if not runs:
                stated, stated_bytes = (number or None for number in said)
            start += first.size
        at, n_frames, last_size = start, 0, 0
        while (frame := read_frame(data, at)) is not None and frame.is_like(first) and at + frame.size <= len(data):
            at, n_frames, last_size = at + frame.size, n_frames + 1, frame.size
        if n_frames:
            runs.append(Run(first, head, start, at, n_frames, last_size, delay))
        at = _after_tags(data, at)
    runs = [run for run in runs if run.n_frames]
    return Mp3(tuple(runs), stated, stated_bytes, lost_bytes, len(data) - at) if runs else None


def information_frame(data: bytes, run: Run) -> bytes:
    """Return a frame that says how many frames a run has: decoders believe it, and guess without one."""
    version = data[run.start + 1] >> 3 & 3
    bits = 9 << 4 | data[run.start + 2] & 0x0C  # 128 kbit/s or 80, so that there is room
    header = bytes([0xFF, data[run.start + 1] | 1, bits, data[run.start + 3]])
    frame = read_frame(header, 0)
    assert frame is not None
    body = bytes(_side_bytes(version == 3, frame.channels)) + b"Info" + struct.pack(">II", 1, run.n_frames)
    return (header + body).ljust(frame.size, b"\0")


def read_frame(data: bytes, at: int) -> Frame | None:
    """Return the layer III frame whose header is at a byte, None where there is none."""
    if len(data) < at + HEADER_BYTES or SYNC.match(data, at) is None:
        return None
    version, bits = data[at + 1] >> 3 & 3, data[at + 2]
    kbits, rate, padding = bits >> 4, bits >> 2 & 3, bits >> 1 & 1
    if kbits in (0, 15) or rate == 3:
        return None
    sr = RATES[rate] // DIVISORS[version]
    samples = 1152 if version == 3 else 576
    size = samples // 8 * 1000 * (KBITS if version == 3 else KBITS_2)[kbits] // sr + padding
    return Frame(size, sr, samples, 1 if data[at + 3] >> 6 == 3 else 2)


def _next_run(data: bytes, at: int) -> int | None:
    """The position at or after a byte where frames follow each other again."""
    for match in SYNC.finditer(data, at):
        first = frame = read_frame(data, match.start())
        following, n = match.start(), 0
        while frame is not None and first is not None and frame.is_like(first) and following < len(data):
            following, n = following + frame.size, n + 1
            if n == N_CONFIRMED:
                return match.start()
            frame = read_frame(data, following)
        if n > 1 and following == len(data):
            return match.start()
    return None


def _information(frame: bytes, header: Frame) -> tuple[int, int, int] | None:
    """Return the numbers of frames and bytes that an information frame states (0 for none) and the delay in samples.

    None for any other frame.
    """
    at = HEADER_BYTES + _side_bytes(header.samples == 1152, header.channels)
    if frame[at : at + 4] in (b"Xing", b"Info"):
        flags = int.from_bytes(frame[at + 4 : at + 8], "big")
        n_frames = int.from_bytes(frame[at + 8 : at + 12], "big") if flags & 1 else 0
        after = at + 8 + 4 * (flags & 1)
        n_bytes = int.from_bytes(frame[after : after + 4], "big") if flags & 2 else 0
        lame = at + 8 + 4 * (flags & 1) + 4 * (flags >> 1 & 1) + 100 * (flags >> 2 & 1) + 4 * (flags >> 3 & 1)
        delays = frame[lame + 21 : lame + 24]  # of the encoder, and what it added at the end, 12 bits each
        delay = int.from_bytes(delays[:2], "big") >> 4 if len(delays) == 3 else 0
        return n_frames, n_bytes, delay + DECODER_DELAY if delay else 0
    if frame[36:40] == b"VBRI":
        return int.from_bytes(frame[50:54], "big"), int.from_bytes(frame[46:50], "big"), 0
    return None


def _side_bytes(is_mpeg_1: bool, channels: int) -> int:
    """How many bytes of a frame are between its header and its music."""
    return (17 if channels == 1 else 32) if is_mpeg_1 else (9 if channels == 1 else 17)


def _after_tags(data: bytes, at: int) -> int:
    """The byte after the ID3 tags at a byte, if there are any."""
    while True:
        if data[at : at + 3] == b"ID3" and len(data) >= at + 10:
            size = 0
            for byte in data[at + 6 : at + 10]:
                size = size << 7 | byte & 0x7F
            at += 10 + size + (10 if data[at + 5] & 0x10 else 0)
        elif data[at : at + 3] == b"TAG" and len(data) >= at + 128:
            at += 128
        elif data[at : at + 8] == b"APETAGEX" and len(data) >= at + 32:
            at += 32 + int.from_bytes(data[at + 12 : at + 16], "little")
        else:
            return at
