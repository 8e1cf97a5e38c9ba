"""An estimate of Etterna's calculator."""

from collections.abc import Sequence

import numpy as np

PARAMETERS_VERSION = 0
SCALERS = np.array([0.93, 0.885, 0.84, 0.925, 0.6, 0.8, 0.83])


def estimate_msd(column: np.ndarray, start_ms: np.ndarray, rates: Sequence[float]) -> np.ndarray:
    """Return float32 [R, 8]."""
    out = np.zeros((len(rates), 8), np.float32)
    for row, rate in zip(out, rates, strict=True):
        seconds = np.maximum(start_ms, 0) / 1000 / rate
        if len(np.unique(seconds)) < 2 or seconds.max() >= 750:
            continue
        interval = (seconds / 0.5).astype(int)
        counts = np.zeros((2, interval.max() + 3))
        np.add.at(counts, (column // 2, interval + 2), 1)
        base = 6.16 * (counts[:, 2:] + counts[:, 1:-1] + counts[:, :-2]) / 3
        notes = counts[:, 2:]
        low, high = 0.0, float(base.max())
        for _ in range(20):
            skill = (low + high) / 2
            lost = (notes * np.maximum(0, 1 - (skill / np.maximum(base, 1e-9)) ** 1.7)).sum()
            low, high = (low, skill) if lost < 0.08 * notes.sum() else (skill, high)
        row[1:] = skill * SCALERS
        row[0] = row[1:].max()
    return out
