"""Spectra as pictures.

Axes: M mel bins, A frames.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image

GAP = 4  # pixels between spectra
SCALE = 2  # pixels of a mel bin
COLOURS = np.array([(0, 0, 4), (87, 16, 110), (188, 55, 84), (249, 142, 9), (252, 255, 164)])  # inferno
GRID = 60


def draw_spectra(spectra: Sequence[np.ndarray]) -> Image.Image:
    """Draw log spectra [M, A] one below the other, high pitches up, the loudest of all brightest."""
    loudest = max(float(np.max(spectrum)) for spectrum in spectra)
    widest = max(spectrum.shape[1] for spectrum in spectra)
    rows: list[np.ndarray] = []
    for spectrum in spectra:
        share = np.clip(spectrum.astype(np.float32) / max(loudest, 1e-6), 0, 1)
        places = np.linspace(0, 1, len(COLOURS))
        colour = np.stack([np.interp(share, places, COLOURS[:, channel]) for channel in range(3)], axis=-1)
        picture = np.zeros((len(spectrum), widest, 3))
        picture[:, : spectrum.shape[1]] = colour[::-1]
        rows += [picture.repeat(SCALE, axis=0), np.full((GAP, widest, 3), GRID)]
    return Image.fromarray(np.rint(np.concatenate(rows[:-1])).astype(np.uint8))
