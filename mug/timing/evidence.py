"""What speaks for a beat at each moment: the network's answers, or the strength of onsets alone.

Axes: A audio frames, K beat lengths, T note frames, N tempo frames.
"""

from dataclasses import dataclass

import numpy as np

from mug.charts.beatmap import bpm_of
from mug.timing.activations import BeatActivations

USUAL_BPM, OCTAVES_AROUND = 155.0, 0.45  # tempos that people write for rhythm games: log-normal around the usual one
ONSET_GAIN, ONSET_BASE, ONSET_RANGE = 1.5, 1.5, (-1.0, 4.0)  # from strength in deviations to log-odds
NEARBY_MS, HEARD = 90.0, 0.5  # onsets are compared with those this near, if one is this many deviations strong
ONSET_WORTH = 2.0  # log-odds between the best place nearby and one without an onset
PLACE_MS = 10.0  # how exactly the network knows where a beat is
SURE = 0.98  # downbeat probabilities beyond this, or below 1 - SURE, are not believed
BEAT_SCALE, BEAT_BASE = 6.0, 1.5  # log-odds: no beat -1.5, a sure one 4.5. Logarithms were a little worse: 86 % for 88
DOWNBEAT_BASE, DOWNBEAT_RANGE = 0.5, (-2.0, 3.0)
TEMPO_CLASSES = 2  # by which the network's tempo may be off: it is asked for the octave, not the exact tempo
TEMPO_TRUST = 2.0  # what the network's tempo is worth at each beat
TEMPO_AROUND_MS = 16_000.0  # its answers are averaged over this much of the song
LEAST_LOG = -4.0  # of a tempo that it rules out


@dataclass(frozen=True)
class Evidence:
    """beat, downbeat: log-odds in each audio frame, [A]. tempo: the worth of each of `lengths` [K], [K] or [A, K]."""

    frame_ms: float
    lengths: np.ndarray
    beat: np.ndarray
    downbeat: np.ndarray
    tempo: np.ndarray

    @property
    def end_ms(self) -> float:
        return len(self.beat) * self.frame_ms

    def near(self, log_odds: np.ndarray, times_ms: np.ndarray, frames: int = 1) -> np.ndarray:
        """The largest of `log_odds` within some frames of each moment, [N]."""
        at = np.round(times_ms / self.frame_ms).astype(np.int64)
        reach = np.arange(-frames, frames + 1)
        return log_odds[np.clip(at[:, None] + reach, 0, len(log_odds) - 1)].max(axis=1)

    def worth(self, times_ms: np.ndarray, beat_ms: np.ndarray) -> float:
        """What beats at some moments [N] are worth, with the lengths [N] that they have."""
        frames = beat_ms / self.frame_ms
        index = np.round(np.interp(np.log(frames), np.log(self.lengths), np.arange(len(self.lengths)))).astype(np.int64)
        at = np.clip(np.round(times_ms / self.frame_ms).astype(np.int64), 0, len(self.beat) - 1)
        tempo = self.tempo[index] if self.tempo.ndim == 1 else self.tempo[at, index]
        return float((self.near(self.beat, times_ms) + tempo).sum())


def of_onsets(bands: np.ndarray, lengths: np.ndarray, frame_ms: float) -> Evidence:
    """Evidence from `onset_strength` [3, A] alone: beats are where most starts, measures where the bass is loudest."""
    return Evidence(
        frame_ms,
        lengths,
        ONSET_GAIN * _deviations(bands) - ONSET_BASE,
        np.clip(bands[0], -2, 2) - 1.0,
        tempo_prior(lengths, frame_ms),
    )


def of_activations(heard: BeatActivations, bands: np.ndarray, lengths: np.ndarray, frame_ms: float) -> Evidence:
    """Evidence from the network's answers, made exact by `onset_strength` [3, A]."""
    from scipy.ndimage import maximum_filter1d, uniform_filter1d  # here: it takes a fifth of a second

    frames = bands.shape[1]
    beat = _at_places(heard.beat, heard.place, heard.frame_ms, frames, frame_ms)
    downbeat = _at_places(heard.downbeat, heard.place, heard.frame_ms, frames, frame_ms)
    classes = np.log(heard.bpms)
    wanted = np.log(bpm_of(lengths * frame_ms))
    nearby = max(round(TEMPO_AROUND_MS / heard.tempo_frame_ms), 1)
    likely = uniform_filter1d(np.exp(heard.tempo), nearby, axis=1)
    likely = maximum_filter1d(likely, 2 * TEMPO_CLASSES + 1, axis=0)  # [K classes, N]
    tempo = np.log(np.stack([np.interp(wanted, classes, column, 0.0, 0.0) for column in likely.T]) + 1e-9)  # [N, K]
    tempo = TEMPO_TRUST * np.maximum(tempo - tempo.max(axis=1, keepdims=True), LEAST_LOG)
    at = np.minimum((np.arange(frames) * frame_ms / heard.tempo_frame_ms).astype(np.int64), len(tempo) - 1)
    return Evidence(
        frame_ms,
        lengths,
        BEAT_SCALE * np.clip(beat, 0, 1) - BEAT_BASE + _sharpness(bands, frame_ms),
        np.clip(_log_odds(downbeat) + DOWNBEAT_BASE, *DOWNBEAT_RANGE),
        tempo[at],
    )


def tempo_prior(lengths: np.ndarray, frame_ms: float) -> np.ndarray:
    """The worth of each beat length before anything is heard, [K]."""
    return -0.5 * (np.log2(bpm_of(lengths * frame_ms) / USUAL_BPM) / OCTAVES_AROUND) ** 2


def _at_places(share: np.ndarray, place: np.ndarray, note_frame_ms: float, frames: int, frame_ms: float) -> np.ndarray:
    """How much of a beat is in each audio frame, [A]: two note frames that share a beat point to the same place."""
    at_ms = (np.arange(len(share)) + place) * note_frame_ms  # [T]
    reach = np.arange(-round(2.5 * PLACE_MS / frame_ms), round(2.5 * PLACE_MS / frame_ms) + 1)
    near = np.round(at_ms / frame_ms).astype(np.int64)[:, None] + reach  # [T, 9]
    kernel = np.exp(-0.5 * ((near * frame_ms - at_ms[:, None]) / PLACE_MS) ** 2)
    inside = (near >= 0) & (near < frames)
    return np.bincount(near[inside], (share[:, None] * kernel)[inside], minlength=frames)


def _deviations(bands: np.ndarray) -> np.ndarray:
    """The strength of onsets in standard deviations, [A]."""
    strength = bands.sum(axis=0)
    return np.clip(strength / max(float(strength.std()), 1.0), *ONSET_RANGE)


def _sharpness(bands: np.ndarray, frame_ms: float) -> np.ndarray:
    """Log-odds by which each frame is a better place for a beat than others nearby, [A].

    Strong onsets count no more than weak ones: which onsets are beats is the network's business.
    """
    from scipy.ndimage import maximum_filter1d

    strength = np.maximum(_deviations(bands), 0)
    strongest = maximum_filter1d(strength, 2 * round(NEARBY_MS / frame_ms) + 1)
    heard = strongest > HEARD
    return np.where(heard, ONSET_WORTH * (strength / np.maximum(strongest, HEARD) - 0.5), 0.0)


def _log_odds(probability: np.ndarray) -> np.ndarray:
    clipped = np.clip(probability, 1 - SURE, SURE)
    return np.log(clipped / (1 - clipped))
