"""Writes a dataset's items, with latents and audio, to shards that stage 2 can stream.

Axes: B batch, Z latent channels, L latent frames.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mug.data.dataset import OsuDataset
from mug.data.latents import check_room
from mug.data.shards import item_bytes, write_shards
from mug.diffusion.encoding import encoded_batches
from mug.diffusion.latent_diffusion import LatentDiffusion


def encode_shards(
    model: LatentDiffusion,
    dataset: OsuDataset,
    folder: Path,
    n_variants: int,
    batch_size: int,
    num_workers: int = 0,
    shard_mb: float = 256.0,
) -> dict[str, int]:
    """Write all items of the first `n_variants` epochs to shards of about `shard_mb`; return their bytes by name.

    Items are in random order, so that each shard is a random sample of the dataset. Raises DatasetError if the disk is
    too full.
    """
    settings = dataset.settings
    latent = (model.z_channels, model.z_length)
    n_items, size = n_variants * len(dataset), item_bytes(latent, settings.item_shape)
    desc = f"items to shards, {check_room(folder, n_items * size)}"
    order = np.random.default_rng(dataset.seed).permutation(n_items)
    keys = [(int(number) % len(dataset), int(number) // len(dataset)) for number in order]
    batches = encoded_batches(model, dataset.without_epoch_augmentation(), keys, batch_size, num_workers, desc)
    a_shard = max(1, round(shard_mb * 1e6 / size))
    fingerprint = model.first_stage_fingerprint
    return write_shards(folder, _items_of(batches), a_shard, settings, dataset.spec, dataset.time, fingerprint)


def _items_of(batches: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for batch in batches:
        for values in zip(*batch.values(), strict=True):
            item = dict(zip(batch, values, strict=True))
            yield {name: value.numpy() if torch.is_tensor(value) else value for name, value in item.items()}
