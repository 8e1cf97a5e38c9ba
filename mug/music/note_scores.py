"""How well notes are reproduced, by mir_eval's note measures."""

import mir_eval
import numpy as np

from mug.music.note import NOTE

ONSET_TOLERANCE_S = 0.05
OFFSET_RATIO = 0.2  # of a note's length, at least 50 ms: the usual tolerance of its end
SHORTEST_S = 1e-3  # mir_eval wants notes with a length


def note_f1(truth: np.ndarray, guess: np.ndarray, with_offsets: bool = False) -> float:
    """F1 of notes, NOTE [N] and [M]: a pitch is right if its onset is within 50 ms, with_offsets if its end is too.

    1 for silence that stays silent.
    """
    if not len(truth) or not len(guess):
        return float(len(truth) == len(guess))
    ratio = OFFSET_RATIO if with_offsets else None
    *_, f1, _ = mir_eval.transcription.precision_recall_f1_overlap(
        *_in_hertz(truth), *_in_hertz(guess), onset_tolerance=ONSET_TOLERANCE_S, offset_ratio=ratio
    )
    return float(f1)


def _in_hertz(notes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    assert notes.dtype == NOTE
    starts, ends = notes["start_ms"] / 1000, notes["end_ms"] / 1000
    intervals = np.stack([starts, np.maximum(ends, starts + SHORTEST_S)], axis=1)
    return intervals, mir_eval.util.midi_to_hz(notes["pitch"].astype(float))
