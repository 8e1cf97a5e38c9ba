"""Equalisation towards the typical spectrum: how far it goes, and that it moves no sound in time."""

import numpy as np
import pytest

from mug.synth.balance import TYPICAL_DB, balance, octave_levels
from mug.synth.sound import SAMPLE_RATE, band


def dull_noise() -> np.ndarray:
    noise = np.random.default_rng(5).standard_normal((2, 4 * SAMPLE_RATE)).astype(np.float32)
    return noise + 8 * band(noise, 0, 700, order=1)


def test_a_firm_balance_reaches_the_typical_spectrum() -> None:
    before, after = (np.abs(octave_levels(mix) - TYPICAL_DB) for mix in (dull_noise(), balance(dull_noise(), 1, 0, 0)))
    assert before.max() > 6
    assert after.max() < 2


def test_half_the_firmness_goes_part_of_the_way() -> None:
    before, half, firm = (np.abs(octave_levels(balance(dull_noise(), f, 0, 0)) - TYPICAL_DB) for f in (0, 0.5, 1))
    assert firm.max() + 1 < half.max() < before.max() - 1
    assert np.allclose(balance(dull_noise(), 0, 0, 0), dull_noise(), atol=1e-3)


def test_a_song_keeps_bass_and_treble_of_its_own() -> None:
    typical = balance(dull_noise(), 1, 0, 0)
    leaning = octave_levels(balance(typical, 1, 4, -5)) - octave_levels(balance(typical, 1, 0, 0))
    assert (leaning - leaning[4])[1] == pytest.approx(4 * 2 / 3, abs=0.7)
    assert (leaning - leaning[4])[8] == pytest.approx(-5, abs=0.7)


def test_nothing_sounds_before_or_after_its_time() -> None:
    clicks = np.zeros((2, SAMPLE_RATE), dtype=np.float32)
    clicks[:, 5000] = 1
    balanced = balance(clicks, 1, 0, 0)
    assert np.abs(balanced[:, :5000]).max() < 1e-5
    assert np.abs(balanced[0]).argmax() == pytest.approx(5000, abs=2)
