"""From the difficulty of a chart's intervals to one rating: the skill that reaches the score goal, with tiredness.

Axes: R rates, S skillsets, H hands (2), I intervals. Intervals without notes have no weight.
"""

import math

import numpy as np

POWER = 1.7
NEWTON_STEPS, SETTLED = 40, 1e-7
SURELY_LOSING = 0.9
EASIEST = 1e-3
JACK_POINTS, JACK_STEEPNESS, JACK_LOSS = 16.0, 0.04, 0.0875
JACK_BIN, JACK_SETTLED = 0.2, 1e-4
FRESH = 0.95  # the stamina state's start and lowest floor
TIRING_PER_INTERVAL = 243.0
REST_SHARE = 0.694  # of the skill: easier intervals are rest
CEILING, HIGHEST = 1.075, 1.11
FLOOR_INTERVALS = 470.0
BLOCK = 8  # intervals between checks of floor and ceiling
OVERALL_FACTOR, OVERALL_STEEPNESS = 1.11, 0.25
OVERALL_SPAN, BISECTIONS = 12.0, 18  # below the best skillset; the solution is never lower


def seek(difficulty: np.ndarray, notes: np.ndarray, allowed: np.ndarray, near: np.ndarray | None = None) -> np.ndarray:
    """Return [...]: the skill x at which the share `allowed` [...] of the points is lost; `near` [...] is a first
    guess.

    `difficulty` and `notes` are [..., J]. An interval harder than x loses the share 1 - (x / difficulty)^1.7 of its
    notes. In u = x^1.7 the loss is convex and piecewise linear, so Newton's method converges in a few steps.
    """
    weight = np.maximum(difficulty, EASIEST) ** -POWER
    all_notes = notes.sum(axis=-1)
    kept = allowed * all_notes
    if near is None:  # start from the mean: some interval is harder
        near = SURELY_LOSING * (difficulty * notes).sum(axis=-1) / np.maximum(all_notes, 1e-9)
    u = near**POWER
    for _ in range(NEWTON_STEPS):
        losing = notes * (u[..., None] * weight < 1)
        slope = np.einsum("...j,...j->...", losing, weight)
        new = (losing.sum(axis=-1) - kept) / np.maximum(slope, 1e-12)
        new = np.where(new > 0, new, u / 2)  # overshot
        settled = bool((np.abs(new - u) <= SETTLED * u).all())
        u = new
        if settled:
            break
    return np.asarray(u ** (1 / POWER))


def jack_loss(difficulty: np.ndarray, skill: float) -> float:
    """Return the points lost on rows [E] with this jackspeed difficulty."""
    from scipy.special import erf  # here: it takes a fifth of a second, and most commands rate nothing

    return float(JACK_POINTS * erf(JACK_STEEPNESS * np.maximum(difficulty - skill, 0.0)).sum())


def seek_jacks(difficulty: np.ndarray, points: float) -> float:
    """Return the skill at which jacks, rows [E], cost their allowed share of `points`, by bracketed Newton steps."""
    from scipy.special import erf

    # Rows of similar difficulty are binned: the loss is nearly linear within a bin.
    bins = (difficulty / JACK_BIN).astype(np.int64)
    rows = np.bincount(bins)
    difficulty = (np.bincount(bins, weights=difficulty) / np.maximum(rows, 1))[rows > 0]
    points_of = JACK_POINTS * rows[rows > 0]
    low, high = 0.0, float(difficulty[-1])
    skill = high / 2
    for _ in range(NEWTON_STEPS):
        above = JACK_STEEPNESS * np.maximum(difficulty - skill, 0.0)
        excess = float(points_of @ erf(above)) - JACK_LOSS * points
        low, high = (skill, high) if excess > 0 else (low, skill)
        slope = 2 / math.sqrt(math.pi) * JACK_STEEPNESS * float((points_of * (above > 0)) @ np.exp(-(above**2)))
        new = skill + excess / slope if slope else high
        new = new if low < new < high else (low + high) / 2
        if abs(new - skill) < JACK_SETTLED:
            break
        skill = new
    return new


def tiredness(difficulty: np.ndarray, skill: np.ndarray) -> np.ndarray:
    """Return [..., H, I]: the factor by which tiredness makes each interval harder for a player of this skill [...]."""
    count = difficulty.shape[-1]
    blocks = -(-count // BLOCK)
    padded = np.zeros((*difficulty.shape[:-1], blocks * BLOCK + 1))  # rest after the end, as before the start
    padded[..., 1 : count + 1] = difficulty
    effort = (padded[..., 1:] + padded[..., :-1]) / (2 * REST_SHARE * np.maximum(skill, 0.1)[..., None, None])
    growth = (effort - 1).reshape(*difficulty.shape[:-1], blocks, BLOCK).sum(axis=-1) / TIRING_PER_INTERVAL
    growth = np.moveaxis(growth, -1, 0)  # [blocks, ..., H]
    states = np.empty((blocks + 1, *growth.shape[1:]))
    states[0] = FRESH
    floor, ceiling = states[0].copy(), states[0].copy()
    for grown, last, state in zip(growth, states[:-1], states[1:], strict=True):  # in place: many small steps
        np.minimum(np.multiply(floor, CEILING, out=ceiling), HIGHEST, out=ceiling)
        np.minimum(np.maximum(np.add(last, grown, out=state), floor, out=state), ceiling, out=state)
        floor += (state - FRESH) * (BLOCK / FLOOR_INTERVALS)  # no state is below FRESH
    mean = np.repeat((states[1:] + states[:-1]) / 2, BLOCK, axis=0)[:count]
    return np.moveaxis(mean, 0, -1)


def overall(skillsets: np.ndarray) -> np.ndarray:
    """Return [...]: the overall rating of [..., S] skillsets, never below the best."""
    from scipy.special import erfc

    high = skillsets.max(axis=-1)
    low = high - OVERALL_SPAN
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        above = np.maximum(2 / erfc(OVERALL_STEEPNESS * (skillsets - middle[..., None])) - 2, 0.0).sum(axis=-1)
        too_low = above > 2 ** (middle / 10)
        low, high = np.where(too_low, middle, low), np.where(too_low, high, middle)
    return np.maximum(OVERALL_FACTOR * high, skillsets.max(axis=-1))


def length_factor(seconds: float) -> float:
    """Return the share of the rating that a chart keeps if its last note is at `seconds`."""
    ramps = ((10, 20, 0.4), (15, 30, 0.9), (35, 70, 0.9))  # from, to, share before
    return float(np.prod([np.interp(seconds, (start, end), (share, 1.0)) for start, end, share in ramps]))
