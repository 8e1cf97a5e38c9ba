"""Which song sets train, which validate and which test: a function of the set alone."""

import hashlib
from collections.abc import Sequence


def set_keys(charts: Sequence[tuple[str, int]]) -> list[str]:
    """What the song set of each chart, given as (folder, BeatmapSetID or 0), is known by.

    Charts are of one set that lie in one folder or state one id, however many folders and ids that connects: a folder
    often holds a difficulty that was never uploaded and states no id. The key is the set's lowest id, else its first
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


def split_of(key: str, valid_fraction: float, test_fraction: float, salt: str = "") -> str:
    """Return "train", "valid" or "test" for a set's key.

    The key's hash is a number in [0, 1): below valid_fraction it validates, below valid_fraction + test_fraction it
    tests. `salt` draws another division of the same sets.
    """
    digest = hashlib.blake2b(f"{salt}/{key}".encode(), digest_size=8).digest()
    position = int.from_bytes(digest, "big") / 2**64
    if position < valid_fraction:
        return "valid"
    return "test" if position < valid_fraction + test_fraction else "train"
