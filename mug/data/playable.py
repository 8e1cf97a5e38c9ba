"""Music that osu! can play: mp3 and Ogg Vorbis unchanged, everything else re-encoded."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from mug.data.decoding import Sound, decode, kind_of, without_messages
from mug.data.long_audio import is_long
from mug.errors import AudioError

ENDINGS = {"mp3": ".mp3", "ogg vorbis": ".ogg"}  # of what osu! plays
# compression_level is libsndfile's: Vorbis quality 6, about 192 kbit/s in stereo
VORBIS: dict[str, Any] = {"format": "OGG", "subtype": "VORBIS", "compression_level": 0.4}
LOWEST_SR, HIGHEST_SR, USUAL_SR = 8000, 48000, 44100  # Hz
BLOCK_SAMPLES = 2**16  # libsndfile's encoder takes its whole input on the stack


@contextmanager
def playable(audio: Path) -> Iterator[tuple[Path, str]]:
    """Yield a file that osu! can play, and a line on how it was made, "" for the original file.

    A temporary file is deleted afterwards. A long one is not searched for damage. Raises AudioError for a file that
    cannot be decoded.
    """
    sound = None if is_long(audio) else decode(audio)
    kind = _kind(audio) if sound is None else sound.kind
    ending = ENDINGS.get(kind, "") if sound is None or sound.as_it_is else ""
    if ending == audio.suffix.lower():
        yield audio, ""
        return
    with tempfile.TemporaryDirectory(prefix="mug-") as folder:
        file = Path(folder) / f"{audio.stem}{ending or '.ogg'}"
        if ending:
            shutil.copyfile(audio, file)
            yield file, f"{audio.name} is {kind}; the package uses that extension"
            return
        if sound is None:
            _convert_in_pieces(audio, file)
        else:
            _write_vorbis(file, sound)
        if kind in ENDINGS:
            why = "is damaged, joined, or of another length than it says; the package holds what was heard"
        else:
            why = f"is {kind}, which osu! does not play; the package holds it"
        yield file, f"{audio.name} {why} as Ogg Vorbis"


def _write_vorbis(path: Path, sound: Sound) -> None:
    samples, sr = sound.samples, sound.sr
    if samples.shape[1] > 2:
        samples = samples.mean(axis=1, keepdims=True)
    if not LOWEST_SR <= sr <= HIGHEST_SR:
        samples, sr = soxr.resample(samples, sr, USUAL_SR), USUAL_SR
    with soundfile.SoundFile(path, "w", sr, samples.shape[1], **VORBIS) as file:
        for start in range(0, len(samples), BLOCK_SAMPLES):
            file.write(np.ascontiguousarray(samples[start : start + BLOCK_SAMPLES]))


def _kind(audio: Path) -> str:
    try:
        with without_messages(), soundfile.SoundFile(audio) as file:
            return kind_of(file)
    except soundfile.LibsndfileError as error:
        raise AudioError(f"{audio}: not decodable ({str(error.error_string).strip(' .')})") from error


def _convert_in_pieces(audio: Path, path: Path) -> None:
    with without_messages(), soundfile.SoundFile(audio) as source:
        channels = source.channels if source.channels <= 2 else 1
        sr = source.samplerate if LOWEST_SR <= source.samplerate <= HIGHEST_SR else USUAL_SR
        resampler = soxr.ResampleStream(source.samplerate, sr, channels, dtype="float32")
        with soundfile.SoundFile(path, "w", sr, channels, **VORBIS) as file:
            for block in source.blocks(BLOCK_SAMPLES, dtype="float32", always_2d=True):
                mixed = np.ascontiguousarray(block if channels == source.channels else block.mean(1, keepdims=True))
                file.write(mixed if sr == source.samplerate else resampler.resample_chunk(mixed))
            if sr != source.samplerate:
                file.write(resampler.resample_chunk(np.empty((0, channels), np.float32), last=True))
