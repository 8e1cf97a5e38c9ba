"""Music in: decoding, log-mel and STFT, and the frame rates that follow from their settings.

Axes: S samples, A audio frames, M mel bins, Q frequencies of the STFT.
"""

import shutil
import struct
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import librosa
import mutagen
import numpy as np
import soundfile
import soxr
from mutagen.id3 import ID3

from mug.config import check_params
from mug.data.time_grid import TimeGrid
from mug.errors import AudioError, ConfigError

MAX_SECONDS = 3600.0  # longer files are refused before they fill the memory
FFMPEG_TIMEOUT_S = 600
DAMAGED_TAGS = (LookupError, ValueError, TypeError, struct.error)  # what mutagen lets through of damaged files
MAX_PEAK = 1000.0  # full scale is 1; the power of anything far louder is no float32 any more


@dataclass(frozen=True)
class AudioSettings:
    """How music becomes a spectrum, and how many of its frames make a note frame.

    kind: "mel" (log-mel power, [n_mels, A]) or "stft" (real and imaginary part, [2, n_fft / 2 + 1, A]). sr: Hz. The hop
    is a quarter of n_fft. max_audio_frame: frames of one training item. audio_note_window_ratio: audio frames in a note
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
        """The time grid of a training item that begins with its song."""
        return TimeGrid(self.note_frame_ms, self.max_note_frame, audio_per_note=self.audio_note_window_ratio)

    @property
    def max_note_frame(self) -> int:
        """Note frames of one training item."""
        return self.max_audio_frame // self.audio_note_window_ratio


def decode_audio(path: str | Path, sr: int, max_seconds: float = MAX_SECONDS) -> np.ndarray:
    """Decode a file (mp3, ogg, wav, flac...) to mono float32 [S] at `sr` Hz.

    What soundfile does not know is given to ffmpeg, where that is installed. The silence that an mp3 encoder puts
    before the music is left out where the file's header tells its length; of a file without one it stays, some 25 ms.
    Raises AudioError for a file that is missing, not decodable, empty or longer than `max_seconds`.
    """
    path = Path(path)
    if not path.is_file():
        raise AudioError(f"{path}: no such audio file")
    try:
        with soundfile.SoundFile(path) as file:
            native = file.samplerate
            if file.frames > max_seconds * native:
                seconds = file.frames / native
                raise AudioError(f"{path}: {seconds / 60:.1f} minutes long; at most {max_seconds / 60:g} can be used")
            # read no further than the limit: a header may lie about the length
            samples = file.read(int(max_seconds * native), dtype="float32", always_2d=True)  # [S, channels]
    except soundfile.LibsndfileError as error:
        samples, native = _decode_with_ffmpeg(path, sr, max_seconds, str(error)), sr
    mono = samples.mean(axis=1)
    if mono.size == 0:
        raise AudioError(f"{path}: holds no sound")
    if not np.abs(mono).max() <= MAX_PEAK:  # nor where it is no number
        raise AudioError(f"{path}: holds samples that are no numbers, or far beyond full scale; encode it anew")
    if native != sr:
        mono = soxr.resample(mono, native, sr)
        if mono.size == 0:
            raise AudioError(f"{path}: shorter than one sample at {sr} Hz")
    return mono


def seconds_of(path: str | Path) -> float:
    """How long a file says that it is, in seconds; 0 where it says nothing that can be read."""
    try:
        info = soundfile.info(str(path))
        return min(info.frames / info.samplerate, MAX_SECONDS)
    except (soundfile.LibsndfileError, ZeroDivisionError):
        pass
    try:
        file = mutagen.File(path)
        return min(float(file.info.length), MAX_SECONDS)
    except (mutagen.MutagenError, AttributeError, OSError, *DAMAGED_TAGS):
        return 0.0


def _decode_with_ffmpeg(path: Path, sr: int, max_seconds: float, why: str) -> np.ndarray:
    """Decode to [S, 1] at `sr` by the ffmpeg program; `why` is what soundfile said."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise AudioError(f"{path}: not decodable ({why}); with ffmpeg installed more formats are read")
    command = [ffmpeg, "-v", "error", "-nostdin", "-i", f"file:{path}", "-t", str(max_seconds + 1)]
    command += ["-f", "f32le", "-ac", "1", "-ar", str(sr), "-"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=FFMPEG_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise AudioError(f"{path}: ffmpeg did not finish within {FFMPEG_TIMEOUT_S} s") from error
    if done.returncode or not done.stdout:
        reason = done.stderr.decode(errors="replace").strip().splitlines()
        raise AudioError(f"{path}: not decodable ({reason[-1] if reason else why})")
    samples = np.frombuffer(done.stdout, dtype="<f4")[:, None]
    if len(samples) > max_seconds * sr:
        raise AudioError(f"{path}: longer than {max_seconds / 60:g} minutes")
    return samples


def log_mel(samples: np.ndarray, settings: AudioSettings) -> np.ndarray:
    """Samples [S] -> log(1 + mel power) float16 [M, A]."""
    power = librosa.feature.melspectrogram(
        y=samples,
        sr=settings.sr,
        n_fft=settings.n_fft,
        hop_length=settings.hop_length,
        n_mels=settings.n_mels,
    )
    return np.log1p(power).astype(np.float16)


def stft(samples: np.ndarray, settings: AudioSettings) -> np.ndarray:
    """Samples [S] -> real and imaginary part of the STFT, float16 [2, Q, A]."""
    spectrum = librosa.stft(samples, n_fft=settings.n_fft, hop_length=settings.hop_length)
    limit = np.finfo(np.float16).max
    return np.clip(np.stack([spectrum.real, spectrum.imag]), -limit, limit).astype(np.float16)


def load_audio(path: str | Path, settings: AudioSettings, max_seconds: float = MAX_SECONDS) -> np.ndarray:
    """Decode a file and transform it as `settings` say: float16 [M, A], or [2, Q, A] for the STFT.

    Raises AudioError as decode_audio does.
    """
    samples = decode_audio(path, settings.sr, max_seconds)
    return log_mel(samples, settings) if settings.kind == "mel" else stft(samples, settings)


def read_tags(path: str | Path) -> tuple[str | None, str | None]:
    """Return title and artist from a file's tags, None for what they do not say or where there are none."""
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
