"""Random draws say where they are made, and nothing else."""

from types import SimpleNamespace
from typing import Any

import torch

from mug.seeding import generators_of_batch, noise_like, stratified_timesteps


def model_of(rank: int = 0, n_ranks: int = 1) -> Any:
    return SimpleNamespace(_trainer=SimpleNamespace(global_rank=rank, world_size=n_ranks))


def noise(model: Any, epoch: int, batch_idx: int, batch_size: int, seed: int = 23) -> torch.Tensor:
    return noise_like(torch.zeros(batch_size, 3), generators_of_batch(model, seed, epoch, batch_idx, batch_size))


def test_the_place_in_the_epoch_fixes_the_noise_of_an_item() -> None:
    large = noise(model_of(), epoch=2, batch_idx=1, batch_size=6)
    accumulated = torch.cat([noise(model_of(), 2, batch_idx, 2) for batch_idx in (3, 4, 5)])
    assert torch.equal(accumulated, large)
    shared = [noise(model_of(rank, 3), 2, 1, 2) for rank in range(3)]
    assert torch.equal(torch.stack(shared, dim=1).flatten(0, 1), large)
    assert len(large.flatten().unique()) == 18
    assert not torch.equal(noise(model_of(), 3, 1, 6), large)
    assert not torch.equal(noise(model_of(), 2, 1, 6, seed=24), large)


def test_a_model_that_nobody_trains_draws_as_one_process() -> None:
    assert torch.equal(noise(SimpleNamespace(_trainer=None), 0, 1, 2), noise(model_of(), 0, 1, 2))


def test_processes_share_the_bands_of_timesteps() -> None:
    whole = stratified_timesteps(6, batch_idx=4, timesteps=1000)
    parts = [stratified_timesteps(2, 4, 1000, rank, n_ranks=3) for rank in range(3)]
    assert torch.equal(torch.stack(parts, dim=1).flatten(), whole)
    assert (whole // (1000 / 6)).tolist() == [0, 1, 2, 3, 4, 5]
