"""The kinds of charts: tables that rise and fall, shares that change with the level."""

import numpy as np
import pytest

from mug.ratings.skillsets import SKILLSETS
from mug.synth.patterns import COLUMN_GAP_MS, GAP_MS, LEAST_MS, LEVELS, LONG_MS, PATTERNS, THRESHOLD, Pattern, at_level


def test_there_is_a_pattern_for_every_skillset() -> None:
    assert set(PATTERNS) == set(SKILLSETS)
    assert all(LEVELS[0] < pattern.levels[0] < pattern.levels[1] < LEVELS[-1] for pattern in PATTERNS.values())


@pytest.mark.parametrize("table", [THRESHOLD, GAP_MS, LEAST_MS, COLUMN_GAP_MS, LONG_MS])
def test_harder_charts_are_allowed_more(table: tuple[float, ...]) -> None:
    assert len(table) == len(LEVELS)
    assert (np.diff(table) < 0).all()


def test_levels_between_those_of_the_tables() -> None:
    assert at_level(GAP_MS, 2.0) == 205
    assert at_level(GAP_MS, 2.5) == 175
    assert at_level(GAP_MS, -1.0) == 900
    assert at_level(GAP_MS, 99.0) == 50


def test_shares_change_evenly_from_level_1_to_7() -> None:
    pattern = Pattern("any", (1.0, 5.0), jumps=(0.2, 0.5))
    assert [pattern.share(pattern.jumps, level) for level in (0.5, 1, 3, 7, 8)] == pytest.approx(
        [0.2, 0.2, 0.3, 0.5, 0.5]
    )
