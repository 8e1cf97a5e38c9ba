"""How likely notes are at a moment, from what is said of frames: summed by hand."""

import numpy as np
import pytest

from mug.placement.chances import Chances

CHANCES = Chances(np.array([100.0, 146.0, 200.0, 240.0]), np.array([0.5, 0.25, 0.75, 0.5]))


@pytest.mark.parametrize(
    ("moment_ms", "expected"),
    [
        (100.0, 0.5),
        (75.0, 0.5),  # 25 ms before the frame's note
        (74.9, 0.0),
        (125.0, 0.75),  # halfway: a share in both
        (220.0, 1.0),  # more than sure is sure
        (265.0, 0.5),
        (265.1, 0.0),
    ],
)
def test_a_moment_sums_the_probabilities_of_nearby_frames(moment_ms, expected):
    assert CHANCES.at(np.array([moment_ms])) == pytest.approx([expected])


def test_moments_are_answered_in_their_order():
    assert CHANCES.at(np.array([240.0, 0.0, 100.0])) == pytest.approx([0.5, 0.0, 0.5])
    assert CHANCES.at(np.array([])).shape == (0,)
