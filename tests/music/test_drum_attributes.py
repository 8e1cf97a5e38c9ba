"""Attributes of drum clips, by hand."""

import numpy as np

from mug.music.drum_attributes import density, syncopation


def grid(*hits: tuple[int, int]) -> np.ndarray:
    """Two bars with hits at (step, drum)."""
    found = np.zeros((32, 9), dtype=bool)
    for hit in hits:
        found[hit] = True
    return found


def test_density_is_hits_a_bar() -> None:
    assert density(grid((0, 0), (0, 2), (31, 8))) == 1.5


def test_a_kick_is_syncopated_without_one_on_the_beat_before() -> None:
    assert syncopation(grid((0, 0), (2, 0), (6, 0), (12, 1))) == 1 / 4  # of the beats at 0, 4 and 12
    assert syncopation(grid((0, 1), (2, 0))) == 1 / 2  # another drum on the beat does not count
    assert syncopation(grid((2, 2), (3, 8))) == 0  # hats and rides do not mark the beat
