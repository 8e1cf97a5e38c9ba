"""Scores an autoencoder's reconstructed onsets: right time, right column.

Axes: K keys, T note frames.
"""

from collections.abc import Sequence

import numpy as np

from mug.charts.beatmap import Note
from mug.data.note_codec import NoteCodec, keys_of
from mug.data.time_grid import TimeGrid
from mug.metrics.onsets import match_onsets


def onset_counts(
    decoded: np.ndarray, note: np.ndarray, valid_flag: np.ndarray, frame_ms: float, tolerance_ms: float
) -> np.ndarray:
    """Return [3]: the numbers of matched, decoded and true onsets. Sum them over charts for `f1`.

    decoded [4K, T] (logits and raw offsets), note [4K, T], valid_flag [T]: frames where it is 0 do not count.
    Onsets match one to one within a column if they are at most `tolerance_ms` apart.
    """
    keys = keys_of(note)
    codec = NoteCodec(TimeGrid(frame_ms, max_frame=note.shape[1]), keys)
    valid = valid_flag > 0
    guessed = _onsets_ms(codec.decode(decoded[:, valid], threshold=0.0), keys)
    there = _onsets_ms(codec.decode(note[:, valid]), keys)
    matched = sum(len(match_onsets(a, b, tolerance_ms)) for a, b in zip(there, guessed, strict=True))
    return np.array([matched, sum(map(len, guessed)), sum(map(len, there))])


def f1(counts: Sequence[float] | np.ndarray) -> float:
    """Harmonic mean of precision and recall from summed `onset_counts`; 0 if there are no onsets."""
    matched, guessed, there = counts
    return float(2 * matched / (guessed + there)) if guessed + there else 0.0


def _onsets_ms(notes: Sequence[Note], keys: int) -> list[np.ndarray]:
    """The sorted start times of notes, by column."""
    return [np.array([note.start_ms for note in notes if note.column == column]) for column in range(keys)]
