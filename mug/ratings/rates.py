"""The rates at which training plays songs: few, so that features.db can store the ratings at all of them."""

import math

STEPS = 20  # steps between 1 and 2; smaller ones are inaudible
MIN_RATE, MAX_RATE = 0.1, 10.0


def rate_grid(low: float, high: float) -> tuple[float, ...]:
    """Return `low`, `high` and the multiples of 0.05 between them, ascending."""
    steps = range(math.floor(low * STEPS) + 1, math.ceil(high * STEPS))
    return tuple(sorted({float(low), float(high), *(step / STEPS for step in steps)}))
