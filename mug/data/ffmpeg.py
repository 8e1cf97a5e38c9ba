"""Decodes with FFmpeg what libsndfile does not support: m4a, aac, wma, webm, damaged flac and more.

PyAV includes FFmpeg's libraries; without it the ffmpeg program is used. Either is told which format to expect, so that
a hostile file cannot make it follow a playlist.

Axes: S samples, C channels.
"""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mug.errors import AudioError

TIMEOUT_S = 600
PROGRAM_SR = 44100  # Hz, of what the program is asked for


@dataclass(frozen=True, slots=True)
class Decoded:
    """Samples float32 [S, C] at `sr` Hz, the codec, and whether part of the file could not be decoded.

    stated_s: the length that the file states, 0 if none.
    """

    samples: np.ndarray
    sr: int
    codec: str
    damaged: bool
    stated_s: float = 0.0


def decode_with_ffmpeg(path: Path, container: str, max_seconds: float, why: str) -> Decoded:
    """Decode a file of FFmpeg's format `container`, reading at most a second beyond `max_seconds`.

    why: what another decoder said, for the error message. Raises AudioError.
    """
    try:
        import av  # noqa: F401
    except ImportError:
        return _with_program(path, container, max_seconds, why)
    return _with_pyav(path, container, max_seconds, why)


def _with_pyav(path: Path, container: str, max_seconds: float, why: str) -> Decoded:
    import av

    blocks: list[np.ndarray] = []  # [C, S]
    n_damaged, n_samples = 0, 0
    try:
        with path.open("rb") as file, av.open(file, "r", container, metadata_errors="ignore") as source:
            if not source.streams.audio:
                raise AudioError(f"{path}: not decodable (there is no sound in it)")
            stream = source.streams.audio[0]
            sr, codec = stream.codec_context.sample_rate, stream.codec_context.name
            stated_s = float((stream.duration or 0) * (stream.time_base or 0))
            layout = "mono" if stream.codec_context.channels == 1 else "stereo"
            resampler = av.AudioResampler(format="fltp", layout=layout, rate=sr)
            packets = source.demux(stream)
            while n_samples <= (max_seconds + 1) * sr:
                try:
                    packet = next(packets, None)
                    frames = [] if packet is None else packet.decode()
                except av.error.InvalidDataError:
                    n_damaged += 1
                    continue
                for frame in [*frames, *([None] if packet is None else [])]:  # None: what is left in the resampler
                    blocks += [part.to_ndarray() for part in resampler.resample(frame)]
                n_samples = sum(block.shape[1] for block in blocks)
                if packet is None:
                    break
    except (av.error.FFmpegError, ValueError, OSError, EOFError) as error:
        if not blocks:
            raise AudioError(f"{path}: not decodable ({why or error})") from error
        n_damaged += 1
    if not blocks:
        raise AudioError(f"{path}: not decodable ({why or 'nothing in it can be decoded'})")
    samples = np.concatenate(blocks, axis=1, dtype=np.float32).T  # [S, C]
    return Decoded(samples, sr, codec, n_damaged > 0, stated_s)


def _with_program(path: Path, container: str, max_seconds: float, why: str) -> Decoded:
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise AudioError(f"{path}: not decodable ({why}); PyAV reads more formats: pip install av")
    command = [ffmpeg, "-v", "error", "-nostdin", "-f", container, "-i", f"file:{path}", "-t", str(max_seconds + 1)]
    command += ["-vn", "-f", "f32le", "-ac", "2", "-ar", str(PROGRAM_SR), "-"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise AudioError(f"{path}: ffmpeg did not finish within {TIMEOUT_S} s") from error
    reason = done.stderr.decode(errors="replace").strip().splitlines()
    if done.returncode or not done.stdout:
        raise AudioError(f"{path}: not decodable ({reason[-1] if reason else why})")
    samples = np.frombuffer(done.stdout[: len(done.stdout) // 8 * 8], dtype="<f4").reshape(-1, 2)
    return Decoded(samples, PROGRAM_SR, container, bool(reason))
