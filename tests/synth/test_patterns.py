"""The kinds of charts: tables that rise and fall, shares that change with the level."""

import numpy as np
import pytest

from mug.ratings.skillsets import SKILLSETS
from mug.synth.patterns import COLUMN_GAP_MS, GAP_MS, LEAST_MS, LEVELS, LONG_MS, PATTERNS, THRESHOLD, Pattern, at_level


def test_there_is_a_pattern_for_every_skillset() -> None:
    assert set(PATTERNS) == set(SKILLSETS)
    assert all(LEVELS[0] < pattern.levels[0] < pattern.levels[1] <= LEVELS[-1] for pattern in PATTERNS.values())


@pytest.mark.parametrize("table", [THRESHOLD, GAP_MS, LEAST_MS, COLUMN_GAP_MS, LONG_MS])
def test_harder_charts_are_allowed_more(table: tuple[float, ...]) -> None:
    assert len(table) == len(LEVELS)
    assert (np.diff(table) <= 0).all()
    assert table[-1] < table[0]


def test_levels_between_those_of_the_tables() -> None:
    assert at_level(GAP_MS, 2.0) == 225
    assert at_level(GAP_MS, 2.5) == 173.5
    assert at_level(GAP_MS, -2.0) == 1900
    assert at_level(GAP_MS, 99.0) == 30


def test_shares_change_evenly_between_levels() -> None:
    pattern = Pattern("any", (1.0, 5.0), jumps=(0.2, 0.3, 0.4, 0.5))
    shares = [pattern.shares(level, 4) for level in (0.5, 1, 3, 7, 8)]
    assert shares == [pytest.approx([jumps, 0, 0]) for jumps in (0.12, 0.12, 0.42, 0.475, 0.525)]


def test_more_keys_have_more_and_larger_chords() -> None:
    pattern = Pattern("any", (1.0, 5.0), jumps=(0.2,) * 4, hands=(0.1,) * 4, quads=(0.05,) * 4)
    assert pattern.shares(1.0, 1) == []
    assert pattern.shares(1.0, 4) == pytest.approx([0.12, 0.1, 0.05])
    # 2.05, 2.5 and 7 times as many, but no more of four than of three; 0.35 of those have a fifth note, and so on
    assert pattern.shares(1.0, 7) == pytest.approx([0.41, 0.25, 0.25, 0.25 * 0.35, 0.25 * 0.35**2])
    assert pattern.shares(7.0, 7)[:3] == pytest.approx([0.218, 0.205, 0.2])  # 1.09, 2.05 and 4 times
