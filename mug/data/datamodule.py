"""The data of a run: train, validation and test datasets from a configuration, in a seeded order."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.rank_zero import rank_zero_info
from torch.utils.data import DataLoader, default_collate

from mug.config import instantiate_from_config
from mug.data.items import ItemDataset
from mug.data.sampler import SeededSampler
from mug.errors import ConfigError

STREAMED = "mug.data.streamed.StreamedDataset"  # imported only where used: it needs the extra "stream"


def collate(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Stack the arrays of items into tensors [B, ...]; `meta` and `convertor` become lists of dicts."""
    batch: dict[str, Any] = {}
    for name, first in items[0].items():
        values = [item[name] for item in items]
        # in workers, default_collate stacks into memory shared with the trainer's process
        batch[name] = default_collate(values) if isinstance(first, np.ndarray) else values
    return batch


class DataModuleFromConfig(pl.LightningDataModule):
    """Loaders over the datasets that `train`, `validation` and `test` configure (target + params).

    `common`: params of all of them. `num_workers`: processes that load items ahead; items do not depend on their
    number. `stream` ({url, cache_dir, cache_gb}, see mug.data.streamed): take the training items from shards instead.
    """

    def __init__(
        self,
        batch_size: int,
        train: Mapping[str, Any],
        validation: Mapping[str, Any],
        test: Mapping[str, Any] | None = None,
        common: Mapping[str, Any] | None = None,
        num_workers: int = 0,
        seed: int = 23,
        stream: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        if batch_size < 1 or num_workers < 0:
            raise ConfigError(f"batch_size: {batch_size}, num_workers: {num_workers}; need at least 1 and 0")
        self.batch_size = batch_size
        self.num_workers = num_workers
        self.stream = stream
        self.seed = seed
        self.nodes = {"train": train, "validation": validation, "test": test}
        self.common = dict(common or {})
        self.datasets: dict[str, ItemDataset] = {}

    def prepare_data(self) -> None:
        """Build the datasets in the first process of a machine, while the others wait.

        This computes missing ratings and spectra; the other processes then find them.
        """
        if self.trainer is not None and self.trainer.state.fn is not None:
            self.setup(self.trainer.state.fn.value)

    def setup(self, stage: str) -> None:
        """Build the datasets of a stage ("fit", "validate", "test"), once. Raises DatasetError."""
        needed = {"fit": ("train", "validation"), "validate": ("validation",), "test": ("test",)}.get(stage, ())
        for name in needed:
            node = self.nodes.get(name)
            if node is None or name in self.datasets:
                continue
            params = {**self.common, "seed": self.seed, **(node.get("params") or {})}
            if name == "train" and self.stream is not None:
                if params.get("latents") is not None or not params.get("with_audio", True):
                    raise ConfigError("data.params.stream is for stage 2, and takes the place of train.params.latents")
                kept = {
                    key: params[key] for key in ("features", "audio", "time", "augmentation", "seed") if key in params
                }
                streamed = {"target": STREAMED, "params": {**kept, **self.stream}}
                dataset = instantiate_from_config(streamed, "data.params.stream", ItemDataset)
            else:
                dataset = instantiate_from_config({**node, "params": params}, f"data.params.{name}", ItemDataset)
            rank_zero_info(f"{name}: {dataset.report}")
            self.datasets[name] = dataset

    def state_dict(self) -> dict[str, Any]:
        """The number of charts and songs of each split, stored in checkpoints for the users of the model."""
        return {name: dataset.sizes() for name, dataset in self.datasets.items()}

    @property
    def first_stage(self) -> str | None:
        """The fingerprint of the first stage whose latents the training items have; None if they have notes."""
        return self.datasets["train"].first_stage

    def train_dataloader(self) -> DataLoader:
        return self._loader(self.datasets["train"], shuffle=True)

    def silent_train_dataloader(self) -> DataLoader:
        """The training batches without their audio, if the dataset can leave it out."""
        return self._loader(self.datasets["train"].without_audio(), shuffle=True)

    def val_dataloader(self) -> DataLoader:
        return self._loader(self.datasets["validation"], shuffle=False)

    def test_dataloader(self) -> DataLoader:
        return self._loader(self.datasets["test"], shuffle=False)

    def _loader(self, dataset: ItemDataset, shuffle: bool) -> DataLoader:
        rank, n_ranks = (self.trainer.global_rank, self.trainer.world_size) if self.trainer is not None else (0, 1)
        drop_last = shuffle and len(dataset) >= self.batch_size * n_ranks
        if shuffle:
            sampler = dataset.training_sampler(self.seed, rank, n_ranks, drop_last)
        else:
            sampler = SeededSampler(len(dataset), self.seed, False, rank, n_ranks, False)
        loader = DataLoader(
            dataset,
            batch_size=self.batch_size,
            sampler=sampler,
            num_workers=self.num_workers,
            persistent_workers=self.num_workers > 0,
            collate_fn=collate,
            drop_last=drop_last,
            pin_memory=torch.cuda.is_available(),
        )
        if shuffle and self.trainer is not None:
            progress: Any = self.trainer.fit_loop  # of a resumed run, from its checkpoint
            sampler.epoch = progress.epoch_progress.current.processed
            sampler.n_seen = progress.epoch_loop.batch_progress.current.processed % len(loader) * self.batch_size
        return loader


def datamodule_of(trainer: pl.Trainer) -> DataModuleFromConfig | None:
    """Return a trainer's data module; None if it has only loaders, or a module of another class."""
    datamodule = getattr(trainer, "datamodule", None)  # Lightning sets it only where there is one
    return datamodule if isinstance(datamodule, DataModuleFromConfig) else None
