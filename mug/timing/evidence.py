"""What speaks for a beat at each moment: the network's answers, or the strength of onsets alone.

Axes: A audio frames, K beat lengths, T note frames, N tempo frames.
"""

from dataclasses import dataclass

import numpy as np

from mug.timing.activations import BeatActivations

USUAL_BPM, OCTAVES_AROUND = 155.0, 0.45  # tempos that people write for rhythm games: log-normal around the usual one
ONSET_GAIN, ONSET_BASE, ONSET_RANGE = 1.5, 1.5, (-1.0, 4.0)  # from strength in deviations to log-odds
PLACE_MS = 10.0  # how exactly the network knows where a beat is
SURE = 0.98  # probabilities beyond this, or below 1 - SURE, are not believed
TEMPO_TRUST = 0.5  # what the network's tempo is worth at each beat
LEAST_LOG = -8.0  # of a tempo that it rules out


@dataclass(frozen=True)
class Evidence:
    """beat, downbeat: log-odds in each audio frame, [A]. tempo: the worth of each beat length, [K] or [A, K]."""

    frame_ms: float
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


def of_onsets(bands: np.ndarray, lengths: np.ndarray, frame_ms: float) -> Evidence:
    """Evidence from `onset_strength` [3, A] alone: beats are where most starts, measures where the bass is loudest."""
    strength = bands.sum(axis=0)
    deviations = np.clip(strength / max(float(strength.std()), 1.0), *ONSET_RANGE)
    return Evidence(
        frame_ms, ONSET_GAIN * deviations - ONSET_BASE, np.clip(bands[0], -2, 2) - 1.0, tempo_prior(lengths, frame_ms)
    )


def of_activations(heard: BeatActivations, frames: int, lengths: np.ndarray, frame_ms: float) -> Evidence:
    """Evidence from the network's answers, on a song's audio frames."""
    beat = _at_places(heard.beat, heard.place, heard.frame_ms, frames, frame_ms)
    downbeat = _at_places(heard.downbeat, heard.place, heard.frame_ms, frames, frame_ms)
    classes = np.log(heard.bpms)
    wanted = np.log(60_000 / (lengths * frame_ms))
    tempo = np.stack([np.interp(wanted, classes, column, LEAST_LOG, LEAST_LOG) for column in heard.tempo.T])  # [N, K]
    tempo = TEMPO_TRUST * np.maximum(tempo - tempo.max(axis=1, keepdims=True), LEAST_LOG)
    at = np.minimum((np.arange(frames) * frame_ms / heard.tempo_frame_ms).astype(np.int64), len(tempo) - 1)
    return Evidence(frame_ms, _log_odds(beat), _log_odds(downbeat), tempo[at])


def tempo_prior(lengths: np.ndarray, frame_ms: float) -> np.ndarray:
    """The worth of each beat length before anything is heard, [K]."""
    return -0.5 * (np.log2(60_000 / (lengths * frame_ms) / USUAL_BPM) / OCTAVES_AROUND) ** 2


def _at_places(share: np.ndarray, place: np.ndarray, note_frame_ms: float, frames: int, frame_ms: float) -> np.ndarray:
    """How much of a beat is in each audio frame, [A]: two note frames that share a beat point to the same place."""
    at_ms = (np.arange(len(share)) + place) * note_frame_ms  # [T]
    reach = np.arange(-round(2.5 * PLACE_MS / frame_ms), round(2.5 * PLACE_MS / frame_ms) + 1)
    near = np.round(at_ms / frame_ms).astype(np.int64)[:, None] + reach  # [T, 9]
    kernel = np.exp(-0.5 * ((near * frame_ms - at_ms[:, None]) / PLACE_MS) ** 2)
    inside = (near >= 0) & (near < frames)
    return np.bincount(near[inside], (share[:, None] * kernel)[inside], minlength=frames)


def _log_odds(probability: np.ndarray) -> np.ndarray:
    clipped = np.clip(probability, 1 - SURE, SURE)
    return np.log(clipped / (1 - clipped))
