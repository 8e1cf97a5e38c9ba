"""Audio input: decoding, log-mel and STFT, and the frame rates of their settings.

Axes: S samples, A audio frames, M mel bins, Q frequencies of the STFT.
"""

import struct
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mutagen
import numpy as np
import soundfile
import soxr
from mutagen.id3 import ID3

from mug.config import check_params
from mug.data.decoding import HEAD_BYTES, MAX_SECONDS, READ_BY_LIBSNDFILE, container_of, decode, is_believable
from mug.data.stft import mel_power
from mug.data.stft import stft as complex_stft
from mug.data.time_grid import TimeGrid
from mug.errors import AudioError, ConfigError

DAMAGED_TAGS = (LookupError, ValueError, TypeError, struct.error)  # what mutagen raises for damaged tags
CANCELLED = 0.05  # of the channels' power; a usual mix keeps about half or more
MAX_PEAK = 1000.0  # full scale is 1; the power of anything far louder overflows float32


@dataclass(frozen=True)
class AudioSettings:
    """Settings of the spectrum, and the number of its frames per note frame.

    kind: "mel" (log-mel power, [n_mels, A]) or "stft" (real and imaginary part, [2, n_fft / 2 + 1, A]). sr: Hz. The hop
    is a quarter of n_fft. max_audio_frame: frames of one training item. audio_note_window_ratio: audio frames per note
    frame.
    """

    kind: str = "mel"
    sr: int = 22050
    n_fft: int = 512
    n_mels: int = 128
    max_audio_frame: int = 32768
    audio_note_window_ratio: int = 8

    def __post_init__(self) -> None:
        if self.kind not in ("mel", "stft"):
            raise ConfigError(f"audio.kind: unknown '{self.kind}'; known are mel, stft")
        numbers = (self.sr, self.n_fft, self.n_mels, self.max_audio_frame, self.audio_note_window_ratio)
        if not all(type(number) is int for number in numbers):
            raise ConfigError(f"audio: all but kind are whole numbers, got {self}")
        if min(numbers) < 1 or self.n_fft % 4 or self.max_audio_frame % self.audio_note_window_ratio:
            raise ConfigError(
                f"audio: need positive numbers, n_fft a multiple of 4 and max_audio_frame a multiple of "
                f"audio_note_window_ratio, got {self}"
            )

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> "AudioSettings":
        """Build from a config's `audio` node. Raises ConfigError for an unknown key or an impossible value."""
        check_params(cls, params, where="audio")
        return cls(**params)

    @property
    def hop_length(self) -> int:
        """Samples between audio frames."""
        return self.n_fft // 4

    def spectrum_bytes(self, seconds: float) -> int:
        """Bytes of a song's spectrum in float16."""
        rows = self.n_mels if self.kind == "mel" else 2 * (self.n_fft // 2 + 1)
        return 2 * rows * (1 + int(seconds * self.sr) // self.hop_length)

    @property
    def item_shape(self) -> tuple[int, ...]:
        """The shape of a training item's spectrum: [M, A] or [2, Q, A]."""
        rows = (self.n_mels,) if self.kind == "mel" else (2, self.n_fft // 2 + 1)
        return (*rows, self.max_audio_frame)

    @property
    def note_frame_ms(self) -> float:
        return self.hop_length * self.audio_note_window_ratio / self.sr * 1000.0

    @property
    def grid(self) -> TimeGrid:
        """The time grid of a training item that starts at the beginning of its song."""
        return TimeGrid(self.note_frame_ms, self.max_note_frame, audio_per_note=self.audio_note_window_ratio)

    @property
    def max_note_frame(self) -> int:
        """Note frames of one training item."""
        return self.max_audio_frame // self.audio_note_window_ratio


def decode_audio(path: str | Path, sr: int, max_seconds: float = MAX_SECONDS) -> np.ndarray:
    """Decode a file (mp3, ogg, wav, flac, m4a...) to mono float32 [S] at `sr` Hz; see mug.data.decoding.

    Warns if part of the file could not be decoded. Raises AudioError for a file that is missing, not decodable, empty
    or longer than `max_seconds`.
    """
    path = Path(path)
    sound = decode(path, max_seconds)
    if sound.lost_s:
        lost = f"{path}: damaged; about {sound.lost_s:.1f} s could not be decoded and were skipped"
        warnings.warn(lost, stacklevel=2)
    mono = to_mono(sound.samples)
    if not np.abs(mono).max() <= MAX_PEAK:  # NaN fails, too
        raise AudioError(f"{path}: contains NaN samples, or samples far beyond full scale; re-encode it")
    if sound.sr != sr:
        mono = soxr.resample(mono, sound.sr, sr)
        if mono.size == 0:
            raise AudioError(f"{path}: shorter than one sample at {sr} Hz")
    return mono


def to_mono(samples: np.ndarray) -> np.ndarray:
    """Return the mean [S] of channels [S, C], or the loudest channel if they cancel each other out."""
    mono = samples.mean(axis=1)
    if samples.shape[1] > 1:
        with np.errstate(over="ignore"):
            power = np.einsum("sc,sc->c", samples, samples)
            if np.einsum("s,s", mono, mono) < CANCELLED * power.mean():
                return samples[:, power.argmax()]
    return mono


def seconds_of(path: str | Path) -> float:
    """The length that a file states, in seconds; 0 if it states none that can be read."""
    path = Path(path)
    try:
        with path.open("rb") as head:
            container = container_of(head.read(HEAD_BYTES))
        if container in READ_BY_LIBSNDFILE or container in ("mp3", "ogg"):
            info = soundfile.info(str(path))
            if is_believable(path, info.frames / info.samplerate):
                return min(info.frames / info.samplerate, MAX_SECONDS)
    except (OSError, soundfile.LibsndfileError, ZeroDivisionError):
        pass
    try:
        file = mutagen.File(path)
        return min(float(file.info.length), MAX_SECONDS)
    except (mutagen.MutagenError, AttributeError, OSError, *DAMAGED_TAGS):
        return 0.0


def log_mel(samples: np.ndarray, settings: AudioSettings, center: bool = True) -> np.ndarray:
    """Samples [S] -> log(1 + mel power) float16 [M, A]. center: whether a frame is centred on its moment."""
    spectrum = complex_stft(samples, settings.n_fft, settings.hop_length, center)
    return np.log1p(mel_power(spectrum, settings.sr, settings.n_mels)).astype(np.float16)


def stft(samples: np.ndarray, settings: AudioSettings, center: bool = True) -> np.ndarray:
    """Samples [S] -> real and imaginary part of the STFT, float16 [2, Q, A]. center: see `log_mel`."""
    spectrum = complex_stft(samples, settings.n_fft, settings.hop_length, center)
    limit = np.finfo(np.float16).max
    return np.clip(np.stack([spectrum.real, spectrum.imag]), -limit, limit).astype(np.float16)


def load_audio(path: str | Path, settings: AudioSettings, max_seconds: float = MAX_SECONDS) -> np.ndarray:
    """Decode a file and compute its spectrum: float16 [M, A], or [2, Q, A] for the STFT.

    Raises AudioError as decode_audio does, and for less sound than one frame takes.
    """
    samples = decode_audio(path, settings.sr, max_seconds)
    if len(samples) < settings.n_fft:
        raise AudioError(f"{path}: only {1000 * len(samples) / settings.sr:.1f} ms of sound, too short for a chart")
    return log_mel(samples, settings) if settings.kind == "mel" else stft(samples, settings)


def read_tags(path: str | Path) -> tuple[str | None, str | None]:
    """Return title and artist from a file's tags, None for those that are missing."""
    try:
        file = mutagen.File(path, easy=True)
    except (mutagen.MutagenError, *DAMAGED_TAGS):
        return None, None
    tags = None if file is None else file.tags
    if tags is None:
        return None, None
    names = ("TIT2", "TPE1") if isinstance(tags, ID3) else ("title", "artist")  # easy=True leaves wav files' ID3 as is
    title, artist = (str((tags.get(name) or [""])[0]).strip() or None for name in names)
    return title, artist
