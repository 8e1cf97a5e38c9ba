"""Probabilities to notes: Otsu's threshold by hand, hysteresis, onsets that part notes, a shortest length."""

import numpy as np
import pytest

from mug.errors import ConfigError
from mug.music.note import make_notes
from mug.music.note_scores import note_f1
from mug.music.roll_decoding import RollDecoding, decode_roll, otsu

HOW = RollDecoding(threshold=0.4, release=0.5, shortest_frames=1)


def decoded(
    onset: list[float], active: list[float], how: RollDecoding = HOW, offset: list[float] | None = None
) -> list:
    planes = [None if plane is None else np.array([plane]) for plane in (onset, active, offset)]
    return decode_roll(planes[0], planes[1], planes[2], how)[:, 1:].tolist()


def test_otsu_parts_two_groups_in_the_middle() -> None:
    assert otsu(np.array([0.1] * 90 + [0.5] * 10)) == pytest.approx(0.3, abs=0.005)
    assert otsu(np.array([0.02] * 990 + [0.3] * 10)) == pytest.approx(0.16, abs=0.005)


def test_a_model_that_stays_below_one_half_still_has_notes() -> None:
    rng = np.random.default_rng(0)
    active = 0.03 * rng.random((5, 50))
    active[2, 10:20] = 0.35
    assert decode_roll(active, active, how=RollDecoding()).tolist() == [[2, 10, 20]]
    assert not len(decode_roll(0.9 * (active > 2), 0.03 * rng.random((5, 50))))  # silence


def test_a_note_goes_on_until_the_lower_threshold() -> None:
    onset, active = [0, 0, 0.45, 0, 0, 0, 0, 0], [0, 0.3, 0.45, 0.3, 0.25, 0.21, 0.19, 0.3]
    assert decoded(onset, active) == [[2, 6]]
    assert decoded(onset, active, RollDecoding(0.4, 1.0, 1)) == [[2, 3]]


def test_an_onset_parts_notes_of_one_key() -> None:
    assert decoded([0, 0.5, 0.9, 0, 0, 0.6, 0], [0, 1, 1, 1, 1, 1, 0]) == [[1, 5], [5, 6]]
    assert decoded([0, 0, 0.9, 0], [0, 0.1, 0.1, 0.1]) == []  # nothing sounds there


def test_only_onsets_begin_notes() -> None:
    assert decoded([0, 0, 0.9, 0, 0, 0, 0], [0, 0.9, 0.9, 0.9, 0, 0.9, 0]) == [[2, 4]]


def test_weak_guesses_are_no_notes() -> None:
    plane = np.zeros((10, 50))
    plane[:8, ::2], plane[8, 10], plane[9, 30] = 0.3, 0.9, 0.8
    assert otsu(plane) < 0.3
    assert decode_roll(plane, plane, how=RollDecoding(shortest_frames=1)).tolist() == [[8, 10, 11], [9, 30, 31]]


def test_an_offset_ends_a_note() -> None:
    assert decoded([0.9, 0, 0, 0], [1, 1, 1, 1], offset=[0, 0.8, 0, 0]) == [[0, 2]]


def test_short_notes_are_dropped() -> None:
    assert decoded([0.9, 0, 0.9, 0, 0, 0], [0.9, 0, 0.9, 0.9, 0, 0], RollDecoding(0.4, 0.5, shortest_frames=2)) == [
        [2, 4]
    ]


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ConfigError, match="threshold is between 0 and 1, release at most 1, shortest_frames"):
        RollDecoding(release=1.5)


def test_note_f1_by_hand() -> None:
    truth = make_notes(np.array([0.0, 500, 1000]), np.array([400.0, 900, 1400]), np.array([60, 62, 64]))
    late = truth.copy()
    late["start_ms"] += [40, 60, 0]  # one of three is more than 50 ms late
    late["end_ms"][2] = 2000
    assert note_f1(truth, truth) == 1
    assert note_f1(truth, late) == pytest.approx(2 / 3)
    assert note_f1(truth, late, with_offsets=True) == pytest.approx(1 / 3)
    assert (note_f1(truth, truth[:0]), note_f1(truth[:0], truth[:0])) == (0, 1)
