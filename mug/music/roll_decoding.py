"""Probabilities of a roll to notes: Otsu's threshold, hysteresis, a shortest length.

A model's probabilities do not reach 1 and fade towards the end of a note. So the threshold is chosen for each roll, and
a note goes on until it falls below a lower one, as a Schmitt trigger's. Notes begin at onsets alone: if what becomes
active begins one too, a trained model's F1 is 0.71 instead of 0.87, because its probabilities waver.

Axes: P pitches, T frames.
"""

from dataclasses import dataclass

import numpy as np

from mug.errors import ConfigError

BINS = 256
LEAST = 0.05  # a plane that stays below it is empty: any threshold of Otsu's would cut noise in two


@dataclass(frozen=True)
class RollDecoding:
    """How probabilities become notes.

    threshold: what begins a note; None for that of each roll, see `threshold_of`. release: a note goes on while it is
    above this share of the threshold. shortest_frames: shorter notes are dropped.
    """

    threshold: float | None = None
    release: float = 0.5
    shortest_frames: int = 2

    def __post_init__(self) -> None:
        if not 0 < self.release <= 1 or self.shortest_frames < 1 or not 0 < (self.threshold or 0.5) < 1:
            raise ConfigError(f"{self}: threshold is between 0 and 1, release at most 1, shortest_frames at least 1")


def decode_roll(
    onset: np.ndarray, active: np.ndarray, offset: np.ndarray | None = None, how: RollDecoding | None = None
) -> np.ndarray:
    """Probabilities [P, T] to notes, int64 [M, 3] as RollCodec.spans_of gives them.

    A run of frames above the onsets' threshold is one onset, at its first frame. offset: of a model that has it; a note
    also ends after a frame where it is above its threshold.
    """
    how = how or RollDecoding()
    starts = rising(onset >= threshold_of(onset, how))
    high = threshold_of(active, how)
    sounding = active >= how.release * high
    begins = starts & sounding
    ends = np.zeros_like(sounding) if offset is None else offset >= threshold_of(offset, how)
    spans = []
    for row in np.flatnonzero(begins.any(axis=1)):
        firsts = np.flatnonzero(begins[row])
        for first, following in zip(firsts, [*firsts[1:], active.shape[1]], strict=True):
            silent = np.flatnonzero(~sounding[row, first:following])
            ended = np.flatnonzero(ends[row, first:following])
            lengths = [following - first, *silent[:1], *(ended[:1] + 1)]
            spans.append((row, first, first + min(lengths)))
    found = np.array(spans, dtype=np.int64).reshape(-1, 3)
    found = found[found[:, 2] - found[:, 1] >= how.shortest_frames]
    return found[np.lexsort((found[:, 0], found[:, 1]))]


def threshold_of(plane: np.ndarray, how: RollDecoding) -> float:
    """The threshold of a plane; above everything for an empty one.

    Otsu's threshold parts silence from the rest, in which there are many weak guesses; a second one parts these from
    notes (F1 0.94, with the first alone 0.87). Where the rest is all alike, it is half of the largest value.
    """
    if how.threshold is not None:
        return how.threshold
    if plane.max() < LEAST:
        return np.inf
    rest = plane[plane >= otsu(plane) / 2]
    second, largest = otsu(rest), float(rest.max())
    return second if second < largest else largest / 2


def otsu(values: np.ndarray) -> float:
    """The threshold that parts values of 0 to 1 into two classes of the largest variance between them.

    Otsu, "A Threshold Selection Method from Gray-Level Histograms", 1979, equations 14 to 17; the middle of those that
    do equally well.
    """
    counts, edges = np.histogram(values, bins=BINS, range=(0.0, 1.0))
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1]  # number of values in the lower class, for each threshold
    sum_below = np.cumsum(counts * middles)[:-1]
    above = counts.sum() - below
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = sum_below / below - ((counts * middles).sum() - sum_below) / above
        between = np.where((below > 0) & (above > 0), below * above * apart**2, 0.0)
    best = np.flatnonzero(between >= between.max() * (1 - 1e-9))
    return float(edges[1:-1][best].mean())


def rising(on: np.ndarray) -> np.ndarray:
    """The first frame of each run, bool [P, T]."""
    return on & ~np.pad(on, ((0, 0), (1, 0)))[:, :-1]
