"""Finds the silent parts of a song and removes notes there.

Axes: A audio frames.
"""

import math
from collections.abc import Sequence

import numpy as np

from mug.charts.beatmap import Note
from mug.data.audio import AudioSettings

QUIETEST = {"mel": 1e-6, "stft": 0.01}  # largest value of a silent frame; about that of noise at -75 dB of full scale
SHORTEST_MS = 1000.0  # breaks in the music are shorter
LEAST_SHARE = 0.01
BLOCK_FRAMES = 2**16  # looked at at once: a long song's spectrum is not in memory
EDGE_MS = 25.0  # notes this close to the edge of a silence belong to the sound beside it

Span = tuple[float, float]


def is_silent(spectrum: np.ndarray, settings: AudioSettings) -> bool:
    """Whether a spectrum has no sound at all."""
    return bool(_silent_frames(spectrum, settings).all())


def silent_spans(spectrum: np.ndarray, settings: AudioSettings) -> list[Span]:
    """Return the silences of at least SHORTEST_MS in a spectrum [..., A], in ms."""
    silent = _silent_frames(spectrum, settings)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], silent, [False]]).astype(np.int8)))
    spans = settings.grid.audio.to_ms(edges.reshape(-1, 2)).tolist()
    return [(start_ms, end_ms) for start_ms, end_ms in spans if end_ms - start_ms >= SHORTEST_MS]


def sounding_share(spans: Sequence[Span], end_ms: float) -> float:
    """The share of the time between a song's first and last sound that is not silent, at least LEAST_SHARE."""
    first_ms = max((stop for start, stop in spans if start <= 0), default=0.0)
    last_ms = min((start for start, stop in spans if stop >= end_ms), default=end_ms)
    within_ms = sum(stop - start for start, stop in spans if start > 0 and stop < end_ms)
    return max(1 - within_ms / max(last_ms - first_ms, 1.0), LEAST_SHARE)


def without_notes_in(spans: Sequence[Span], notes: Sequence[Note], end_ms: float) -> list[Note]:
    """Return the notes that start outside all spans, of a song that ends at `end_ms`.

    A silence at the song's start or end has no sound beyond it, to which notes at that edge could belong.
    """
    inner = [
        (start + EDGE_MS if start > 0 else -math.inf, stop - EDGE_MS if stop < end_ms else math.inf)
        for start, stop in spans
    ]
    return [note for note in notes if not any(start < note.start_ms < stop for start, stop in inner)]


def _silent_frames(spectrum: np.ndarray, settings: AudioSettings) -> np.ndarray:
    """Whether each frame is silent, bool [A]."""
    blocks = [spectrum[..., first : first + BLOCK_FRAMES] for first in range(0, spectrum.shape[-1], BLOCK_FRAMES)]
    loudest: np.ndarray = np.concatenate([np.abs(b).reshape(-1, b.shape[-1]).max(axis=0) for b in blocks])
    return loudest <= QUIETEST[settings.kind]
