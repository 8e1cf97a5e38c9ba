"""Songs in windows: networks that look at single moments answer as they do for the whole song."""

import numpy as np
import pytest
import torch
from tiny_model import FEATURES, save_tiny_placement

from mug.checkpoints.trained_model import load_trained_model
from mug.features import FeatureSpec
from mug.generation import long_songs
from mug.generation.note_sampler import NoteSampler
from mug.generation.settings import SamplingSettings
from mug.progress import Progress
from mug.training.export import export_run

NO_PROMPT = FeatureSpec.from_yaml(FEATURES).unconditional
SPECTRUM = np.random.default_rng(0).random((16, 150 * 16 + 5), dtype=np.float32)  # of 160 latent frames with silence


@pytest.fixture(scope="module")
def sampler(tiny_checkpoint, tmp_path_factory) -> NoteSampler:
    root = tmp_path_factory.mktemp("models")
    export_run(tiny_checkpoint, root / "mine")
    export_run(save_tiny_placement(root / "stage3.ckpt"), root / "mine" / "placement")
    return NoteSampler(load_trained_model(root / "mine"))


@pytest.fixture
def in_windows(monkeypatch):
    def shorten() -> None:
        for name, frames in (("WHOLE_LATENTS", 64), ("WINDOW_LATENTS", 64), ("OVERLAP_LATENTS", 32)):
            monkeypatch.setattr(long_songs, name, frames)

    return shorten


def notes(note_sampler, **settings):
    settings = SamplingSettings(steps=3, ensemble=2, **settings)
    ((first, second),) = note_sampler.sample(
        note_sampler.hear(SPECTRUM), NO_PROMPT[None], [5], range(2), settings, Progress()
    )
    return np.array([(note.column, note.start_ms, note.last_ms) for note in first + second])


def test_moments_are_denoised_as_in_the_whole_song(sampler, in_windows, monkeypatch):
    seen = []

    def encode(audio):  # [1, M, A]
        return [audio.reshape(1, 16, -1, 16).mean(dim=3), audio.reshape(1, 16, -1, 32).mean(dim=3)]

    def denoise(x, t, context, audios, lengths=None):
        assert audios[1].shape[-1] == x.shape[-1] // 2
        seen.append(x.shape[-1])
        return torch.tanh(3 * x + audios[0].mean(dim=1, keepdim=True)) + context.mean(dim=(1, 2), keepdim=True)

    monkeypatch.setattr(sampler.model, "encode_audio", encode)
    monkeypatch.setattr(sampler.model, "denoise", denoise)
    monkeypatch.setattr(
        sampler.model, "decode_latent", lambda z, lengths=None: z.repeat(1, 6, 1)[:, :16].repeat_interleave(2, dim=2)
    )
    for settings in ({}, {"sampler": "dpm++", "guidance": 2.0}):
        monkeypatch.setattr(long_songs, "WHOLE_LATENTS", 7168)
        whole = notes(sampler, **settings)
        assert set(seen) == {160}
        seen.clear()
        in_windows()
        np.testing.assert_allclose(notes(sampler, **settings), whole, atol=1e-3)
        assert set(seen) == {64}
        seen.clear()
    assert len(whole) > 100


def test_a_long_song_has_notes_everywhere(sampler, in_windows):
    in_windows()
    assert np.histogram(notes(sampler)[:, 1], 10, (0, 150 * 16 * 128 / 22.05))[0].min() > 0


def test_notes_are_placed_as_in_the_whole_song(sampler, in_windows, monkeypatch):
    heard = []

    def answers(audio, ids):
        heard.append(audio.shape[-1])
        loud = audio[:, 0].unfold(1, 8, 8).amax(dim=2)  # [1, T]
        return torch.stack([20 * loud - 10, loud / 2], dim=1)

    monkeypatch.setattr(sampler.placement, "forward", answers)
    whole = sampler.place(SPECTRUM, NO_PROMPT)
    assert max(heard) > 64 * 16
    heard.clear()
    in_windows()
    placed = sampler.place(SPECTRUM, NO_PROMPT)
    assert set(heard) == {64 * 16}
    np.testing.assert_allclose(placed.chances, whole.chances, atol=1e-6)
    np.testing.assert_allclose(placed.times_ms, whole.times_ms, atol=1e-3)
