"""Rates: the ends of a range, and the steps between them."""

import pytest

from mug.data.rates import PREPARED, rate_grid


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


@pytest.mark.parametrize("high", [1.1, 1.2, 1.5])
@pytest.mark.parametrize("low", [0.75, 0.8, 0.9])
def test_what_is_prepared_holds_what_is_drawn(low, high):
    assert set(rate_grid(low, high)) <= set(rate_grid(*PREPARED))
    assert len(rate_grid(*PREPARED)) == 16
