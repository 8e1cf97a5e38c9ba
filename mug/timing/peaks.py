"""From the answers of a network to the moments of beats, without any model of tempo.

Axes: T note frames, N beats.
"""

import numpy as np

LEAST = 0.25  # share of a beat around a frame; a certain beat has 0.5 to 1 in its frame, and 1 with its neighbours
REACH = 0.75  # frames from the place that the peak names within which its neighbours speak of the same beat


def pick(share: np.ndarray, place: np.ndarray, least: float = LEAST) -> np.ndarray:
    """Return the positions of peaks, in frames [N]. share [T]: of a beat; place [T]: of the beat in its frame."""
    padded = np.pad(share, 1, constant_values=0.0)
    left, right = padded[:-2], padded[2:]
    frames = np.flatnonzero((share >= least) & (share >= left) & (share > right))
    named = frames + place[frames]
    total, weight = named * share[frames], share[frames].astype(np.float64)
    for step in (-1, 1):
        beside = np.clip(frames + step, 0, len(share) - 1)
        other = beside + place[beside]
        voice = share[beside] * (np.abs(other - named) < REACH) * (beside != frames)
        total, weight = total + voice * other, weight + voice
    return total / weight
