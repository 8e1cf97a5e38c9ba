"""What can happen at a step of a clip, as one category of many, and what a network sees of it.

Axes: V categories, D inputs, S steps.
"""

from collections.abc import Callable

import numpy as np

N_DRUMS = 9  # kick, snare, closed and open hat, three toms, crash, ride
N_STATES = 4  # of a column of a chart
REST, TAP, HEAD, HELD = range(N_STATES)


def drums() -> np.ndarray:
    """Inputs [512, 10] of every combination of nine drums: category sum(2^d); the last input says that none sounds.

    As MusicVAE's DrumsConverter with roll_input (Roberts et al. 2018).
    """
    bits = (np.arange(2**N_DRUMS)[:, None] >> np.arange(N_DRUMS) & 1).astype(np.float32)
    return np.concatenate([bits, ~bits.any(axis=1, keepdims=True)], axis=1).astype(np.float32)


def chart(keys: int) -> np.ndarray:
    """Inputs [4^K, 4K] of every row of a chart: category sum(state_k 4^k), for each column which of the four states."""
    states = column_states(np.arange(N_STATES**keys), keys)
    return np.eye(N_STATES, dtype=np.float32)[states].reshape(len(states), -1)


def row_categories(states: np.ndarray) -> np.ndarray:
    """States of columns [S, K] (REST, TAP, HEAD of a long note, HELD) to categories, int64 [S]."""
    return states.astype(np.int64) @ N_STATES ** np.arange(states.shape[1])


def column_states(categories: np.ndarray, keys: int) -> np.ndarray:
    """The inverse of `row_categories`: int64 [S, K]."""
    return categories[:, None] // N_STATES ** np.arange(keys) % N_STATES


def chart_4k() -> np.ndarray:
    return chart(4)


ALPHABETS: dict[str, Callable[[], np.ndarray]] = {"drums": drums, "chart_4k": chart_4k}
