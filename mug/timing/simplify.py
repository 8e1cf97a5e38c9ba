"""Fewer changes of tempo, where one tempo explains the music about as well as two.

Axes: N beats, P stretches.
"""

import math
from itertools import pairwise

import numpy as np

from mug.timing.evidence import Evidence
from mug.timing.octaves import in_one_octave
from mug.timing.tempo_fit import BREAK_MS, MOVES, Stretch

STRETCH_COST = 14.0  # in log-odds
BREAK_COST = 150.0  # if the beats of both do not join: music hardly ever does that
SLIP_COST = 2000.0  # if the tempo is the same as well, and only the beat slips
SAME_TEMPO = 0.01
BRIDGE_COST = 100.0  # of a few beats in another tempo, which only lead from one phase to another
BRIDGE_BEATS, BRIDGE_CHANGE = 7.5, 0.06  # a gradual change is slower
HAIR = 1e-3  # of a beat, against rounding


def simplified(stretches: list[Stretch], evidence: Evidence) -> list[Stretch]:
    """Let stretches take over their neighbours, best first, as long as the evidence loses less than a change costs.

    A tracker that loses the beat for some measures leaves stretches that only lead from one phase to another. At last,
    all stretches get the same octave of tempo if possible.
    """
    end_ms = evidence.end_ms

    def worth(stretch: Stretch, low_ms: float, high_ms: float) -> float:
        times = _beats(stretch, low_ms, high_ms)
        return evidence.worth(times, np.full(len(times), stretch.beat_ms))

    kept = list(stretches)
    while len(kept) > 1:
        edges = [0.0, *(stretch.time_ms for stretch in kept[1:]), end_ms]
        alone = [worth(stretch, *span) for stretch, span in zip(kept, pairwise(edges), strict=True)]
        most, best = -_cost(kept), None
        for first in range(len(kept) - 1):
            for last in range(first + 1, min(first + 3, len(kept))):
                for taker in kept[first : last + 1]:
                    merged = taker if taker is kept[first] else _reaching_back(taker, kept[first].time_ms)
                    fewer = [*kept[:first], merged, *kept[last + 1 :]]
                    gain = worth(merged, edges[first], edges[last + 1]) - sum(alone[first : last + 1]) - _cost(fewer)
                    if gain > most:
                        most, best = gain, fewer
        if best is None:
            break
        kept = best
    return in_one_octave(kept, end_ms, worth)


def _cost(stretches: list[Stretch]) -> float:
    """What the changes from stretch to stretch cost."""
    total = 0.0
    for before, after in pairwise(stretches):
        beats = (after.time_ms - before.time_ms) / before.beat_ms
        change = abs(after.beat_ms / before.beat_ms - 1)
        gap_ms = abs(beats - round(beats)) * before.beat_ms - MOVES * abs(after.beat_ms - before.beat_ms)
        if gap_ms <= BREAK_MS:  # the lines of both meet at most MOVES beats away
            total += STRETCH_COST
            total += BRIDGE_COST if beats < BRIDGE_BEATS and change > BRIDGE_CHANGE else 0.0
        else:
            total += SLIP_COST if change < SAME_TEMPO else BREAK_COST
    return total


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


def _beats(stretch: Stretch, low_ms: float, high_ms: float) -> np.ndarray:
    """The moments of a stretch's beats within [low_ms, high_ms), [N]."""
    low = math.ceil((low_ms - stretch.time_ms) / stretch.beat_ms - HAIR)
    high = math.ceil((high_ms - stretch.time_ms) / stretch.beat_ms - HAIR)
    return stretch.time_ms + np.arange(low, max(high, low)) * stretch.beat_ms
