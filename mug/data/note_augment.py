"""Augmentation of columns: mirrored, shuffled, or mirrored between gaps.

Axes: K keys, T note frames, N notes.
"""

import numpy as np

from mug.data.note_codec import NotePlanes, Planes, check_columns

GAP_FRAMES = 10  # this many empty frames separate two passages, each mirrored by itself


def change_columns(
    column: np.ndarray, keys: int, mirror: bool, random: bool, rng: np.random.Generator | None
) -> np.ndarray:
    """Return the columns [N] of notes mirrored, then shuffled by a permutation that `rng` draws.

    Raises ValueError for a column outside the keys, and for `random` without `rng`.
    """
    check_columns(column, keys)
    if mirror:
        column = keys - 1 - column
    if random:
        column = _given(rng).permutation(keys)[column]
    return column


def mirror_passages(note: np.ndarray, prob: float, rng: np.random.Generator | None) -> np.ndarray:
    """Mirror each passage of a note array [4K, T] with probability `prob`; gaps of GAP_FRAMES empty frames part them.

    Raises ValueError for a probability above 0 without `rng`.
    """
    if prob <= 0:
        return note
    planes = NotePlanes.split(note)  # [K, T] each
    frames = (planes.is_start + planes.is_holding).any(axis=0).nonzero()[0]  # those with notes
    first = frames[np.diff(frames, prepend=-np.inf) > GAP_FRAMES]  # the first frame of each passage
    passage = np.searchsorted(first, np.arange(note.shape[-1]), side="right")  # [T], 0 before the first
    mirrored = _given(rng).random(len(first) + 1) < prob
    return NotePlanes.join(Planes(*(np.where(mirrored[passage], plane[::-1], plane) for plane in planes)))


def _given(rng: np.random.Generator | None) -> np.random.Generator:
    if rng is None:
        raise ValueError("random augmentation needs a generator: encode(notes, rng)")
    return rng
