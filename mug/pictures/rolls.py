"""Piano rolls as pictures.

Axes: P pitches, T frames.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image

GAP = 4  # pixels between rolls
SOUNDING, ONSET, GRID = (70, 130, 180), (255, 210, 90), (60, 60, 60)


def draw_rolls(rolls: Sequence[tuple[np.ndarray, np.ndarray]], scale: int = 2) -> Image.Image:
    """Draw onset and active planes [P, T], each from 0 to 1, as one roll below the other, high pitches up.

    scale: pixels of a cell.
    """
    pictures = [_roll(onset, active, scale) for onset, active in rolls]
    line = np.full((GAP, pictures[0].shape[1], 3), GRID, dtype=np.uint8)
    rows = [part for picture in pictures for part in (picture, line)][:-1]
    return Image.fromarray(np.concatenate(rows))


def _roll(onset: np.ndarray, active: np.ndarray, scale: int) -> np.ndarray:
    blended = np.zeros((*onset.shape, 3))
    for plane, colour in ((active, SOUNDING), (onset, ONSET)):
        share = np.clip(plane, 0, 1)[..., None]
        blended = (1 - share) * blended + share * colour
    return np.rint(blended)[::-1].astype(np.uint8).repeat(scale, axis=0).repeat(scale, axis=1)
