"""Onsets are counted once, in their column, within the tolerance, where the chart is valid."""

import numpy as np
import pytest

from mug.firststage.scores import f1, onset_counts

FRAME_MS = 50.0


def planes(*onsets: tuple[int, float], logits: bool = False) -> np.ndarray:
    """Notes of three keys over 13 frames [12, 13], from (column, frame with fraction)."""
    note = np.zeros((4, 3, 13), dtype=np.float32)
    for column, frame in onsets:
        note[0, column, int(frame)] = 1
        note[1, column, int(frame)] = frame % 1
    if logits:
        note[[0, 2]] = note[[0, 2]] * 10 - 5
    return note.reshape(12, 13)


@pytest.mark.parametrize(
    ("decoded", "expected"),
    [
        ([(0, 2.5), (1, 5.0), (2, 7.25)], [3, 3, 3]),
        ([], [0, 0, 3]),
        ([(0, 2.5), (2, 5.0), (2, 7.25)], [2, 3, 3]),  # one in another column
        ([(0, 2.875), (1, 4.625), (2, 7.75)], [2, 3, 3]),  # 18.75 ms late, 18.75 ms early across a frame, 25 ms late
        ([(0, 2.5), (0, 3.0), (1, 5.0), (2, 7.25)], [3, 4, 3]),
    ],
)
def test_counts_by_hand(decoded, expected):
    truth = planes((0, 2.5), (1, 5.0), (2, 7.25))
    counts = onset_counts(planes(*decoded, logits=True), truth, np.ones(13), FRAME_MS, tolerance_ms=20)
    assert counts.tolist() == expected


def test_two_guesses_cannot_share_an_onset():
    counts = onset_counts(planes((0, 2.75), (0, 3.0), logits=True), planes((0, 2.875)), np.ones(13), FRAME_MS, 20)
    assert counts.tolist() == [1, 2, 1]


def test_invalid_frames_count_for_nothing():
    valid = (np.arange(13) < 6).astype(np.float32)
    decoded = planes((0, 2.5), (1, 9.0), (2, 12.0), logits=True)
    assert onset_counts(decoded, planes((0, 2.5), (1, 8.0)), valid, FRAME_MS, 20).tolist() == [1, 1, 1]


def test_f1_by_hand():
    assert f1([3, 3, 3]) == 1.0
    assert f1([1, 2, 4]) == pytest.approx(2 / (1 / 0.5 + 1 / 0.25))
    assert f1([0, 0, 0]) == 0.0
