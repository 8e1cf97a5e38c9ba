"""Music that osu! can play: mp3 and Ogg Vorbis unchanged, everything else re-encoded."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile
import soxr

from mug.data.decoding import Sound, decode

ENDINGS = {"mp3": ".mp3", "ogg vorbis": ".ogg"}  # of what osu! plays
COMPRESSION = 0.4  # of libsndfile: Vorbis quality 6, about 192 kbit/s in stereo
LOWEST_SR, HIGHEST_SR, USUAL_SR = 8000, 48000, 44100  # Hz
BLOCK_SAMPLES = 2**16  # libsndfile's encoder takes its whole input on the stack


@contextmanager
def playable(audio: Path) -> Iterator[tuple[Path, str]]:
    """Yield a file that osu! can play, and a line on how it was made, "" for the original file.

    A temporary file is deleted afterwards. Raises AudioError for a file that cannot be decoded.
    """
    sound = decode(audio)
    ending = ENDINGS.get(sound.kind, "") if sound.as_it_is else ""
    if ending == audio.suffix.lower():
        yield audio, ""
        return
    with tempfile.TemporaryDirectory(prefix="mug-") as folder:
        file = Path(folder) / f"{audio.stem}{ending or '.ogg'}"
        if ending:
            shutil.copyfile(audio, file)
            yield file, f"{audio.name} is {sound.kind}; the package uses that extension"
            return
        _write_vorbis(file, sound)
        if sound.kind in ENDINGS:
            why = "is damaged, joined, or of another length than it says; the package holds what was heard"
        else:
            why = f"is {sound.kind}, which osu! does not play; the package holds it"
        yield file, f"{audio.name} {why} as Ogg Vorbis"


def _write_vorbis(path: Path, sound: Sound) -> None:
    samples, sr = sound.samples, sound.sr
    if samples.shape[1] > 2:
        samples = samples.mean(axis=1, keepdims=True)
    if not LOWEST_SR <= sr <= HIGHEST_SR:
        samples, sr = soxr.resample(samples, sr, USUAL_SR), USUAL_SR
    how = {"format": "OGG", "subtype": "VORBIS", "compression_level": COMPRESSION}
    with soundfile.SoundFile(path, "w", sr, samples.shape[1], **how) as file:
        for start in range(0, len(samples), BLOCK_SAMPLES):
            file.write(np.ascontiguousarray(samples[start : start + BLOCK_SAMPLES]))
