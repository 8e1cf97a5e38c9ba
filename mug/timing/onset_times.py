"""When the onsets at tracked beats really are: to a fraction of a frame.

Axes: A audio frames, N beats.
"""

import numpy as np

NEAR_FRAMES = 5  # how far an onset may be from the frame of its beat
# How late the peak of `onset_strength` is, in ms: the median over 80 composed songs, whose beats are exact. Of 9 in 10
# songs the median lies within 1.2 ms of it.
BIAS_MS = 2.7
WEAK, STRONG = 2.0, 6.0  # strength below which an onset says nothing, and from which it counts in full


def onset_times(strength: np.ndarray, frames: np.ndarray, frame_ms: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the time in ms and the weight, 0..1, of the strongest onset near each beat: float64 [N] each.

    strength [A]: the sum of the bands of `onset_strength`. frames [N]: where beats were tracked. The peak is that of
    the parabola through the strongest frame and its neighbours.
    """
    reach = np.arange(-NEAR_FRAMES, NEAR_FRAMES + 1)
    around = np.clip(frames[:, None] + reach, 1, len(strength) - 2)  # [N, 11]
    at = around[np.arange(len(frames)), strength[around].argmax(axis=1)]
    left, peak, right = strength[at - 1], strength[at], strength[at + 1]
    bend = left - 2 * peak + right
    shift = np.where(bend < 0, 0.5 * (left - right) / np.where(bend < 0, bend, -1.0), 0.0)
    weight = np.clip((peak - WEAK) / (STRONG - WEAK), 0.0, 1.0)
    return (at + np.clip(shift, -0.5, 0.5)) * frame_ms - BIAS_MS, weight.astype(np.float64)
