"""The interface of datasets of training items: all that the data module and training use."""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from typing import Any

from torch.utils.data import Dataset

from mug.data.sampler import SeededSampler


class ItemDataset(Dataset, ABC):
    """Items that are functions of (index, epoch), and facts about the dataset as a whole.

    report: what was found and what was left out, for printing: a text, or an object that prints as one.
    """

    report: Any

    @abstractmethod
    def __len__(self) -> int:
        """Items an epoch."""

    @abstractmethod
    def __getitem__(self, key: Any) -> dict[str, Any]:
        """The item of (index, epoch), or of an index in epoch 0; see OsuDataset for what is in it."""

    @property
    def first_stage(self) -> str | None:
        """The fingerprint of the first stage whose latents the items have; None if they have notes."""
        return None

    def songs(self) -> Sequence[Hashable]:
        """The song of each of the first items, one item a chart."""
        return range(len(self))

    def sizes(self) -> dict[str, int]:
        """Counts by name, such as charts and songs, for the model card."""
        return {"items": len(self)}

    def without_audio(self) -> "ItemDataset":
        """The same items without their audio, if it can be left out."""
        return self

    def training_sampler(self, seed: int, rank: int, n_ranks: int, drop_last: bool) -> SeededSampler:
        """The order of the items in training."""
        return SeededSampler(len(self), seed, True, rank, n_ranks, drop_last)
