"""The data of a run: train, validation and test datasets from a configuration, in an order that a seed fixes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.rank_zero import rank_zero_info
from torch.utils.data import DataLoader, Sampler

from mug.config import instantiate_from_config
from mug.data.dataset import OsuDataset


class SeededSampler(Sampler[tuple[int, int]]):
    """Yield (index, epoch) of every item once an epoch, in an order that is a function of (seed, epoch).

    Lightning calls `set_epoch`. An interrupted run goes on with what it had not seen yet, see `resume`.
    """

    def __init__(self, n_items: int, seed: int, shuffle: bool) -> None:
        self.n_items = n_items
        self.seed = seed
        self.shuffle = shuffle
        self.epoch = 0
        self.n_seen = 0

    def resume(self, epoch: int, n_seen: int) -> None:
        """Begin in `epoch`, after the first `n_seen` items of it; later epochs are whole."""
        self.epoch, self.n_seen = epoch, n_seen

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return self.n_items

    def __iter__(self) -> Iterator[tuple[int, int]]:
        order = np.arange(self.n_items)
        if self.shuffle:
            order = np.random.default_rng([self.seed, self.epoch]).permutation(self.n_items)
        n_seen, self.n_seen = self.n_seen, 0
        return iter([(int(index), self.epoch) for index in order[n_seen:]])


def collate(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Stack the arrays of items into tensors [B, ...]; `meta` and `convertor` become lists of dicts."""
    batch: dict[str, Any] = {}
    for name, first in items[0].items():
        values = [item[name] for item in items]
        batch[name] = torch.from_numpy(np.stack(values)) if isinstance(first, np.ndarray) else values
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
        self.batch_size = batch_size
        self.num_workers = num_workers
        self.seed = seed
        self.nodes = {"train": train, "validation": validation, "test": test}
        self.common = dict(common or {})
        self.datasets: dict[str, OsuDataset] = {}

    def setup(self, stage: str) -> None:
        """Build the datasets of a stage ("fit", "validate", "test"), once. Raises DatasetError."""
        needed = {"fit": ("train", "validation"), "validate": ("validation",)}.get(stage, (stage,))
        for name in needed:
            node = self.nodes.get(name)
            if node is None or name in self.datasets:
                continue
            merged = {**node, "params": {**self.common, "seed": self.seed, **(node.get("params") or {})}}
            dataset = instantiate_from_config(merged, f"data.params.{name}")
            rank_zero_info(f"{name}: {dataset.report}")
            self.datasets[name] = dataset

    def train_dataloader(self) -> DataLoader:
        loader = self._loader("train", shuffle=True)
        if self.trainer is not None:
            fit_loop = self.trainer.fit_loop
            n_batches = fit_loop.epoch_loop.batch_progress.current.processed % len(loader)
            loader.sampler.resume(fit_loop.epoch_progress.current.processed, n_batches * self.batch_size)
        return loader

    def val_dataloader(self) -> DataLoader:
        return self._loader("validation", shuffle=False)

    def test_dataloader(self) -> DataLoader:
        return self._loader("test", shuffle=False)

    def _loader(self, name: str, shuffle: bool) -> DataLoader:
        dataset = self.datasets[name]
        return DataLoader(
            dataset,
            batch_size=self.batch_size,
            sampler=SeededSampler(len(dataset), self.seed, shuffle),
            num_workers=self.num_workers,
            persistent_workers=self.num_workers > 0,
            collate_fn=collate,
            drop_last=shuffle and len(dataset) >= self.batch_size,
            pin_memory=torch.cuda.is_available(),
        )
