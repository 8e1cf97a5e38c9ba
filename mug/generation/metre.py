"""Where in a measure people's easiest charts have notes.

Below a star, people write on the first beat of nearly every measure and on few other beats: on 87 % of first beats,
35 % of third ones and 19 % of the others (ten charts). A model learns what music suggests, which depends less on the
place in the measure.
"""

from collections.abc import Sequence

import numpy as np

from mug.charts.beatmap import TimingPoint
from mug.charts.tempo_map import TempoMap

EASIEST_STARS, EASY_STARS = 0.75, 1.25  # in between, places count less and less
FIRST, MIDDLE, OTHER = 2.2, 0.0, -1.4  # log odds of people's charts, less those of the charts that models learn from
SCALE = 4.0  # so much the log odds of votes and placement weigh together
NEAR_BEATS = 0.1


def metrical_log_odds(
    times_ms: np.ndarray, votes: np.ndarray, timing_points: Sequence[TimingPoint], stars: float
) -> np.ndarray:
    """How much more likely than elsewhere a chart of these stars has notes at some times [N]: log odds [N].

    votes: how many samples have notes there [N]. Measures begin at the beat of four where samples have most, as heard
    measures often begin elsewhere. 0 for all times from EASY_STARS on. Raises ChartError for points that form no grid.
    """
    share = np.clip((EASY_STARS - stars) / (EASY_STARS - EASIEST_STARS), 0, 1)
    if not share or not len(times_ms):
        return np.zeros(len(times_ms))
    tempo = TempoMap.of_points(timing_points)
    stretch = tempo.stretch_at(times_ms)
    meters, beats = tempo.meters[stretch], (times_ms - tempo.times[stretch]) / tempo.lengths[stretch]

    def near(place: np.ndarray | float) -> np.ndarray:
        """Which times are at a place in their measures, given in beats: bool [N]."""
        return np.abs((beats - place + meters / 2) % meters - meters / 2) < NEAR_BEATS

    first = max(range(int(meters.max())), key=lambda beat: float(votes[near(beat)].sum()))
    is_middle = near(first + meters / 2) & (meters % 2 == 0)
    log_odds: np.ndarray = SCALE * share * np.select([near(first), is_middle], [FIRST, MIDDLE], OTHER)
    return log_odds
