"""Encodes the items of a dataset to latents, so that stage 2 can train without notes.

Axes: B batch, Z latent channels, L latent frames.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader
from tqdm import tqdm

from mug.data.datamodule import collate
from mug.data.dataset import OsuDataset
from mug.data.latents import check_room, write_latents
from mug.diffusion.latent_diffusion import LatentDiffusion


@torch.inference_mode()
def encoded_batches(
    model: LatentDiffusion,
    dataset: OsuDataset,
    keys: Sequence[tuple[int, int]],
    batch_size: int,
    num_workers: int = 0,
    desc: str = "encoding",
    tqdm_class: Callable[..., Any] = tqdm,
) -> Iterator[dict[str, Any]]:
    """Yield the dataset's items at `keys` (index, epoch), in batches, with their latents as `z` float32 [B, Z, L].

    The latents are those that training would compute: the posterior's mode, with padding masked.
    """
    loader: DataLoader = DataLoader(
        dataset, batch_size=batch_size, sampler=keys, num_workers=num_workers, collate_fn=collate
    )
    with tqdm_class(total=len(keys), desc=desc, unit="item") as progress:
        for batch in loader:
            z, _ = model.plain_latents(batch)
            yield {**batch, "z": z.cpu()}
            progress.update(len(z))


def encode_latents(
    model: LatentDiffusion, dataset: OsuDataset, folder: Path, n_variants: int, batch_size: int, num_workers: int = 0
) -> int:
    """Write the latents of all items of the first `n_variants` epochs to a folder; return their size in bytes.

    Raises DatasetError if the disk is too full for them.
    """
    shape = (n_variants, len(dataset), model.z_channels, model.z_length)
    n_bytes = 4 * math.prod(shape)
    desc = f"notes to latents, {check_room(folder, n_bytes)}"
    keys = [(index, epoch) for epoch in range(n_variants) for index in range(len(dataset))]
    batches = encoded_batches(model, dataset.without_audio(), keys, batch_size, num_workers, desc)
    latents = (batch["z"].numpy() for batch in batches)
    write_latents(folder, shape, latents, dataset.notes_depend_on(), model.first_stage_fingerprint)
    return n_bytes
