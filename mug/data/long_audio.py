"""Long songs: decoded piece by piece, their spectrum in a temporary file instead of memory.

Axes: S samples, C channels, A audio frames, M mel bins, Q frequencies of the STFT.
"""

import itertools
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr

from mug.data.audio import MAX_PEAK, AudioSettings, log_mel, seconds_of, stft, to_mono
from mug.data.decoding import (
    HEAD_BYTES,
    LOSS_S,
    READ_BY_LIBSNDFILE,
    container_of,
    is_believable,
    too_long,
    without_messages,
)
from mug.errors import AudioError

WHOLE_SECONDS = 900.0  # shorter songs are decoded as a whole
BLOCK_SECONDS = 60


def is_long(path: Path) -> bool:
    """Whether a song is read in pieces: it says that it is long, and libsndfile reads such files."""
    try:
        with path.open("rb") as file:
            in_pieces = container_of(file.read(HEAD_BYTES)) in (*READ_BY_LIBSNDFILE[1:], "mp3", "ogg")
    except OSError:
        return False
    with without_messages():
        return in_pieces and seconds_of(path) > WHOLE_SECONDS


def load_long_audio(path: Path, settings: AudioSettings, max_seconds: float) -> np.ndarray:
    """What mug.data.audio.load_audio returns, float16 [M, A] or [2, Q, A], as an array in a temporary file.

    Channels that cancel each other out are found in each block of BLOCK_SECONDS. Where a file is damaged, it ends.
    Raises AudioError for a file that is not decodable, empty or longer than `max_seconds`.
    """
    try:
        with without_messages(), soundfile.SoundFile(path) as file:
            stated_s = file.frames / file.samplerate
            if is_believable(path, stated_s) and stated_s > max_seconds + 1:  # an encoder's padding may exceed it
                raise too_long(path, stated_s, max_seconds)
            pieces = _Pieces(file, path, settings.sr, max_seconds)
            spectrum = in_file(_spectra(pieces, settings), settings.item_shape[:-1], np.float16)
    except soundfile.LibsndfileError as error:
        raise AudioError(f"{path}: not decodable ({str(error.error_string).strip(' .')})") from error
    lost_s = stated_s - pieces.seconds if is_believable(path, stated_s) else 0.0
    if lost_s > LOSS_S:
        warnings.warn(f"{path}: damaged; the last {lost_s:.1f} s could not be decoded and were skipped", stacklevel=2)
    return spectrum


def in_file(pieces: Iterable[np.ndarray], rows: tuple[int, ...], dtype: type) -> np.ndarray:
    """Join pieces [*rows, frames] to one array [*rows, A] in a temporary file, which goes when the array does."""
    with tempfile.TemporaryFile(prefix="mug-") as file:
        frames = 0
        for piece in pieces:
            file.write(np.ascontiguousarray(np.moveaxis(piece, -1, 0), dtype=dtype).data)
            frames += piece.shape[-1]
        file.flush()
        return np.moveaxis(np.memmap(file, dtype, "r+", shape=(frames, *rows)), 0, -1)


class _Pieces:
    """The pieces of a file as mono samples [S] at `sr` Hz. seconds: how long they were."""

    def __init__(self, file: soundfile.SoundFile, path: Path, sr: int, max_seconds: float) -> None:
        self.seconds = 0.0
        self._file, self._path, self._sr, self._max_seconds = file, path, sr, max_seconds

    def __iter__(self) -> Iterator[np.ndarray]:
        rate = self._file.samplerate
        resampler = soxr.ResampleStream(rate, self._sr, 1, dtype="float32") if rate != self._sr else None
        while len(block := self._read()):
            self.seconds += len(block) / rate
            if self.seconds > self._max_seconds + 1:
                raise too_long(self._path, None, self._max_seconds)
            mono = np.ascontiguousarray(to_mono(block))
            if not np.abs(mono).max() <= MAX_PEAK:  # NaN fails, too
                raise AudioError(f"{self._path}: contains NaN samples, or samples far beyond full scale; re-encode it")
            yield mono if resampler is None else resampler.resample_chunk(mono)
        if not self.seconds:
            raise AudioError(f"{self._path}: holds no sound")
        if resampler is not None:
            yield resampler.resample_chunk(np.empty(0, np.float32), last=True)

    def _read(self) -> np.ndarray:
        """The next samples [S, C]; none at the end, and where the file is damaged."""
        try:
            return self._file.read(BLOCK_SECONDS * self._file.samplerate, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            if not self.seconds:
                raise
            return np.empty((0, self._file.channels), np.float32)


def _spectra(pieces: Iterable[np.ndarray], settings: AudioSettings) -> Iterator[np.ndarray]:
    """Pieces of samples [S] -> pieces of the spectrum that their sum would have, [M, frames] or [2, Q, frames]."""
    spectrum_of = log_mel if settings.kind == "mel" else stft
    n_fft, hop = settings.n_fft, settings.hop_length
    edge = np.zeros(n_fft // 2, np.float32)  # a frame is centred on its moment, and the song stands in silence
    held = edge
    for piece in itertools.chain(pieces, [edge]):
        held = np.concatenate([held, piece])
        frames = 1 + (len(held) - n_fft) // hop
        if frames > 0:
            yield spectrum_of(held[: n_fft + (frames - 1) * hop], settings, center=False)
            held = held[frames * hop :]
