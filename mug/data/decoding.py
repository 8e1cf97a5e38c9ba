"""Decodes music files, recognised by their content; damaged ones are decoded as far as possible.

libsndfile reads mp3, ogg, flac, wav and aiff, but stops at damage, at the second part of joined files, and where a
header says the file ends. It is given such mp3 and ogg files in undamaged parts. All other formats, and damaged flac,
are read by PyAV (FFmpeg's libraries), or by the ffmpeg program if PyAV is not installed.

Axes: S samples, C channels.
"""

import io
import os
import re
import shlex
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile
import soxr

from mug.data.ffmpeg import decode_with_ffmpeg
from mug.data.mp3_frames import find_frames, information_frame
from mug.data.ogg_pages import read_links
from mug.errors import AudioError

MAX_SECONDS = 3600.0  # longer files are refused before they fill the memory
MAX_BYTES = 2**30  # of an mp3 or ogg file; an hour at 320 kbit/s is 144 MB
HEAD_BYTES = 64
BLOCK_SAMPLES = 2**18
SLACK_FRAMES = 8  # of an mp3, which encoders add and decoders leave out
FEWEST_BITS = 100.0  # per second; a file that states a length with fewer than these is wrong about it
LOUDEST = 8.0  # full scale is 1; an mp3 is louder only where it is damaged
LOSS_S = 0.05  # less is not a loss: encoders and decoders differ by that much
STDERR_LOCK = threading.Lock()
MAX_PARTS = 1000  # of a joined or damaged file
BY_ENDING = {".mp3": "mp3", ".ogg": "ogg", ".oga": "ogg", ".opus": "ogg"}  # of files that begin with something else
READ_BY_LIBSNDFILE = (None, "flac", "wav", "aiff", "caf")  # besides mp3 and ogg; None: it knows some rarer ones

CONTAINERS = {  # by a file's first bytes; the names are FFmpeg's. Playlists, which lead to other files, are not here
    re.compile(rb"....ftyp", re.DOTALL): "mov",
    re.compile(rb"\x1aE\xdf\xa3"): "matroska",
    re.compile(rb"\xff[\xf0\xf1\xf8\xf9]"): "aac",
    re.compile(rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11"): "asf",
    re.compile(rb"fLaC"): "flac",
    re.compile(rb"OggS"): "ogg",
    re.compile(rb"RIFF|RF64"): "wav",
    re.compile(rb"FORM"): "aiff",
    re.compile(rb"caff"): "caf",
    re.compile(rb"MAC "): "ape",
    re.compile(rb"wvpk"): "wv",
    re.compile(rb"TTA1"): "tta",
    re.compile(rb"ID3|\xff[\xe2-\xff]"): "mp3",
}


@dataclass(frozen=True, slots=True)
class Sound:
    """The sound in a file: float32 [S, C] at `sr` Hz.

    kind: "mp3", "ogg vorbis" or another format. lost_s: seconds that could not be decoded. as_it_is: whether other
    programs play the same sound: nothing is damaged or joined, and the length is that of the header.
    """

    samples: np.ndarray
    sr: int
    kind: str
    lost_s: float = 0.0
    as_it_is: bool = True


def decode(path: str | Path, max_seconds: float = MAX_SECONDS) -> Sound:
    """Decode a file, damaged ones to the end.

    The silence that an mp3 encoder puts before the music is left out if the file's header gives its length; without a
    header some 25 ms of it stay. Raises AudioError for a file that is missing, not decodable, empty or longer than
    `max_seconds`; a header that states such a length is enough.
    """
    path = Path(path)
    if not path.is_file():
        raise AudioError(f"{path}: no such audio file")
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise AudioError(f"{path}: not decodable (the file is empty)")
    container = container_of(head) or BY_ENDING.get(path.suffix.lower())
    try:
        if container == "ogg":
            sound = _decode_ogg(path, max_seconds)
        elif container == "mp3":
            with without_messages():
                sound = _decode_mp3(path, max_seconds)
        elif container in READ_BY_LIBSNDFILE:
            sound = _decode_plain(path, max_seconds)
        else:
            sound = _decode_elsewhere(path, container, max_seconds, "")
        if not len(sound.samples) and container is not None:  # of a header that says so
            sound = _decode_elsewhere(path, container, max_seconds, "holds no sound")
    except soundfile.LibsndfileError as error:
        why = str(error.error_string).strip(" .")
        if not why or why.startswith("File does not exist"):  # libsndfile's word for an mp3 without a frame
            why = "damaged, or no audio"
        sound = _decode_elsewhere(path, container, max_seconds, why)
    if not len(sound.samples):
        raise AudioError(f"{path}: holds no sound")
    return sound


def container_of(head: bytes) -> str | None:
    """Return the container that a file's first bytes indicate, None if they match no known one."""
    return next((name for pattern, name in CONTAINERS.items() if pattern.match(head)), None)


def too_long(path: Path, seconds: float | None, max_seconds: float) -> AudioError:
    """The error for a song that is too long, and how to cut it."""
    most = f"{max_seconds / 60:.1f}".removesuffix(".0")
    length = f"longer than {most} minutes" if seconds is None else f"{seconds / 60:.1f} minutes long"
    part = shlex.quote(f"{path.stem} part{path.suffix}")
    return AudioError(
        f"{path}: {length}; at most {most} can be used. Cut it first, in Audacity or with "
        f"ffmpeg -i {shlex.quote(path.name)} -t {max_seconds:g} -c copy {part}"
    )


def _decode_plain(path: Path, max_seconds: float) -> Sound:
    with soundfile.SoundFile(path) as file:
        samples, kind = _read(file, path, max_seconds), kind_of(file)
        stated_s = file.frames / file.samplerate
        lost_s = stated_s - len(samples) / file.samplerate if is_believable(path, stated_s) else 0.0
        return _sound([(samples, file.samplerate)], kind, lost_s)


def _decode_mp3(path: Path, max_seconds: float) -> Sound:
    data = _content(path)
    mp3 = find_frames(data)
    if mp3 is None:  # another layer, or none at all
        return _decode_plain(path, max_seconds)
    if mp3.seconds > max_seconds + 1:  # the encoder's padding may exceed the limit
        raise too_long(path, mp3.seconds, max_seconds)
    if len(mp3.runs) > MAX_PARTS:
        raise AudioError(f"{path}: damaged in {len(mp3.runs)} places; re-encode it")
    first = mp3.runs[0]
    is_whole = len(mp3.runs) == 1 and (mp3.stated is None or abs(mp3.stated - mp3.n_frames) <= 1)
    if is_whole:
        if mp3.tail_bytes == 0:
            samples = _decode_plain(path, max_seconds).samples
        else:  # without the bytes after the music, which the decoder would complain about
            head = information_frame(data, first) if first.head == first.start else b""
            samples = _read_bytes(head + data[first.head : first.end], path, max_seconds)
        if len(samples) >= first.n_samples - SLACK_FRAMES * first.frame.samples and np.abs(samples).max() <= LOUDEST:
            return _sound([(samples, first.frame.sr)], "mp3")
    parts: list[tuple[np.ndarray, int]] = []
    n_muted = 0
    for run in mp3.runs:
        stream = information_frame(data, run) + data[run.start : run.end]
        samples = _read_bytes(stream, path, max_seconds)[run.delay :]
        noise = np.abs(samples).max(axis=1, initial=0.0) > LOUDEST  # of frames whose content is damaged
        n_muted += int(noise.sum())
        parts.append((np.where(noise[:, None], np.float32(0), samples), run.frame.sr))
    frame_s = first.frame.samples / first.frame.sr
    lost_frames = mp3.lost_bytes / (sum(run.end - run.start for run in mp3.runs) / mp3.n_frames)
    if len(mp3.runs) == 1 and mp3.stated is not None and mp3.is_cut_off:
        lost_frames = max(lost_frames, mp3.stated - mp3.n_frames)
    sound = _sound(parts, "mp3", lost_frames * frame_s + n_muted / first.frame.sr)
    return replace(sound, as_it_is=is_whole and n_muted == 0)


def _decode_ogg(path: Path, max_seconds: float) -> Sound:
    links = read_links(_content(path))
    if len(links) > MAX_PARTS:
        raise AudioError(f"{path}: {len(links)} concatenated streams; re-encode it")
    if len(links) < 2 and not sum(link.lost_bytes for link in links):
        return _decode_plain(path, max_seconds)
    parts: list[tuple[np.ndarray, int]] = []
    kinds: set[str] = set()
    lost_s = 0.0
    for link in links:
        left_s = max_seconds - sum(len(samples) / sr for samples, sr in parts)
        with soundfile.SoundFile(io.BytesIO(b"".join(link.pages))) as file:
            samples = _read(file, path, max(left_s, 0.0))
            lost_s += max(0, file.frames - len(samples)) / file.samplerate
            parts.append((samples, file.samplerate))
            kinds.add(kind_of(file))
    return replace(_sound(parts, kinds.pop() if len(kinds) == 1 else "ogg", lost_s), as_it_is=False)


def _decode_elsewhere(path: Path, container: str | None, max_seconds: float, why: str) -> Sound:
    """Decode what libsndfile cannot."""
    if container is None:
        raise AudioError(f"{path}: not decodable ({why or 'unknown audio format'})")
    decoded = decode_with_ffmpeg(path, container, max_seconds, why)
    if len(decoded.samples) > max_seconds * decoded.sr:
        raise too_long(path, None, max_seconds)
    stated_s = min(decoded.stated_s, max_seconds)
    lost_s = stated_s - len(decoded.samples) / decoded.sr if is_believable(path, stated_s) else 0.0
    sound = _sound([(decoded.samples, decoded.sr)], decoded.codec, lost_s)
    return replace(sound, as_it_is=sound.as_it_is and not decoded.damaged)


@contextmanager
def without_messages() -> Iterator[None]:
    """Hide what libsndfile's mp3 decoder writes to stderr about damaged files; a Sound reports what matters.

    One thread at a time, or else the last one to leave would restore another thread's silenced stderr.
    """
    with STDERR_LOCK:
        try:
            stderr = os.dup(2)
        except OSError:  # a program without a terminal has none
            yield
            return
        if sys.stderr is not None:
            sys.stderr.flush()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            os.close(nowhere)


def _content(path: Path) -> bytes:
    if path.stat().st_size > MAX_BYTES:
        raise AudioError(f"{path}: larger than {MAX_BYTES >> 20} MiB; re-encode it, or cut it")
    return path.read_bytes()


def _read_bytes(data: bytes, path: Path, max_seconds: float) -> np.ndarray:
    with soundfile.SoundFile(io.BytesIO(data)) as file:
        return _read(file, path, max_seconds)


def _read(file: soundfile.SoundFile, path: Path, max_seconds: float) -> np.ndarray:
    """Read all samples [S, C] of an open file. Raises AudioError for one that is too long."""
    limit = int(max_seconds * file.samplerate)
    if file.frames <= limit:
        return file.read(limit, dtype="float32", always_2d=True)
    if is_believable(path, file.frames / file.samplerate):
        raise too_long(path, file.frames / file.samplerate, max_seconds)
    blocks: list[np.ndarray] = []
    while len(block := file.read(BLOCK_SAMPLES, dtype="float32", always_2d=True)):
        blocks.append(block)
        if sum(map(len, blocks)) > limit:
            raise too_long(path, None, max_seconds)
    return np.concatenate(blocks) if blocks else np.empty((0, file.channels), np.float32)


def is_believable(path: Path, seconds: float) -> bool:
    """Whether a file is large enough for as many seconds as its header says."""
    return seconds * FEWEST_BITS <= 8 * path.stat().st_size


def kind_of(file: soundfile.SoundFile) -> str:
    """What a Sound says of an open file: "mp3", "ogg vorbis" or another format."""
    if file.subtype == "MPEG_LAYER_III":
        return "mp3"
    return f"ogg {file.subtype.lower()}" if file.format == "OGG" else file.format.lower()


def _sound(parts: list[tuple[np.ndarray, int]], kind: str, lost_s: float = 0.0) -> Sound:
    """Join parts, samples [S, C] and their rate, into one of the first part's rate."""
    sr = parts[0][1]
    if len({samples.shape[1] for samples, _ in parts}) > 1:
        parts = [(samples.mean(axis=1, keepdims=True), rate) for samples, rate in parts]
    joined = [samples if rate == sr else soxr.resample(samples, rate, sr) for samples, rate in parts]
    lost_s = lost_s if lost_s > LOSS_S else 0.0
    return Sound(joined[0] if len(joined) == 1 else np.concatenate(joined), sr, kind, lost_s, not lost_s)
