"""How far one folder of songs sounds from another, statistic by statistic.

Each dimension of a statistic (mug.synth.hearing) is compared by the Wasserstein-1 distance between its values over the
excerpts of both folders, in standard deviations of the reference: 0 if they are equal, about d if one is shifted
by d deviations, and larger if one varies less than the other. A statistic's distance is the mean over its
dimensions, the total is the mean over statistics. The distance of each reference song from all others shows how small
a distance can be. Axes: N excerpts, D dimensions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import wasserstein_distance

from mug.synth.hearing import Statistics, hear_folder

LEAST_DEVIATION = 0.05  # of the mean: a lower bound, so that a reference that hardly varies gives no infinite distances


@dataclass(frozen=True)
class Row:
    """A statistic: means over excerpts, the distance, and the distance among the reference's songs."""

    name: str
    songs: np.ndarray  # means [D]
    reference: np.ndarray  # means [D]
    distance: float
    among_reference: float  # NaN if the reference has one song


@dataclass(frozen=True)
class Comparison:
    rows: tuple[Row, ...]  # of excerpts
    charted: tuple[Row, ...]  # of songs with charts

    @property
    def total(self) -> float:
        """The mean distance over all statistics of excerpts."""
        return float(np.mean([row.distance for row in self.rows]))

    @property
    def among_reference(self) -> float:
        """The same among the reference's songs."""
        return float(np.mean([row.among_reference for row in self.rows]))

    def table(self) -> str:
        """A table in Markdown."""
        lines = ["| statistic | songs | reference | distance | within reference |", "|---|---|---|---|---|"]
        for row in (*self.rows, *self.charted):
            cells = (row.name, _numbers(row.songs), _numbers(row.reference), f"{row.distance:.2f}")
            lines.append(f"| {' | '.join(cells)} | {row.among_reference:.2f} |")
        lines.append(f"| **total** (without charts) | | | **{self.total:.2f}** | **{self.among_reference:.2f}** |")
        return "\n".join(lines)


def compare_folders(songs: Path, reference: Path) -> Comparison:
    """Compare two folders of songs. Raises DatasetError if one is empty, AudioError for damaged audio."""
    (heard, charted), (known, known_charted) = hear_folder(songs), hear_folder(reference)
    return compare(list(heard.values()), list(known.values()), charted, known_charted)


def compare(
    songs: Sequence[Sequence[Statistics]],
    reference: Sequence[Sequence[Statistics]],
    charted: Sequence[Statistics] = (),
    reference_charted: Sequence[Statistics] = (),
) -> Comparison:
    """Compare the excerpts of songs with those of a reference, and their charts song by song."""
    rows = _rows(songs, reference)
    of_charts = _rows([[row] for row in charted], [[row] for row in reference_charted])
    return Comparison(rows, of_charts if charted and reference_charted else ())


def distance(values: np.ndarray, reference: np.ndarray, deviation: np.ndarray) -> float:
    """Wasserstein-1 distance of values [N, D] from a reference, in units of `deviation` [D], mean over D."""
    pairs = zip(values.T, reference.T, deviation, strict=True)
    return float(np.mean([wasserstein_distance(ours, theirs) / unit for ours, theirs, unit in pairs]))


def _rows(songs: Sequence[Sequence[Statistics]], reference: Sequence[Sequence[Statistics]]) -> tuple[Row, ...]:
    names = next((list(excerpt) for song in reference for excerpt in song), [])
    rows = []
    for name in names:
        ours = np.array([excerpt[name] for song in songs for excerpt in song])  # [N, D]
        by_song = [np.array([excerpt[name] for excerpt in song]) for song in reference if song]
        theirs = np.concatenate(by_song)
        deviation = np.maximum(theirs.std(axis=0), LEAST_DEVIATION * np.abs(theirs).mean(axis=0) + 1e-9)
        apart = [
            distance(own, np.concatenate([*by_song[:i], *by_song[i + 1 :]]), deviation)
            for i, own in enumerate(by_song)
            if len(by_song) > 1
        ]
        among = float(np.mean(apart)) if apart else float("nan")
        rows.append(Row(name, ours.mean(axis=0), theirs.mean(axis=0), distance(ours, theirs, deviation), among))
    return tuple(rows)


def _numbers(values: np.ndarray) -> str:
    return " ".join(f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}" for value in values)
