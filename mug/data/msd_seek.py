"""From the difficulty of a chart's intervals to one rating: the skill that reaches the score goal, and what tires it.

Axes: R rates, S skillsets, H hands (2), I intervals. Intervals without notes weigh nothing.
"""

import numpy as np
from scipy.special import erf, erfc

POWER = 1.7
NEWTON_STEPS, SETTLED = 20, 1e-7
SURELY_LOSING = 0.9
EASIEST = 1e-3
JACK_POINTS, JACK_STEEPNESS, JACK_LOSS = 16.0, 0.04, 0.0875
JACK_BIN = 0.2
FRESH = 0.95  # the stamina state's start and lowest floor
TIRING_PER_INTERVAL = 243.0
REST_SHARE = 0.694  # of the skill: easier than that is rest
CEILING, HIGHEST = 1.075, 1.11
FLOOR_INTERVALS = 600.0
BLOCK = 8  # intervals between looks at floor and ceiling
OVERALL_FACTOR, OVERALL_STEEPNESS = 1.11, 0.25
BISECTIONS = 26


def seek(difficulty: np.ndarray, notes: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Return [...]: the skill x at which the share `allowed` [...] of the points is lost.

    `difficulty` and `notes` are [..., J]. An interval harder than x loses the share 1 - (x / difficulty)^1.7 of its
    notes. In u = x^1.7 the loss is convex and falls in straight pieces, so that Newton's steps settle in a few.
    """
    weight = np.maximum(difficulty, EASIEST) ** -POWER
    all_notes = notes.sum(axis=-1)
    kept = allowed * all_notes
    mean = (difficulty * notes).sum(axis=-1) / np.maximum(all_notes, 1e-9)
    u = (SURELY_LOSING * mean) ** POWER  # some interval is harder than the mean
    for _ in range(NEWTON_STEPS):
        losing = notes * (u[..., None] * weight < 1)
        new = (losing.sum(axis=-1) - kept) / np.maximum((losing * weight).sum(axis=-1), 1e-12)
        new = np.maximum(new, 0.0)
        settled = bool((np.abs(new - u) <= SETTLED * u).all())
        u = new
        if settled:
            break
    return np.asarray(u ** (1 / POWER))


def jack_loss(difficulty: np.ndarray, skill: float, rows: np.ndarray | float = 1.0) -> float:
    """Return the points lost on rows [E] of this jackspeed difficulty, each counted `rows` times."""
    return float((JACK_POINTS * rows * erf(JACK_STEEPNESS * np.maximum(difficulty - skill, 0.0))).sum())


def seek_jacks(difficulty: np.ndarray, points: float) -> float:
    """Return the skill at which jacks cost the share of `points` that they may."""
    if not len(difficulty):
        return 0.0
    # Rows of nearly one difficulty are counted together: the loss is nearly straight over a bin.
    bins = (difficulty / JACK_BIN).astype(np.int64)
    rows = np.bincount(bins)
    center = np.bincount(bins, weights=difficulty) / np.maximum(rows, 1)
    low, high = 0.0, float(difficulty.max())
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if jack_loss(center, middle, rows) > JACK_LOSS * points else (low, middle)
    return high


def tiredness(difficulty: np.ndarray, skill: np.ndarray) -> np.ndarray:
    """Return [..., H, I]: the factor by which a player of this skill [...] finds each interval harder."""
    count = difficulty.shape[-1]
    before = np.concatenate([np.zeros_like(difficulty[..., :1]), difficulty[..., :-1]], axis=-1)
    effort = (difficulty + before) / (2 * REST_SHARE * np.maximum(skill, 0.1)[..., None, None])
    growth = np.zeros((-(-count // BLOCK) * BLOCK, *difficulty.shape[:-1]))
    growth[:count] = np.moveaxis((effort - 1) / TIRING_PER_INTERVAL, -1, 0)
    growth = growth.reshape(-1, BLOCK, *difficulty.shape[:-1]).sum(axis=1)  # [blocks, ..., H]
    state = np.full(difficulty.shape[:-1], FRESH)
    floor = state.copy()
    states = np.empty((len(growth) + 1, *state.shape))
    states[0] = state
    for block, grown in enumerate(growth, start=1):
        state = np.minimum(np.maximum(state + grown, floor), np.minimum(CEILING * floor, HIGHEST))
        floor = floor + np.maximum(state - FRESH, 0.0) * (BLOCK / FLOOR_INTERVALS)
        states[block] = state
    mean = np.repeat((states[1:] + states[:-1]) / 2, BLOCK, axis=0)[:count]
    return np.moveaxis(mean, 0, -1)


def overall(skillsets: np.ndarray) -> np.ndarray:
    """Return [...]: the overall rating of [..., S] skillsets, never below the best."""
    low, high = np.zeros(skillsets.shape[:-1]), skillsets.max(axis=-1)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        above = np.maximum(2 / erfc(OVERALL_STEEPNESS * (skillsets - middle[..., None])) - 2, 0.0).sum(axis=-1)
        too_low = above > 2 ** (middle / 10)
        low, high = np.where(too_low, middle, low), np.where(too_low, high, middle)
    return np.maximum(OVERALL_FACTOR * high, skillsets.max(axis=-1))


def length_factor(seconds: float) -> float:
    """Return the share of its rating that a chart whose last note comes at `seconds` keeps."""
    ramps = ((10, 20, 0.4), (15, 30, 0.9), (35, 70, 0.9))  # from, to, share before
    return float(np.prod([np.interp(seconds, (start, end), (share, 1.0)) for start, end, share in ramps]))
