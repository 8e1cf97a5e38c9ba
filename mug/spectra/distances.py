"""How far made music is from real music: in its average spectrum, and in the embeddings of an audio encoder.

Axes: S samples, M mel bins, A frames, C channels, L frames of an encoder's output.
"""

from collections.abc import Iterable

import numpy as np
import soxr
import torch

from mug.cond.wave import MelspectrogramScaleEncoder1D
from mug.data.audio import AudioSettings, log_mel
from mug.errors import ConfigError
from mug.metrics.frechet import Moments


def average_distance(one: np.ndarray, other: np.ndarray) -> float:
    """The log-spectral distance of averages over time: spectra in dB [M, A] each, root mean square over mel bins.

    It can compare music that is not alike from frame to frame.
    """
    return float(np.sqrt(np.mean((one.mean(axis=1) - other.mean(axis=1)) ** 2)))


@torch.no_grad()
def embedding_moments(
    sounds: Iterable[np.ndarray], sr: int, encoder: MelspectrogramScaleEncoder1D, settings: AudioSettings
) -> Moments:
    """The Gaussian of an encoder's embeddings [C, L] of sounds [S] at `sr` Hz, for mug.metrics.frechet.

    settings: the encoder's audio settings. Its last output is taken, which hears the most around a frame. Kilgour et
    al., "Frechet Audio Distance", 2019, does this with another encoder. Raises ConfigError for too short a sound.
    """
    embedded: list[np.ndarray] = []
    for sound in sounds:
        mel = log_mel(soxr.resample(sound, sr, settings.sr).astype(np.float32), settings)
        mel = mel[:, : mel.shape[1] // encoder.factor * encoder.factor].astype(np.float32)
        if not mel.shape[1]:
            shortest = encoder.factor * settings.hop_length / settings.sr
            raise ConfigError(f"crops of {len(sound) / sr:.1f} s: the audio encoder hears {shortest:.1f} s or more")
        embedded.append(encoder(torch.from_numpy(mel)[None])[-1][0].numpy())
    return Moments.of(np.concatenate(embedded, axis=1))
