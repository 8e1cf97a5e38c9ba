"""After how long half measures return: as they are, mirrored, or moved sideways.

A half measure is two beats. One that returns mirrored at once is the answer to the one before it.
"""

from mug.metrics.habits.moments import BEAT_RANGE_MS, Moments
from mug.metrics.motifs import MIN_MOMENTS, Motif, mirrored, motif_shares, numbered_half_measures

PERIODS = {"1/2": 1, "1": 2, "2": 4, "4": 8, "8": 16}  # name, in measures of four beats -> half measures
LEAST_RETURNS = 4  # half measures with the rhythm of an earlier one, for their columns to be counted


def shares_that_return(moments: Moments) -> dict[str, float]:
    """The rhythm share and the motif share of `mug.metrics.motifs`."""
    found = motif_shares(moments.chart)
    return {"rhythm share": found.rhythm, "motif share": found.motif}


def periods(moments: Moments) -> dict[str, float]:
    """For each period: the share of half measures whose rhythm stood there before, and of these, their columns.

    Only half measures with at least three moments count, and only if there was one with notes a period before.
    """
    found = numbered_half_measures(moments.chart, BEAT_RANGE_MS)
    figures = {}
    for name, back in PERIODS.items():
        pairs = [
            (motif, found[stretch, number - back])
            for (stretch, number), motif in found.items()
            if len(motif) >= MIN_MOMENTS and (stretch, number - back) in found
        ]
        same_rhythm = [(new, old) for new, old in pairs if _rhythm(new) == _rhythm(old)]
        ways = [_way(new, old, moments.keys) for new, old in same_rhythm]
        figures[f"rhythm as {name} before"] = _share(len(same_rhythm), len(pairs))
        for way in ("as it was", "mirrored", "moved"):
            figures[f"columns {way}, {name} before"] = _share(ways.count(way), len(ways))
    return figures


def _share(count: int, total: int) -> float:
    return count / total if total >= LEAST_RETURNS else float("nan")


def _rhythm(motif: Motif) -> list[int]:
    return [place for place, _ in motif]


def _way(new: Motif, old: Motif, keys: int) -> str:
    """How the columns of one motif became those of another of the same rhythm."""
    if new == old:
        return "as it was"
    if new == mirrored(old, keys):
        return "mirrored"
    steps = {min(a) - min(b) for (_, a), (_, b) in zip(new, old, strict=True)}
    step = steps.pop()
    moved = tuple((place, tuple(column + step for column in columns)) for place, columns in old)
    return "moved" if not steps and new == moved else "otherwise"
