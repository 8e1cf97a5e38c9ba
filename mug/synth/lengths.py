"""How long songs last: charted songs are mostly cuts for TV, or 90 seconds to 5 minutes, and some are longer."""

import numpy as np

TV_SIZE_S = (84.0, 96.0)  # an opening of 90 seconds
TV_SIZED = 0.2  # share of songs cut for TV


def draw_seconds(shortest: float, longest: float, rng: np.random.Generator) -> float:
    """Draw a song's length: a fifth are cut for TV if the range allows it, the others spread evenly by ratio."""
    if rng.random() < TV_SIZED and shortest <= TV_SIZE_S[0] and TV_SIZE_S[1] <= longest:
        shortest, longest = TV_SIZE_S
    return round(float(np.exp(rng.uniform(np.log(shortest), np.log(longest)))), 1)
