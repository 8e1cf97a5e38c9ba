"""Splits of song sets into training, validation and test: a function of the set alone."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mug.errors import ConfigError

MAX_DECIMALS = 8  # of a fraction that is proposed
SPLITS = ("train", "valid", "test")
SPLIT_KEYS = ("valid_fraction", "test_fraction", "split_salt")  # of data.params.common


def set_keys(charts: Sequence[tuple[str, int]]) -> list[str]:
    """Return the key of each chart's song set; charts are given as (folder, BeatmapSetID or 0).

    Charts in the same folder, or with the same id, belong to one set, through any chain of folders and ids: a folder
    often holds a difficulty that was never uploaded and has no id. The key is the set's lowest id, or else its first
    folder's name.
    """
    parent: dict[str | int, str | int] = {}  # disjoint sets over folders and ids

    def root(node: str | int) -> str | int:
        while parent.setdefault(node, node) != node:
            node = parent[node]
        return node

    for folder, set_id in charts:
        first, second = root(folder), root(set_id if set_id > 0 else folder)
        low, high = sorted((first, second), key=_rank)
        parent[high] = low  # so that every root is the key of its set
    return [str(root(folder)) for folder, _ in charts]


def _rank(node: str | int) -> tuple[bool, str | int]:
    """Ids before names, lower ones first."""
    return isinstance(node, str), node


@dataclass(frozen=True, slots=True)
class SplitSpec:
    """How song sets are divided into train, valid and test.

    The hash of a set's key is its position in [0, 1). Below valid_fraction is validation; below valid_fraction +
    test_fraction is test. `salt`: another salt gives another division. Raises ConfigError for impossible fractions.
    """

    valid_fraction: float = 0.05
    test_fraction: float = 0.05
    salt: str = ""

    def __post_init__(self) -> None:
        valid, test = self.valid_fraction, self.test_fraction
        if not (valid >= 0 and test >= 0 and valid + test <= 1):
            raise ConfigError(
                f"valid_fraction, test_fraction: {valid} and {test}; give shares from 0 on whose sum is at most 1"
            )

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> "SplitSpec":
        """Read the split from a configuration's `data.params.common`; other keys are ignored.

        Missing keys have their defaults. Raises ConfigError, ValueError or TypeError for an invalid split.
        """
        given = {key: params[key] for key in SPLIT_KEYS if key in params}
        return cls(
            float(given.get("valid_fraction", cls().valid_fraction)),
            float(given.get("test_fraction", cls().test_fraction)),
            str(given.get("split_salt", cls().salt)),
        )

    def split_of(self, key: str) -> str:
        """Return which of SPLITS a set with this key is in."""
        position = self.position(key)
        if position < self.valid_fraction:
            return "valid"
        return "test" if position < self.valid_fraction + self.test_fraction else "train"

    def position(self, key: str) -> float:
        """The hash of a set's key, in [0, 1)."""
        digest = hashlib.blake2b(f"{self.salt}/{key}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64

    def with_no_split_empty(self, keys: Iterable[str], test: bool) -> "SplitSpec | None":
        """Return a division of about these shares that gives train, valid and, if asked, test a set.

        None for too few sets.
        """
        positions = sorted({self.position(key) for key in keys})
        n_valid = max(1, round(self.valid_fraction * len(positions)))
        n_test = max(1, round(self.test_fraction * len(positions))) if test else 0
        if n_valid + n_test >= len(positions):
            n_valid, n_test = 1, min(n_test, 1)
        if n_valid + n_test >= len(positions):
            return None
        valid, both = _between(positions, n_valid), _between(positions, n_valid + n_test)
        return replace(self, valid_fraction=valid, test_fraction=round(both - valid, MAX_DECIMALS))


def _between(positions: Sequence[float], n: int) -> float:
    """A short number above the `n` lowest positions and not above the others."""
    low, high = positions[n - 1], positions[n]
    middle = (low + high) / 2
    short = (round(middle, decimals) for decimals in range(1, MAX_DECIMALS))
    return next((number for number in short if low < number < high), middle)


def division_advice(division: SplitSpec | None, n_sets: int) -> str:
    """Say which options to add to a training whose split is empty: those of `division`, None for too few sets."""
    if n_sets == 0:
        return "prepare songs with charts of its keys"
    if division is None:
        return (
            f"song sets are too few to train, validate and test on different ones: {n_sets} in all. "
            "Prepare more, or add this to the command, to validate on the songs that train:\n"
            "--no-test data.params.common.valid_fraction=0 data.params.common.test_fraction=0 "
            "data.params.validation.target=mug.data.dataset.OsuTrainDataset"
        )
    fractions = (division.valid_fraction, division.test_fraction)
    valid, test = (f"{fraction:.{MAX_DECIMALS}f}".rstrip("0").rstrip(".") for fraction in fractions)
    return (
        f"its {n_sets} song sets are few; add this to the command, and each split has some:\n"
        f"data.params.common.valid_fraction={valid} data.params.common.test_fraction={test}"
    )
