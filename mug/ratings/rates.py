"""The rates at which training plays songs: few, so that the ratings at each of them can be kept in features.db."""

import math

STEPS = 20  # between 1 and 2; nobody hears a smaller one
MIN_RATE, MAX_RATE = 0.1, 10.0


def rate_grid(low: float, high: float) -> tuple[float, ...]:
    """Return `low`, `high` and the multiples of 0.05 between them, ascending."""
    steps = range(math.floor(low * STEPS) + 1, math.ceil(high * STEPS))
    return tuple(sorted({float(low), float(high), *(step / STEPS for step in steps)}))
