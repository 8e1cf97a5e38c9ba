"""Augmentation of training items: random draws, and their effect on audio and prompt.

Notes are changed in mug.data.note_augment, always together with the audio.

Axes: M mel bins, A audio frames, F features.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch

from mug.config import check_params
from mug.errors import ConfigError
from mug.features import TEMPO, FeatureSpec
from mug.ratings.rates import MAX_RATE, MIN_RATE, rate_grid

MAX_PITCH_BINS = 4
MAX_MASKED_BINS = 16
GAIN_DB = (-12.0, 6.0)  # range of the loudness change
TILT_DB = 3.0  # standard deviation of the gain between neighbouring bands, of TILT_BANDS
TILT_BANDS = 8
NOISE_LOG10 = (-5.0, -1.0)  # log10 of the noise's mel power: from just inaudible to hiding soft sounds
SAID_BESIDE = 0.1  # share of the other features that a short prompt keeps beside the first


@dataclass(frozen=True)
class Augmentation:
    """Probabilities (`_p`) of augmentations; all 0 means none.

    mirror_p: reverse the columns. mirror_at_interval_p: reverse the columns of each passage between gaps. random_p:
    shuffle the columns. offset_p: start the window between two note frames. rate_p: play song and chart at a rate drawn
    from `rate`: its two ends and the multiples of 0.05 between them. pitch_p: move the mel bins by 1 to 4.
    frequency_mask_p: silence a band of mel bins. recording_p: change loudness, balance of frequencies and noise, as in
    another recording.
    feature_dropout_p: for each feature, make it "not given". prompt_dropout_p: make the whole prompt "not given".
    short_prompt_p: otherwise, keep only a short prompt, as people write it: the first feature, the stars, and one in
    ten of the others. random_crop: take the window from anywhere in the song.
    """

    mirror_p: float = 0.0
    mirror_at_interval_p: float = 0.0
    random_p: float = 0.0
    offset_p: float = 0.0
    rate: tuple[float, float] = (1.0, 1.0)
    rate_p: float = 0.0
    pitch_p: float = 0.0
    frequency_mask_p: float = 0.0
    recording_p: float = 0.0
    feature_dropout_p: float = 0.0
    prompt_dropout_p: float = 0.0
    short_prompt_p: float = 0.0
    random_crop: bool = False

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> "Augmentation":
        """Build from a config's `augmentation` node. Raises ConfigError for an unknown key or an impossible value."""
        check_params(cls, params, where="augmentation")
        rate = params.get("rate", (1.0, 1.0))
        if isinstance(rate, str) or not isinstance(rate, Sequence):
            raise ConfigError(f"rate: expected [lowest, highest], got {rate!r}")
        return cls(**{**params, "rate": tuple(rate)})

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if name.endswith("_p") and not (isinstance(value, (int, float)) and 0 <= value <= 1):
                raise ConfigError(f"{name}: {value!r} is not a probability")
        are_rates = all(isinstance(rate, (int, float)) and MIN_RATE <= rate <= MAX_RATE for rate in self.rate)
        if len(self.rate) != 2 or not are_rates or self.rate[0] > self.rate[1]:
            raise ConfigError(f"rate: expected [lowest, highest] of {MIN_RATE} to {MAX_RATE}, got {list(self.rate)}")
        if not isinstance(self.random_crop, bool):
            raise ConfigError(f"random_crop: {self.random_crop!r} is neither true nor false")

    def of_notes(self) -> dict[str, Any]:
        """The values that change an item's notes or their times; the others change only audio or prompt."""
        of_audio = ("pitch_p", "frequency_mask_p", "recording_p")
        of_prompts = ("feature_dropout_p", "prompt_dropout_p", "short_prompt_p")
        return {name: value for name, value in asdict(self).items() if name not in of_audio + of_prompts}

    @property
    def rates(self) -> tuple[float, ...]:
        """All rates that may be drawn, 1 first."""
        return (1.0, *(rate for rate in rate_grid(*self.rate) if rate != 1.0)) if self.rate_p > 0 else (1.0,)

    def draw_rate(self, rng: np.random.Generator) -> float:
        """One of `rates`; the steps of the range are equally likely."""
        steps = rate_grid(*self.rate)
        return steps[rng.integers(len(steps))] if rng.random() < self.rate_p else 1.0


def shift_pitch(mel: np.ndarray, bins: int) -> None:
    """Shift a mel spectrum [M, A] up by `bins` (down if negative), in place; new bins at the edge are silent."""
    rows = mel if bins < 0 else mel[::-1]  # in the order in which rows are overwritten
    distance = min(abs(bins), len(mel))
    for row in range(len(mel) - distance):
        rows[row] = rows[row + distance]
    rows[len(mel) - distance :] = 0


def augment_mel(mel: np.ndarray, augmentation: Augmentation, rng: np.random.Generator) -> None:
    """Shift the pitch of a mel spectrum [M, A], silence a band, and change its recording, as drawn, in place."""
    if rng.random() < augmentation.pitch_p:
        shift_pitch(mel, int(rng.integers(1, MAX_PITCH_BINS + 1)) * int(rng.choice([-1, 1])))
    if rng.random() < augmentation.frequency_mask_p:
        width = int(rng.integers(1, MAX_MASKED_BINS + 1))
        first = int(rng.integers(0, max(1, len(mel) - width + 1)))
        mel[first : first + width] = 0
    if rng.random() < augmentation.recording_p:
        record_anew(mel, rng)


def record_anew(mel: np.ndarray, rng: np.random.Generator) -> None:
    """Change loudness and frequency balance of a spectrum log(1 + power) [M, A], and add noise, in place."""
    bands_db = rng.normal(0, TILT_DB, TILT_BANDS).cumsum()
    bands_db += rng.uniform(*GAIN_DB) - bands_db.mean()
    bins_db = np.interp(np.linspace(0, TILT_BANDS - 1, len(mel)), np.arange(TILT_BANDS), bands_db)  # [M]
    noise = rng.standard_exponential(mel.shape, dtype=np.float32)  # power of white noise is exponential
    noise *= np.float32(10 ** rng.uniform(*NOISE_LOG10))
    power = torch.from_numpy(mel).expm1_()
    power *= torch.from_numpy(10 ** (bins_db / 10)).float()[:, None]
    power.add_(torch.from_numpy(noise)).log1p_()


def drop_features(
    ids: np.ndarray, spec: FeatureSpec, augmentation: Augmentation, rng: np.random.Generator
) -> np.ndarray:
    """Return prompt ids [F] with some, or all, set to "not given".

    The tempo, which is always known, is dropped only together with all others.
    """
    dropped = rng.random(len(ids)) < augmentation.feature_dropout_p
    if rng.random() < augmentation.prompt_dropout_p:
        dropped[:] = True
    elif augmentation.short_prompt_p > 0 and rng.random() < augmentation.short_prompt_p:
        dropped = rng.random(len(ids)) >= SAID_BESIDE
        dropped[0] = False
    if TEMPO in spec.blocks and not dropped.all():
        dropped[spec.names.index(TEMPO)] = False
    return np.where(dropped, spec.unconditional, ids)
