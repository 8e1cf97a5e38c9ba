"""Random draws say where they are made, and nothing else."""

import torch

from mug.seeding import generators_of_batch, noise_like, stratified_timesteps


def noise(
    epoch: int, batch_idx: int, batch_size: int, seed: int = 23, process: tuple[int, int] = (0, 1)
) -> torch.Tensor:
    generators = generators_of_batch(seed, epoch, batch_idx, batch_size, *process)
    return noise_like(torch.zeros(batch_size, 3), generators)


def test_the_place_in_the_epoch_fixes_the_noise_of_an_item() -> None:
    large = noise(epoch=2, batch_idx=1, batch_size=6)
    accumulated = torch.cat([noise(2, batch_idx, 2) for batch_idx in (3, 4, 5)])
    assert torch.equal(accumulated, large)
    shared = [noise(2, 1, 2, process=(rank, 3)) for rank in range(3)]
    assert torch.equal(torch.stack(shared, dim=1).flatten(0, 1), large)
    assert len(large.flatten().unique()) == 18
    assert not torch.equal(noise(3, 1, 6), large)
    assert not torch.equal(noise(2, 1, 6, seed=24), large)


def test_processes_share_the_bands_of_timesteps() -> None:
    whole = stratified_timesteps(6, batch_idx=4, timesteps=1000)
    parts = [stratified_timesteps(2, 4, 1000, rank, n_ranks=3) for rank in range(3)]
    assert torch.equal(torch.stack(parts, dim=1).flatten(), whole)
    assert (whole // (1000 / 6)).tolist() == [0, 1, 2, 3, 4, 5]
