"""Noise that comes again with the music."""

import numpy as np
import torch

from mug.data.motifs import Motifs
from mug.generation.motif_noise import balanced, motif_noise, noise_of

# Measures of 5, 5, 5, 3, 4 and 7 frames after two frames of pickup; then three frames of padding. Z = 3, L = 34.
SONG = Motifs(starts=[2, 7, 12, 17, 20, 24, 31], models=[None, None, 0, 1, None, 2])


def test_no_repetition_is_independent_noise():
    plain = noise_of(7, 2, 3, 34)
    assert torch.equal(plain, torch.randn(3, 3, 34, generator=torch.Generator().manual_seed(7))[2])
    assert torch.equal(motif_noise(7, 2, 3, 34), plain)


def test_measures_share_noise_as_far_as_both_go():
    plain, noise = noise_of(7, 2, 3, 34), motif_noise(7, 2, 3, 34, SONG)
    expected = plain.clone()
    expected[:, 12:17] = plain[:, 2:7]
    expected[:, 17:20] = plain[:, 7:10]  # three frames of a measure of five
    expected[:, 24:29] = plain[:, 2:7]  # of a model that is itself a repeat; its own last two frames stay
    assert torch.equal(noise, balanced(expected))


def test_draws_repeat_the_same_measures_with_other_noise():
    first, second = (motif_noise(7, draw, 3, 34, SONG) for draw in (0, 1))
    for noise in (first, second):
        assert torch.equal(noise[:, 12:17], noise[:, 2:7])
    assert not torch.any(first == second)


def test_a_song_may_be_cut_inside_a_measure():
    noise = motif_noise(7, 0, 3, 14, SONG)
    assert noise.shape == (3, 14)
    assert torch.equal(noise[:, 12:], noise[:, 2:4])
    assert torch.equal(motif_noise(7, 0, 3, 5, SONG), balanced(noise_of(7, 0, 3, 5)))


def test_every_element_is_normally_distributed():
    """Over seeds, a repeated measure has the mean 0, the variance 1, and little correlation between its frames."""
    measure = torch.stack([motif_noise(seed, 0, 2, 34, SONG)[:, 12:15].flatten() for seed in range(4000)])  # [4000, 6]
    assert np.allclose(torch.cov(measure.T), np.eye(6), atol=0.2)  # of a song of 34 frames
    assert torch.all(measure.mean(dim=0).abs() < 0.06)


def test_the_mean_of_a_song_is_that_of_no_measure():
    noise = motif_noise(7, 0, 3, 34, SONG)
    assert torch.allclose(noise.mean(dim=1), torch.zeros(3), atol=1e-6)
    assert torch.allclose(noise.std(dim=1), torch.ones(3), atol=1e-6)
