"""How dense a chart is, how that changes over a song, rests, and the distances between moments."""

from itertools import groupby

import numpy as np

from mug.metrics.habits.moments import Moments
from mug.metrics.snaps import SNAPS, snap_shares

PART_MEASURES = 8
REST_BEATS = 2.0
INTERVALS = {"1/8 beat": 1 / 8, "1/6": 1 / 6, "1/4": 1 / 4, "1/3": 1 / 3, "1/2": 1 / 2, "1": 1.0, "2 beats": 2.0}
WITHIN = 0.03  # beats
STREAMS = {"3 to 4": (3, 4), "5 to 8": (5, 8), "9 to 16": (9, 16), "17 and more": (17, 10**9)}
STREAM_BEATS = 0.25  # between moments of a stream, at most


def density(moments: Moments) -> dict[str, float]:
    """Notes a second, and how they vary over measures and parts of eight measures, from the first note to the last."""
    measures = moments.measures - moments.measures[0]
    counts = np.bincount(measures, moments.sizes)  # notes of each measure
    seconds = max((moments.times_ms[-1] - moments.times_ms[0]) / 1000, 1e-3)
    rests_ms = np.diff(moments.times_ms)[moments.gaps >= REST_BEATS - WITHIN]
    parts = counts[: len(counts) // PART_MEASURES * PART_MEASURES].reshape(-1, PART_MEASURES).sum(axis=1)
    return {
        "minutes": seconds / 60,
        "notes a second": float(moments.sizes.sum() / seconds),
        "variation over measures": _variation(counts),
        "variation over parts": _variation(parts) if len(parts) > 1 else float("nan"),
        "densest part over mean": float(parts.max() / parts.mean()) if len(parts) > 1 else float("nan"),
        "measures without notes": float((counts == 0).mean()),
        "time in rests of two beats": float(rests_ms.sum() / 1000 / seconds),
    }


def snaps(moments: Moments) -> dict[str, float]:
    """The shares of notes by their snap (`mug.metrics.snaps`, beats of 150 to 300 BPM)."""
    return {f"on {name}": float(share) for name, share in zip(SNAPS, snap_shares(moments.chart), strict=True)}


def intervals(moments: Moments) -> dict[str, float]:
    """The shares of distances from a moment to the next, in beats."""
    figures, left = {}, np.ones(len(moments.gaps), bool)
    for name, beats in INTERVALS.items():
        there = left & (abs(moments.gaps - beats) <= min(WITHIN, 0.15 * beats))
        figures[f"next after {name}"] = _mean(there)
        left &= ~there
    return figures | {
        "next after less": _mean(left & (moments.gaps < 1 / 4)),
        "next after another time": _mean(left & (moments.gaps >= 1 / 4)),
    }


def streams(moments: Moments) -> dict[str, float]:
    """The shares of moments in runs of 3 to 4, 5 to 8... moments at most 1/4 beat apart: bursts to streams."""
    lengths = [len(list(group)) + 1 for quick, group in groupby(moments.gaps <= STREAM_BEATS + WITHIN) if quick]
    return {
        f"in runs of {name}": sum(n for n in lengths if low <= n <= high) / len(moments.rows)
        for name, (low, high) in STREAMS.items()
    }


def _variation(values: np.ndarray) -> float:
    """The standard deviation over the mean."""
    return float(values.std() / values.mean()) if values.any() else float("nan")


def _mean(flags: np.ndarray) -> float:
    return float(flags.mean()) if len(flags) else float("nan")
