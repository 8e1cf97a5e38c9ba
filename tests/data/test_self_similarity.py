"""Which measures sound alike. Axes: C = 7 channels of log power, measures of 3 beats, 16 frames a beat."""

import numpy as np
import pytest

from mug.data.self_similarity import find_motifs, self_similarity, slots_on

BEAT = 16
LOW, HIGH = slice(0, 2), slice(5, 7)  # two of the four bands
A = ((0, LOW), (16, LOW), (20, HIGH), (32, LOW))  # frame in the measure, where it sounds
B = ((8, HIGH), (24, LOW), (28, HIGH), (36, HIGH), (44, LOW))
C = ((4, LOW), (12, HIGH), (24, HIGH), (40, LOW))


def song(*measures: tuple[tuple[tuple[int, slice], ...], float]) -> np.ndarray:
    """The log power [C, A] of measures given as their hits and the power of each."""
    power = np.zeros((7, 3 * BEAT * len(measures)))
    for number, (hits, loudness) in enumerate(measures):
        for frame, band in hits:
            first = 3 * BEAT * number + frame
            power[band, first : first + 4] += loudness * 0.3 ** np.arange(4)[: power.shape[1] - first]
    return np.log1p(power).astype(np.float16)


def similarity_of(*measures: tuple[tuple[tuple[int, slice], ...], float]) -> np.ndarray:
    return self_similarity(song(*measures), slots_on(np.arange(len(measures) + 1) * 3 * BEAT, BEAT))


def test_measures_with_one_rhythm_are_alike():
    found = similarity_of((A, 99), (B, 99), (A, 99), (C, 99), (B, 99))
    assert found.shape == (5, 5)
    assert np.allclose(found, found.T)
    assert min(found[0, 2], found[1, 4]) > 0.9
    assert max(found[0, 1], found[0, 3], found[1, 3]) < 0.3


def test_loudness_does_not_matter():
    found = similarity_of((A, 200), (B, 200), (A, 50), (B, 20))
    assert min(found[0, 2], found[1, 3]) > 0.9


def test_sound_counts_less_than_rhythm():
    """The second measure is played by another instrument of the same band, the third has another rhythm."""
    first, second, third = (
        tuple((frame, slice(channel, channel + 1)) for frame, _ in hits) for hits, channel in ((A, 0), (A, 1), (B, 0))
    )
    found = similarity_of(((), 0), (first, 99), (second, 99), (third, 99))
    assert found[1, 3] < 0.3
    assert 0.4 < found[1, 2] < 0.9


def test_what_all_measures_have_in_common_does_not_count():
    whole = np.maximum(song((A, 99), (B, 99), (C, 99)), np.linspace(3, 0, 7)[:, None])  # a steady tone
    found = self_similarity(whole, slots_on([0, 48, 96, 144], BEAT))
    assert found[~np.eye(3, dtype=bool)].max() < 0.2


def test_how_many_onsets_there_are_does_not_count():
    """Two measures are full of onsets, each with a gap somewhere else."""
    full, other = (tuple((f, LOW) for f in range(0, 48, 4) if f not in gap) for gap in ((8, 12, 16), (24, 28, 32)))
    assert similarity_of((full, 99), (A, 99), (other, 99))[0, 2] < 0.4


def test_an_onset_just_before_its_line_belongs_to_it():
    early = tuple((frame - 1, band) for frame, band in A[1:])
    assert similarity_of((A[1:], 99), (B, 99), (early, 99))[0, 2] > 0.8


def test_a_silent_measure_is_like_none():
    found = similarity_of((A, 99), ((), 0), (A, 99), ((), 0))
    assert np.all(found[[1, 3]] == 0)


def test_a_cut_measure_is_compared_as_far_as_it_goes():
    spectrum = song((A, 99), (B, 99), (A, 99))
    found = self_similarity(spectrum, slots_on([0, 48, 96, 128], BEAT))  # the last one has two beats
    assert 0.6 < found[0, 2] < 0.98
    assert found[1, 2] < 0.3


def test_slots_may_lie_between_frames_and_outside_the_song():
    spectrum = song((A, 99), (B, 99), (A, 99))
    slots = [np.linspace(first, first + 48, 25) for first in (-48.0, 0.0, 48.5, 96.5, 150.0)]
    found = self_similarity(spectrum, slots)
    assert found[1, 3] > 0.8
    assert abs(found[1, 3] - self_similarity(spectrum, slots_on([0, 48, 96, 144], BEAT))[0, 2]) > 1e-3
    assert np.all(found[[0, 4]] == 0)


def test_a_spectrum_of_complex_numbers_works_too():
    power = np.expm1(song((A, 99), (B, 99), (A, 99)).astype(np.float64))
    parts = np.stack([np.sqrt(power) * 0.6, -np.sqrt(power) * 0.8])  # [2, C, A]
    slots = slots_on([0, 48, 96, 144], BEAT)
    assert np.allclose(self_similarity(parts, slots), self_similarity(np.log1p(power), slots))


def test_no_measures_have_no_similarity():
    assert self_similarity(song((A, 99)), []).shape == (0, 0)
    assert find_motifs(np.zeros((0, 0)), [0]).models == []


def test_measures_repeat_the_most_similar_earlier_one():
    found = find_motifs(similarity_of((A, 99), (B, 99), (A, 99), (C, 99), (B, 99), ((), 0)), [0, 6, 12, 18, 24, 30, 36])
    assert found.models == [None, None, 0, None, 1, None]
    assert found.likeness == pytest.approx([0, 0, 1, 0, 1, 0], abs=0.1)
    assert found.starts == [0, 6, 12, 18, 24, 30, 36]


def test_neighbours_and_usual_periods_decide_between_equals():
    """A A B, A A B: measure 4 is like 0, 1 and 3; its neighbours are like those of 1."""
    found = find_motifs(similarity_of((A, 99), (A, 99), (B, 99), (A, 99), (A, 99), (B, 99)), range(7))
    assert found.models[4:] == [1, 2]
    equal = find_motifs(np.ones((4, 4)), range(5))  # four measures of one loop
    assert equal.models == [None, 0, 0, 1]


def test_slots_are_eighths_of_beats():
    first, second = slots_on([3, 27, 35], 16)
    assert first.tolist() == [3 + 2 * slot for slot in range(13)]
    assert second.tolist() == [27, 29, 31, 33, 35]
