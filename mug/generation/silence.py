"""Where a song holds no sound at all, and charts without notes there.

Axes: A audio frames.
"""

from collections.abc import Sequence

import numpy as np

from mug.charts.beatmap import Note
from mug.data.audio import AudioSettings

QUIETEST = {"mel": 1e-6, "stft": 0.01}  # of a spectrum; noise at -75 dB of full scale is about as much
SHORTEST_MS = 1000.0  # breaks in the music are shorter
EDGE_MS = 25.0  # of a silence, in which notes belong to the sound beside it

Span = tuple[float, float]


def silent_spans(spectrum: np.ndarray, settings: AudioSettings) -> list[Span]:
    """Return where a spectrum [..., A] is silent for long, in ms."""
    is_silent = np.abs(spectrum).reshape(-1, spectrum.shape[-1]).max(axis=0) <= QUIETEST[settings.kind]  # [A]
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_silent, [False]]).astype(np.int8)))
    spans = settings.grid.audio.to_ms(edges.reshape(-1, 2)).tolist()
    return [(start_ms, end_ms) for start_ms, end_ms in spans if end_ms - start_ms >= SHORTEST_MS]


def without_notes_in(spans: Sequence[Span], notes: Sequence[Note]) -> list[Note]:
    """Return the notes but for those that start inside one of the spans."""
    return [
        note
        for note in notes
        if not any(start_ms + EDGE_MS < note.start_ms < end_ms - EDGE_MS for start_ms, end_ms in spans)
    ]
