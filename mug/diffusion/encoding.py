"""Items of a dataset to latents, for stage 2 to train on without their notes.

Axes: B batch, Z latent channels, L latent frames.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader
from tqdm import tqdm

from mug.data.datamodule import collate
from mug.data.dataset import OsuDataset
from mug.diffusion.diffusion import DDPM


@torch.inference_mode()
def encode_items(
    model: DDPM,
    dataset: OsuDataset,
    n_variants: int,
    batch_size: int,
    num_workers: int = 0,
    desc: str = "encoding",
    tqdm_class: Callable[..., Any] = tqdm,
) -> Iterator[np.ndarray]:
    """Yield the latents float32 [B, Z, L] of all items of epoch 0, then of epoch 1, up to `n_variants` epochs.

    They are what training would take: the mode of the posterior, of notes of which the padding is masked.
    """
    keys = [(index, epoch) for epoch in range(n_variants) for index in range(len(dataset))]
    loader: DataLoader = DataLoader(
        dataset.without_audio(),
        batch_size=batch_size,
        sampler=keys,
        num_workers=num_workers,
        collate_fn=collate,
    )
    with tqdm_class(total=len(keys), desc=desc, unit="item") as progress:
        for batch in loader:
            z, _ = model.plain_latents(batch)
            yield z.cpu().numpy()
            progress.update(len(z))
