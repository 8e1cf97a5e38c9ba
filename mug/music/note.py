"""Notes of a piece of music, as a table of numbers.

Axes: N notes.
"""

from dataclasses import dataclass

import numpy as np

NOTE = np.dtype(
    [
        ("start_ms", "<f8"),
        ("end_ms", "<f8"),  # not before start_ms
        ("beat", "<f8"),  # where it starts, in quarter notes from the piece's beginning
        ("pitch", "u1"),  # MIDI, 0 to 127; of a drum, its key in General MIDI
        ("velocity", "u1"),  # 1 to 127
        ("program", "u1"),  # General MIDI from 0; 0 for drums
        ("drum", "?"),
    ]
)
VELOCITY = 80  # of notes from models that know none
MS_A_BEAT = 500.0  # of notes that have no tempo of their own: 120 BPM


@dataclass(frozen=True)
class Music:
    """A piece. notes: NOTE [N], sorted by start and pitch. meters: (beat, quarter notes in a bar) from there on."""

    notes: np.ndarray
    meters: tuple[tuple[float, float], ...] = ((0.0, 4.0),)

    @property
    def pitched(self) -> np.ndarray:
        """The notes that are no drums."""
        return self.notes[~self.notes["drum"]]

    @property
    def drums(self) -> np.ndarray:
        return self.notes[self.notes["drum"]]


def make_notes(
    start_ms: np.ndarray, end_ms: np.ndarray, pitch: np.ndarray, velocity: int = VELOCITY, drum: bool = False
) -> np.ndarray:
    """Return NOTE [N] of program 0 at 120 BPM, sorted, from times [N] and pitches [N]."""
    notes = np.zeros(len(start_ms), NOTE)
    notes["start_ms"], notes["end_ms"], notes["pitch"] = start_ms, end_ms, pitch
    notes["beat"] = notes["start_ms"] / MS_A_BEAT
    notes["velocity"], notes["drum"] = velocity, drum
    return ordered(notes)


def ordered(notes: np.ndarray) -> np.ndarray:
    """Return notes sorted by start, then pitch, then end."""
    return notes[np.lexsort((notes["end_ms"], notes["pitch"], notes["start_ms"]))]
