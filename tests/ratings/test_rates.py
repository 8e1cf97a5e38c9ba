"""Rates: the ends of a range, and the steps between them."""

import pytest

from mug.ratings.rates import rate_grid


@pytest.mark.parametrize(
    ("low", "high", "rates"),
    [
        (0.9, 1.1, (0.9, 0.95, 1.0, 1.05, 1.1)),
        (1.0, 1.0, (1.0,)),
        (1.31, 1.31, (1.31,)),
        (0.93, 0.97, (0.93, 0.95, 0.97)),
        (0.99, 1.06, (0.99, 1.0, 1.05, 1.06)),
    ],
)
def test_by_hand(low, high, rates):
    assert rate_grid(low, high) == rates
