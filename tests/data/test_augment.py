"""What training does to audio and prompt: each change by hand, and rate 1 is no change."""

import numpy as np
import pytest

from mug.data.augment import (
    GAIN_DB,
    NOISE_LOG10,
    Augmentation,
    augment_mel,
    drop_features,
    record_anew,
    shift_pitch,
)
from mug.errors import ConfigError
from mug.features import Feature, FeatureSpec

SPEC = FeatureSpec(Feature(f"is_{number}", "bool", values=(False, True)) for number in range(21))
GIVEN = SPEC.unconditional + 2


def ramp(n_frames, n_mels=3):
    """A spectrum [M, A] whose value is 10 * frame + mel bin."""
    return (10 * np.arange(n_frames) + np.arange(n_mels)[:, None]).astype(np.float16)


def test_pitch_moves_bins_and_lets_silence_in():
    mel = ramp(2, n_mels=5) + 1
    for bins, shifted in {
        2: [0, 0, 1, 2, 3],
        -1: [2, 3, 4, 5, 0],
        -4: [5, 0, 0, 0, 0],
        0: [1, 2, 3, 4, 5],
        7: [0, 0, 0, 0, 0],
    }.items():
        changed = mel.copy()
        shift_pitch(changed, bins)
        assert changed[:, 0].tolist() == shifted


def test_pitches_of_items_move_by_1_to_4_either_way():
    mel = np.zeros((21, 1), dtype=np.float32)
    mel[10] = 1
    augmentation = Augmentation(pitch_p=1.0)
    rng = np.random.default_rng(0)
    moved = set()
    for _ in range(200):
        changed = mel.copy()
        augment_mel(changed, augmentation, rng)
        moved.add(int(changed.argmax()) - 10)
    assert moved == {-4, -3, -2, -1, 1, 2, 3, 4}


def test_a_frequency_mask_is_a_band_of_1_to_16_bins_anywhere():
    rng = np.random.default_rng(0)
    widths, ever_silent = set(), np.zeros(37, dtype=bool)
    for _ in range(500):
        mel = np.ones((37, 2), dtype=np.float32)
        augment_mel(mel, Augmentation(frequency_mask_p=1.0), rng)
        silent = mel[:, 0] == 0
        band = silent.nonzero()[0]
        assert len(band) == band[-1] - band[0] + 1
        widths.add(len(band))
        ever_silent |= silent
    assert widths == set(range(1, 17))
    assert ever_silent.all()


def test_a_mask_fits_a_spectrum_of_few_bins():
    for seed in range(50):
        mel = np.ones((2, 3), dtype=np.float32)
        augment_mel(mel, Augmentation(frequency_mask_p=1.0), np.random.default_rng(seed))
        assert (mel == 0).any()


def test_without_augmentation_nothing_changes():
    rng = np.random.default_rng(0)
    mel, ids = ramp(7), GIVEN
    augment_mel(mel, Augmentation(), rng)
    np.testing.assert_array_equal(mel, ramp(7))
    np.testing.assert_array_equal(drop_features(ids, SPEC, Augmentation(), rng), ids)
    assert Augmentation().draw_rate(rng) == 1.0


def test_features_are_dropped_one_by_one_or_all_at_once():
    ids, unconditional = GIVEN, SPEC.unconditional
    rng = np.random.default_rng(0)
    dropped = np.array([drop_features(ids, SPEC, Augmentation(feature_dropout_p=0.5), rng) for _ in range(2000)])
    is_dropped = dropped == unconditional
    assert (is_dropped | (dropped == ids)).all()
    np.testing.assert_allclose(is_dropped.mean(axis=0), 0.5, atol=0.05)
    assert not is_dropped.all(axis=1).any()
    prompts = np.array([drop_features(ids, SPEC, Augmentation(prompt_dropout_p=0.25), rng) for _ in range(2000)])
    whole = (prompts == unconditional).all(axis=1)
    assert (whole | (prompts == ids).all(axis=1)).all()
    assert whole.mean() == pytest.approx(0.25, abs=0.03)


def test_short_prompts_say_the_first_feature_and_little_else():
    ids = GIVEN
    rng = np.random.default_rng(0)
    augmentation = Augmentation(prompt_dropout_p=0.2, short_prompt_p=0.5)
    given = np.array([drop_features(ids, SPEC, augmentation, rng) for _ in range(4000)]) == ids
    said = given.sum(axis=1)
    short = given[(said > 0) & (said < 21)]
    assert (said == 0).mean() == pytest.approx(0.2, abs=0.03)
    assert (said == 21).mean() == pytest.approx(0.4, abs=0.03)
    assert short[:, 0].all()
    np.testing.assert_allclose(short[:, 1:].mean(axis=0), 0.1, atol=0.04)


def test_the_tempo_is_dropped_only_with_all_others():
    spec = FeatureSpec([*SPEC.features, Feature("tempo", "numeric", 110, 230, 5)])
    ids = np.append(GIVEN, spec.blocks["tempo"][0] + 3)
    rng = np.random.default_rng(0)
    augmentation = Augmentation(prompt_dropout_p=0.2, short_prompt_p=0.5, feature_dropout_p=0.5)
    dropped = np.array([drop_features(ids, spec, augmentation, rng) for _ in range(1000)]) == spec.unconditional
    np.testing.assert_array_equal(dropped[:, -1], dropped.all(axis=1))
    assert dropped[:, -1].mean() == pytest.approx(0.2, abs=0.04)


def test_rates_are_drawn_with_their_probability_in_steps():
    augmentation = Augmentation(rate=(0.9, 1.1), rate_p=0.25)
    rng = np.random.default_rng(0)
    rates = np.array([augmentation.draw_rate(rng) for _ in range(4000)])
    for rate in (0.9, 0.95, 1.05, 1.1):  # 1.0 is the fifth
        assert (rates == rate).mean() == pytest.approx(0.05, abs=0.012)
    assert set(rates) == set(augmentation.rates) == {0.9, 0.95, 1.0, 1.05, 1.1}


def test_all_rates_that_may_be_drawn_begin_with_1():
    assert Augmentation(rate=(0.9, 1.1)).rates == (1.0,)
    assert Augmentation(rate=(1.31, 1.31), rate_p=0.5).rates == (1.0, 1.31)
    assert Augmentation(rate=(1.0, 1.06), rate_p=1.0).rates == (1.0, 1.05, 1.06)


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"mirror_q": 0.5}, "mirror_q"),
        ({"mirror_p": 1.5}, "mirror_p: 1.5"),
        ({"rate_p": -0.1}, "rate_p: -0.1"),
        ({"rate": [1.1, 0.9]}, "rate: "),
        ({"rate": [0.0, 1.0]}, "rate: "),
        ({"rate": [1.0]}, "rate: "),
        ({"rate": 1.1}, "rate: "),
        ({"rate": ["slow", "fast"]}, "rate: "),
        ({"mirror_p": "often"}, "mirror_p: 'often'"),
        ({"pitch_p": None}, "pitch_p: None"),
        ({"rate": [0.001, 1.0]}, "rate: "),
        ({"random_crop": 0.5}, "random_crop: 0.5"),
    ],
)
def test_impossible_augmentations_are_named(params, named):
    with pytest.raises(ConfigError, match=named):
        Augmentation.from_params(params)


def test_a_configuration_becomes_an_augmentation():
    augmentation = Augmentation.from_params({"rate": [0.9, 1.1], "mirror_p": 1, "random_crop": True})
    assert augmentation == Augmentation(rate=(0.9, 1.1), mirror_p=1, random_crop=True)


def test_recording_augmentation_scales_bins_and_adds_noise():
    """With gains and noise drawn at the ends of their ranges, by hand; bands of equal gain."""

    class Drawn:
        def uniform(self, low, high):
            return high if (low, high) == GAIN_DB else low

        def normal(self, mean, deviation, n):
            return np.zeros(n)

        def standard_exponential(self, shape, dtype):
            return np.full(shape, 2, dtype)

    mel = np.log1p(np.array([[0.0, 1.0, 100.0]] * 3, dtype=np.float32))
    record_anew(mel, Drawn())
    power = 10 ** (GAIN_DB[1] / 10) * np.array([0, 1, 100]) + 2 * 10 ** NOISE_LOG10[0]
    np.testing.assert_allclose(mel, np.log1p([power] * 3), rtol=1e-4)


def test_recordings_differ_by_bin_but_stay_spectra():
    rng = np.random.default_rng(0)
    mels = [np.ones((128, 50), dtype=np.float32) for _ in range(20)]
    for mel in mels:
        augment_mel(mel, Augmentation(recording_p=1.0), rng)
        assert mel.dtype == np.float32
        assert np.isfinite(mel).all()
        assert mel.min() >= 0
    by_bin = np.array([mel.mean(axis=1) for mel in mels])
    assert by_bin.std(axis=1).min() > 0.005  # bins are not all alike
    assert np.ptp(by_bin.mean(axis=1)) > 0.5  # nor are recordings
    untouched = np.ones((4, 8), dtype=np.float32)
    augment_mel(untouched, Augmentation(), rng)
    assert (untouched == 1).all()
