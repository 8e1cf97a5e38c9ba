"""The data of a run: train, validation and test datasets from a configuration, in an order that a seed fixes."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.rank_zero import rank_zero_info
from torch.utils.data import DataLoader, Sampler, default_collate

from mug.config import instantiate_from_config
from mug.data.dataset import OsuDataset
from mug.errors import ConfigError


class SeededSampler(Sampler[tuple[int, int]]):
    """Yield (index, epoch) of every item once an epoch, in an order that is a function of (seed, epoch).

    Of several processes, each takes every `n_ranks`-th item, from the `rank`-th on; where the items do not come out
    even, the first ones are taken twice, or with `drop_last` the last ones not at all. A resumed run sets `epoch` and
    how many items of it are `n_seen`; the epochs after it, which Lightning announces by `set_epoch`, are whole.
    """

    def __init__(
        self, n_items: int, seed: int, shuffle: bool, rank: int = 0, n_ranks: int = 1, drop_last: bool = False
    ) -> None:
        self.n_items = n_items
        self.seed = seed
        self.shuffle = shuffle
        self.rank, self.n_ranks = rank, n_ranks
        self.drop_last = drop_last
        self.epoch, self.n_seen = 0, 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return self.n_items // self.n_ranks if self.drop_last else math.ceil(self.n_items / self.n_ranks)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        order = np.arange(self.n_items)
        if self.shuffle:
            order = np.random.default_rng([self.seed, self.epoch]).permutation(self.n_items)
        mine = np.resize(order, len(self) * self.n_ranks)[self.rank :: self.n_ranks]
        n_seen, self.n_seen = self.n_seen, 0
        return iter([(int(index), self.epoch) for index in mine[n_seen:]])


def collate(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Stack the arrays of items into tensors [B, ...]; `meta` and `convertor` become lists of dicts."""
    batch: dict[str, Any] = {}
    for name, first in items[0].items():
        values = [item[name] for item in items]
        # torch's own stacks into memory that is shared with the trainer's process
        batch[name] = default_collate(values) if isinstance(first, np.ndarray) else values
    return batch


class DataModuleFromConfig(pl.LightningDataModule):
    """Loaders over the datasets that `train`, `validation` and `test` configure (target + params).

    `common` are params of all of them. `num_workers` are processes that load items ahead; items do not depend on it.
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
    ) -> None:
        super().__init__()
        if batch_size < 1 or num_workers < 0:
            raise ConfigError(f"batch_size: {batch_size}, num_workers: {num_workers}; need at least 1 and 0")
        self.batch_size = batch_size
        self.num_workers = num_workers
        self.seed = seed
        self.nodes = {"train": train, "validation": validation, "test": test}
        self.common = dict(common or {})
        self.datasets: dict[str, OsuDataset] = {}

    def prepare_data(self) -> None:
        """Build the datasets in the first process of a machine, while the others wait: it rates charts that are not
        rated and makes spectra that are not there, and they find them.
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
            merged = {**node, "params": {**self.common, "seed": self.seed, **(node.get("params") or {})}}
            dataset = instantiate_from_config(merged, f"data.params.{name}")
            rank_zero_info(f"{name}: {dataset.report}")
            self.datasets[name] = dataset

    @property
    def first_stage(self) -> str | None:
        """The fingerprint of the first stage whose latents the training items have; None where they have notes."""
        return getattr(self.datasets["train"], "first_stage", None)

    def train_dataloader(self) -> DataLoader:
        return self._loader(self.datasets["train"], shuffle=True)

    def silent_train_dataloader(self) -> DataLoader:
        """The training batches without their audio, where the dataset can leave it out."""
        dataset: Any = self.datasets["train"]
        return self._loader(dataset.without_audio() if hasattr(dataset, "without_audio") else dataset, shuffle=True)

    def val_dataloader(self) -> DataLoader:
        return self._loader(self.datasets["validation"], shuffle=False)

    def test_dataloader(self) -> DataLoader:
        return self._loader(self.datasets["test"], shuffle=False)

    def _loader(self, dataset: OsuDataset, shuffle: bool) -> DataLoader:
        rank, n_ranks = (self.trainer.global_rank, self.trainer.world_size) if self.trainer is not None else (0, 1)
        drop_last = shuffle and len(dataset) >= self.batch_size * n_ranks
        sampler = SeededSampler(len(dataset), self.seed, shuffle, rank, n_ranks, drop_last)
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
            progress: Any = self.trainer.fit_loop  # of a resumed run, as its checkpoint says
            sampler.epoch = progress.epoch_progress.current.processed
            sampler.n_seen = progress.epoch_loop.batch_progress.current.processed % len(loader) * self.batch_size
        return loader
