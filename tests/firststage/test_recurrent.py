"""The recurrent first stage: clips have one latent frame each, apart from each other."""

import pytest
import torch

from mug.errors import ConfigError
from mug.firststage.first_stage import FIRST_STAGES
from mug.firststage.recurrent import RecurrentVAE

LOSS = {"target": "mug.firststage.losses.ManiaReconstructLoss"}


def small(level_lengths: tuple[int, ...] = (2, 4)) -> RecurrentVAE:
    torch.manual_seed(2)
    return RecurrentVAE(4, LOSS, level_lengths, z_channels=6, encoder_size=8, decoder_size=16)


def notes(clips: int, seed: int = 1) -> torch.Tensor:
    planes = (torch.rand(2, 4, 4, 8 * clips, generator=torch.Generator().manual_seed(seed)) < 0.3).float()
    planes[:, 1:] = 0  # taps at the start of their frames
    return planes.flatten(1, 2)


def test_four_measures_are_one_latent_frame() -> None:
    model = RecurrentVAE(4, LOSS)
    assert (model.factor, model.z_channels) == (128, 256)
    posterior = model.encode(torch.zeros(1, 16, 256))
    assert posterior.mean.shape == (1, 256, 2)
    assert model.decode(posterior.mode()).shape == (1, 16, 256)


@pytest.mark.parametrize("level_lengths", [(8,), (2, 4)])
def test_clips_do_not_see_each_other(level_lengths: tuple[int, ...]) -> None:
    model, note = small(level_lengths), notes(clips=3)
    changed = note.clone()
    changed[:, :, 8:16] = 1 - changed[:, :, 8:16]
    moved = (model(note)[0] != model(changed)[0]).any(dim=1)[0]
    assert moved.tolist() == [8 <= frame < 16 for frame in range(24)]


def test_it_learns_clips() -> None:
    model, note = small(), notes(clips=1)
    valid = torch.ones(2, 8)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
    for step in range(120):
        reconstruction, _ = model(note, torch.Generator().manual_seed(step))
        loss, _ = model.loss(reconstruction, note, valid)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert torch.equal(model(note)[0][:, :4] > 0, note[:, :4] > 0)


def test_impossible_levels_are_named() -> None:
    with pytest.raises(ConfigError, match=r"level_lengths \[2, 2, 2\]: give \[frames\]"):
        small((2, 2, 2))


def test_checkpoints_may_name_it() -> None:
    assert "mug.firststage.recurrent.RecurrentVAE" in FIRST_STAGES
