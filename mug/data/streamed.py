"""Training items from shards, in an order that fetches few shards at a time.

Axes: Z latent channels, L latent frames, M mel bins, Q frequencies of the STFT, A audio frames, F features.
"""

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np

from mug.data.audio import AudioSettings
from mug.data.augment import Augmentation, augment_mel, drop_features
from mug.data.beat_axis import TimeSettings
from mug.data.items import ItemDataset
from mug.data.sampler import SeededSampler
from mug.data.shard_store import ShardStore
from mug.data.shards import AUDIO, DTYPES, REST, Z, check_made_for, parse_rest
from mug.errors import DatasetError
from mug.features import FeatureSpec

MIXED_SHARDS = 4  # read at a time, their items shuffled together


class StreamedDataset(ItemDataset):
    """Items of shards that `mug latents` wrote, local or remote.

    url, cache_dir, cache_gb: see ShardStore. features, audio, time: the same as the shards were made with.
    augmentation: only its audio and prompt parts apply; windows, rates and columns are as in the shards. An item is a
    function of (seed, epoch, index). Raises DatasetError for shards that do not fit.
    """

    def __init__(
        self,
        url: str,
        features: str,
        audio: Mapping[str, Any],
        augmentation: Mapping[str, Any] | None = None,
        time: Mapping[str, Any] | None = None,
        cache_dir: str = "data/shard_cache",
        cache_gb: float = 50.0,
        seed: int = 23,
    ) -> None:
        self.settings = AudioSettings.from_params(audio)
        self.spec = FeatureSpec.from_yaml(features)
        self.augmentation = Augmentation.from_params(augmentation or {})
        self.seed = seed
        self.with_audio = True
        self.store = ShardStore(url, cache_dir, cache_gb)
        index = self.store.index
        check_made_for(index, self.settings, self.spec, TimeSettings.from_params(time), url)
        self.shard_sizes = np.array(list(index.items.values()))  # items of every shard
        self._ends = np.cumsum(self.shard_sizes)
        self.report = f"{len(self)} items in {len(self.shard_sizes)} shards, {sum(index.n_bytes.values()) / 1e9:.2f} GB"

    @property
    def first_stage(self) -> str:
        return self.store.index.first_stage

    def __len__(self) -> int:
        return int(self._ends[-1])

    def __getitem__(self, key: int | tuple[int, int]) -> dict[str, Any]:
        """Return {z [Z, L], n_frames, audio [M, A] or [2, Q, A], feature [F], meta, convertor}."""
        index, epoch = key if isinstance(key, tuple) else (key, 0)
        shard = int(np.searchsorted(self._ends, index, side="right"))
        position = index - int(self._ends[shard] - self.shard_sizes[shard])
        members = self.store.members(shard, position)
        try:
            item = parse_rest(bytes(members[REST]), self.spec, self.settings.max_note_frame)
        except ValueError as error:
            raise DatasetError(f"{self.store.url}/{self.store.names[shard]}: item {position}: {error}") from error
        rng = np.random.default_rng([self.seed, epoch, index, 1])
        item["feature"] = drop_features(item["feature"], self.spec, self.augmentation, rng)
        item["z"] = self._array(members, Z)
        if self.with_audio:
            item["audio"] = self._array(members, AUDIO)
            if self.settings.kind == "mel":
                augment_mel(item["audio"], self.augmentation, rng)
        return item

    def _array(self, members: Mapping[str, memoryview], name: str) -> np.ndarray:
        return np.frombuffer(members[name], DTYPES[name]).reshape(self.store.index.shapes[name]).astype(np.float32)

    def without_audio(self) -> "StreamedDataset":
        """The same items without audio."""
        silent = copy.copy(self)
        silent.with_audio = False
        return silent

    def training_sampler(self, seed: int, rank: int, n_ranks: int, drop_last: bool) -> SeededSampler:
        return ShardSampler(self.shard_sizes, seed, rank, n_ranks, drop_last)


class ShardSampler(SeededSampler):
    """A SeededSampler for items that lie in shards of `shard_sizes` items.

    Shards come in a random order, and items in a random order within each MIXED_SHARDS shards. Each of several
    processes takes its own contiguous part, so it fetches only the shards it needs.
    """

    def __init__(self, shard_sizes: np.ndarray, seed: int, rank: int, n_ranks: int, drop_last: bool) -> None:
        super().__init__(int(shard_sizes.sum()), seed, True, rank, n_ranks, drop_last)
        self.shard_sizes = shard_sizes

    def order(self) -> np.ndarray:
        rng = np.random.default_rng([self.seed, self.epoch])
        starts = np.cumsum(self.shard_sizes) - self.shard_sizes
        shards = rng.permutation(len(self.shard_sizes))
        mixed = []
        for first in range(0, len(shards), MIXED_SHARDS):
            some = shards[first : first + MIXED_SHARDS]
            items = np.concatenate([starts[shard] + np.arange(self.shard_sizes[shard]) for shard in some])
            mixed.append(rng.permutation(items))
        return np.concatenate(mixed)

    def share(self, order: np.ndarray) -> np.ndarray:
        return np.resize(order, len(self) * self.n_ranks)[self.rank * len(self) : (self.rank + 1) * len(self)]
