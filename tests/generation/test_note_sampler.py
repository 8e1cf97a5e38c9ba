"""Where a placement model's answers lie in a song."""

import numpy as np
import pytest
import torch
from tiny_model import FEATURES, save_tiny_placement

from mug.checkpoints.trained_model import load_trained_model
from mug.diffusion.samplers import SAMPLERS, SamplerInfo
from mug.errors import CheckpointError
from mug.features import FeatureSpec
from mug.generation.note_sampler import NoteSampler
from mug.generation.settings import SamplingSettings
from mug.progress import Progress
from mug.training.export import export_run

NO_PROMPT = FeatureSpec.from_yaml(FEATURES).unconditional
NOTE_FRAME_MS = 8 * 128 / 22050 * 1000


@pytest.fixture(scope="module")
def sampler(tiny_checkpoint, tmp_path_factory) -> NoteSampler:
    root = tmp_path_factory.mktemp("models")
    export_run(tiny_checkpoint, root / "mine")
    export_run(save_tiny_placement(root / "stage3.ckpt"), root / "mine" / "placement")
    return NoteSampler(load_trained_model(root / "mine"))


def test_a_song_is_heard_twice_half_a_note_frame_apart(sampler, monkeypatch):
    """Its loud frame 20 of the spectrum is in note frame 2, and when four silent frames are before it, in frame 3."""
    spectrum = np.zeros((16, 100), dtype=np.float32)
    spectrum[:, 20] = 1.0

    def answers(audio, ids):
        assert audio.shape == (1, 16, 128)
        assert ids.shape == (1, 21)
        loud = audio[:, 0].unfold(1, 8, 8).amax(dim=2)  # [1, T]
        return torch.stack([20 * loud - 10, torch.full_like(loud, 0.25)], dim=1)

    monkeypatch.setattr(sampler.placement, "forward", answers)
    chances = sampler.place(spectrum, NO_PROMPT)
    assert len(chances.times_ms) == len(chances.chances) == 2 * 16
    assert np.all(np.diff(chances.times_ms) >= 0)
    likely = chances.chances > 0.25
    assert chances.times_ms[likely] == pytest.approx([2.25 * NOTE_FRAME_MS, 2.75 * NOTE_FRAME_MS], abs=1e-3)
    assert chances.chances[likely] == pytest.approx([0.5, 0.5], abs=1e-4)
    assert chances.at(np.array([2.5 * NOTE_FRAME_MS])) == pytest.approx([1.0], abs=1e-4)


def test_places_beyond_their_frame_are_at_its_edge(sampler, monkeypatch):
    ends = torch.tensor([-3.0, 7.0]).repeat(8)
    monkeypatch.setattr(sampler.placement, "forward", lambda audio, ids: torch.stack([torch.zeros(16), ends])[None])
    times = sampler.place(np.zeros((16, 100), dtype=np.float32), NO_PROMPT).times_ms
    expected = sorted(frame + frame % 2 - shift for shift in (0, 0.5) for frame in range(16))
    assert times / NOTE_FRAME_MS == pytest.approx(expected, abs=1e-4)


def test_answers_for_other_note_frames_are_refused(sampler, monkeypatch):
    monkeypatch.setattr(sampler.placement, "forward", lambda audio, ids: torch.zeros(1, 2, 32))
    with pytest.raises(CheckpointError, match="placement: returned 32 note frames for music with 16"):
        sampler.place(np.zeros((16, 100), dtype=np.float32), NO_PROMPT)


def test_each_sample_has_noise_of_its_own(sampler, monkeypatch):
    """What is drawn on the way is not what another sample starts from or draws."""
    drawn = []

    def drawing(denoise, x_T, alphas_cumprod, steps, *, generators, **_):
        drawn.extend(x_T)
        for generator in generators:
            drawn.extend(torch.randn(3, *x_T.shape[1:], generator=generator))
        return x_T

    monkeypatch.setitem(SAMPLERS, "drawing", SamplerInfo(lambda: drawing, "draws", takes_eta=True))
    settings = SamplingSettings(steps=4, ensemble=3, sampler="drawing", eta=0.5)
    spectrum, feature_ids = np.zeros((16, 100), dtype=np.float32), np.stack([NO_PROMPT] * 2)
    sampler.sample(sampler.hear(spectrum), feature_ids, [5, 6], range(settings.ensemble), settings, Progress())
    assert len(drawn) == 2 * 3 * 4
    assert len({tuple(noise.flatten().tolist()) for noise in drawn}) == 2 * 3 * 4


def test_a_model_without_one_says_nothing(tiny_checkpoint):
    sampler = NoteSampler(load_trained_model(tiny_checkpoint))
    assert sampler.place(np.zeros((16, 100), dtype=np.float32), NO_PROMPT) is None
