"""Song encoding: mp3 or Vorbis at common bit rates, sometimes with the treble cut off as old encoders do."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from mug.synth.sound import SAMPLE_RATE, band

BLOCK = 16_384  # libsndfile's Vorbis encoder overflows the stack when it gets minutes of audio at once


@dataclass(frozen=True)
class Codec:
    suffix: str = ".ogg"
    compression: float = 0.6  # libsndfile's compression level, 0 to 1: higher means fewer bits
    bitrate_mode: str = "VARIABLE"  # for mp3: CONSTANT, AVERAGE or VARIABLE
    cutoff_hz: float = 0.0  # low-pass cutoff; 0 for none

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Codec":
        is_mp3 = rng.random() < 0.25  # mp3 takes four times as long to encode
        return cls(
            suffix=".mp3" if is_mp3 else ".ogg",
            compression=float(rng.uniform(0.1, 0.85)),
            bitrate_mode=str(rng.choice(("CONSTANT", "AVERAGE", "VARIABLE"))),
            cutoff_hz=float(rng.uniform(8000, 15_000)) if rng.random() < 0.15 else 0.0,
        )


def write_audio(path: Path, samples: np.ndarray, codec: Codec, title: str, artist: str) -> None:
    """Encode float32 samples [S, 2] as .ogg (Vorbis) or .mp3, by the file name, with title and artist as tags."""
    if codec.cutoff_hz:
        samples = band(samples.T, 0, codec.cutoff_hz, order=8).T.clip(-0.99, 0.99)
    encoding = {"format": "OGG", "subtype": "VORBIS"}
    if path.suffix == ".mp3":
        encoding = {"format": "MP3", "subtype": "MPEG_LAYER_III", "bitrate_mode": codec.bitrate_mode}
    with soundfile.SoundFile(
        path, "w", SAMPLE_RATE, samples.shape[1], compression_level=codec.compression, **encoding
    ) as file:
        file.title, file.artist = title, artist
        for start in range(0, len(samples), BLOCK):
            file.write(samples[start : start + BLOCK])
