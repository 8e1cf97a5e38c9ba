"""How hard and how dense a chart is over its length.

Axis: W windows of WINDOW_MS, from time 0 to the end of the chart.
"""

from dataclasses import dataclass

import numpy as np
import rosu_pp_py

from mug.charts.beatmap import Beatmap, note_arrays
from mug.errors import ChartError
from mug.ratings.stars import ratable

WINDOW_MS = 800.0  # two sections of osu!'s strain
# A chart whose sections all have the strain s is rated 0.018 * s * (1 + 0.9 + 0.9^2 + ...) = 0.18 * s stars: osu! sums
# the peaks of the sections, from the highest down, each weighted 0.9 times the one before.
STARS_OF_STRAIN = 0.18


@dataclass(frozen=True)
class Passages:
    """stars: the rating of a chart that is everywhere as hard as this window, [W]; None if osu! rates no such chart.

    density: notes per second, [W].
    """

    stars: np.ndarray | None
    density: np.ndarray


def rate_passages(chart: Beatmap) -> Passages:
    """Rate a chart window by window."""
    _, start_ms, _ = note_arrays(chart.notes)
    n_windows = int(max(chart.last_ms, 0.0) // WINDOW_MS) + 1
    window = np.clip(start_ms // WINDOW_MS, 0, n_windows - 1).astype(np.int64)
    density = np.bincount(window, minlength=n_windows) / (WINDOW_MS / 1000)
    return Passages(_stars(chart, start_ms, n_windows), density)


def _stars(chart: Beatmap, start_ms: np.ndarray, n_windows: int) -> np.ndarray | None:
    """The highest strain in each window, in stars, [W]."""
    try:
        found = rosu_pp_py.Difficulty().strains(ratable(chart))
    except ChartError:
        return None
    stars = np.zeros(n_windows)
    strains = np.asarray(found.strains or [], dtype=np.float64)  # [sections]
    if len(start_ms) > 1:
        second_ms = np.sort(start_ms)[1]  # whose section is the first: the first note has no strain
        first = int(np.ceil(second_ms / found.section_length)) - 1  # a section includes its end
        middles_ms = (first + np.arange(len(strains)) + 0.5) * found.section_length
        window = np.clip(middles_ms // WINDOW_MS, 0, n_windows - 1).astype(np.int64)
        np.maximum.at(stars, window, STARS_OF_STRAIN * strains)
    return stars
