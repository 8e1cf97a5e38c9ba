"""Drums to grids of steps and back: which of nine drums sound at each sixteenth note.

Axes: N notes, S steps, D drums.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from mug.errors import MusicError
from mug.music.note import Music, make_notes

# Drum -> keys of General MIDI that count as it, the one that it is played by first. The classes are those of MusicVAE
# (Roberts et al., "A Hierarchical Latent Vector Model for Learning Long-Term Structure in Music", 2018, appendix A).
DRUMS: dict[str, tuple[int, ...]] = {
    "kick": (36, 35),
    "snare": (38, 37, 39, 40),
    "closed hat": (42, 44, 54, 69, 70, 82),
    "open hat": (46,),
    "low tom": (45, 41, 43),
    "mid tom": (48, 47),
    "high tom": (50,),
    "crash": (49, 52, 55, 57),
    "ride": (51, 53, 56, 59),
}
CLASSES = {key: number for number, keys in enumerate(DRUMS.values()) for key in keys}
STEPS_A_BEAT = 4
STEPS_A_BAR = 16
N_CATEGORIES = 2 ** len(DRUMS)  # combinations of drums at a step


def drum_grid(notes: np.ndarray) -> np.ndarray:
    """Drums as NOTE [N], at their nearest sixteenths, to a grid, bool [S, D] of whole bars of 4/4.

    Keys that are none of the nine drums are left out.
    """
    steps = np.floor(notes["beat"] * STEPS_A_BEAT + 0.5).astype(np.int64)
    drums = np.array([CLASSES.get(key, -1) for key in notes["pitch"].tolist()], dtype=np.int64)
    steps, drums = steps[drums >= 0], drums[drums >= 0]
    n_bars = -(-(int(steps.max(initial=-1)) + 1) // STEPS_A_BAR)
    grid = np.zeros((n_bars * STEPS_A_BAR, len(DRUMS)), dtype=bool)
    grid[steps, drums] = True
    return grid


def grid_notes(grid: np.ndarray, bpm: float = 120.0) -> np.ndarray:
    """The inverse of `drum_grid`: bool [S, D] to NOTE [N], a step long each, at a tempo."""
    step_ms = 60_000 / bpm / STEPS_A_BEAT
    steps, drums = np.nonzero(grid)
    keys = np.array([keys[0] for keys in DRUMS.values()])[drums]
    notes = make_notes(steps * step_ms, (steps + 1) * step_ms, keys, velocity=100, drum=True)
    notes["beat"] = np.rint(notes["start_ms"] / step_ms) / STEPS_A_BEAT
    return notes


def categories(grid: np.ndarray) -> np.ndarray:
    """Each step's combination of drums as a number: bool [S, D] to int64 [S], drum d counting 2^d."""
    return grid @ (1 << np.arange(len(DRUMS)))


def of_categories(numbers: np.ndarray) -> np.ndarray:
    """The inverse of `categories`."""
    return (np.asarray(numbers)[:, None] >> np.arange(len(DRUMS)) & 1).astype(bool)


def drum_clips(music: Music, source: str, bars: int = 4, stride: int | None = None) -> Iterator[np.ndarray]:
    """Yield clips of `bars` bars of 4/4, one every `stride` bars (default: `bars`), as grids; not those without drums.

    Bars of other meters are left out, too. Raises MusicError for a piece without drums.
    """
    if not len(music.drums):
        raise MusicError(f"{source}: has no drums; give a piece with some on MIDI's channel 10")
    last = float(music.drums["beat"].max()) + 1
    for (start, beats_a_bar), (stop, _) in pairwise([*music.meters, (last, 4.0)]):
        if beats_a_bar != 4:
            continue
        inside = (music.drums["beat"] >= start) & (music.drums["beat"] < stop)
        own = music.drums[inside].copy()
        own["beat"] -= start
        yield from _clips(drum_grid(own), bars, stride or bars)


def _clips(grid: np.ndarray, bars: int, stride: int) -> Iterator[np.ndarray]:
    length = bars * STEPS_A_BAR
    for first in range(0, len(grid) - length + 1, stride * STEPS_A_BAR):
        clip = grid[first : first + length]
        if clip.any():
            yield clip
