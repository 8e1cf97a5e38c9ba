"""Fewer changes of tempo, where one tempo explains the music about as well as two.

Axes: A audio frames, N beats, P stretches.
"""

import math
from itertools import pairwise

import numpy as np

from mug.timing.tempo_fit import BREAK_MS, Stretch

STRETCH_COST = 10.0  # in log-odds
BREAK_COST = 150.0  # if the beats of both do not join: music hardly ever does that
NEAR_FRAMES = 1  # how far a beat may be from the frame whose odds it takes


def simplified(stretches: list[Stretch], log_odds: np.ndarray, frame_ms: float) -> list[Stretch]:
    """Let a stretch take over its neighbour, best first, as long as that costs the beats less than STRETCH_COST.

    A tracker that loses the beat for some measures leaves stretches that only lead from one phase to another.
    log_odds [A]: of a beat in each frame.
    """
    nearby = np.max([np.roll(log_odds, by) for by in range(-NEAR_FRAMES, NEAR_FRAMES + 1)], axis=0)
    end_ms = len(log_odds) * frame_ms

    def worth(stretch: Stretch, low_ms: float, high_ms: float) -> float:
        return float(nearby[_frames(stretch, low_ms, high_ms, frame_ms, len(nearby))].sum())

    def cost(before: Stretch, after: Stretch) -> float:
        beats = (after.time_ms - before.time_ms) / before.beat_ms
        broken = abs(beats - round(beats)) * before.beat_ms > BREAK_MS
        return BREAK_COST if broken else STRETCH_COST

    kept = list(stretches)
    while len(kept) > 1:
        edges = [0.0, *(stretch.time_ms for stretch in kept[1:]), end_ms]
        alone = [worth(stretch, *span) for stretch, span in zip(kept, pairwise(edges), strict=True)]
        costs = [0.0, *(cost(*pair) for pair in pairwise(kept)), 0.0]
        best, choice = 0.0, None
        for i in range(len(kept) - 1):
            for merged in (kept[i], _reaching_back(kept[i + 1], kept[i].time_ms)):
                change = worth(merged, edges[i], edges[i + 2]) - alone[i] - alone[i + 1] + sum(costs[i : i + 3])
                change -= cost(kept[i - 1], merged) if i else 0.0
                change -= cost(merged, kept[i + 2]) if i + 2 < len(kept) else 0.0
                if change > best:
                    best, choice = change, (i, merged)
        if choice is None:
            break
        kept[choice[0] : choice[0] + 2] = [choice[1]]
    return kept


def _reaching_back(stretch: Stretch, time_ms: float) -> Stretch:
    """The stretch from its beat nearest to `time_ms` on."""
    beats = round((time_ms - stretch.time_ms) / stretch.beat_ms)
    return Stretch(stretch.first + beats, stretch.time_ms + beats * stretch.beat_ms, stretch.beat_ms)


def relaid(stretches: list[Stretch], end_ms: float) -> tuple[np.ndarray, list[int]]:
    """Return the times of all beats of the stretches within [0, end_ms), [N], and the first beat of each stretch."""
    times: list[np.ndarray] = []
    firsts: list[int] = []
    for i, stretch in enumerate(stretches):
        high_ms = stretches[i + 1].time_ms - 0.5 * stretch.beat_ms if i + 1 < len(stretches) else end_ms
        low = math.ceil(-stretch.time_ms / stretch.beat_ms) if i == 0 else 0
        high = math.ceil((high_ms - stretch.time_ms) / stretch.beat_ms)
        if high > low:
            firsts.append(sum(map(len, times)))
            times.append(stretch.time_ms + np.arange(low, high) * stretch.beat_ms)
    return np.concatenate(times), firsts


def _frames(stretch: Stretch, low_ms: float, high_ms: float, frame_ms: float, n: int) -> np.ndarray:
    """The frames of a stretch's beats within [low_ms, high_ms)."""
    low = math.ceil((low_ms - stretch.time_ms) / stretch.beat_ms - 1e-3)
    high = math.ceil((high_ms - stretch.time_ms) / stretch.beat_ms - 1e-3)
    times = stretch.time_ms + np.arange(low, max(high, low)) * stretch.beat_ms
    return np.clip(np.round(times / frame_ms).astype(np.int64), 0, n - 1)
