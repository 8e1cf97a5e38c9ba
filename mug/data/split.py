"""Which song sets train, which validate and which test: a function of the set alone."""

import hashlib
import re

_SET_ID = re.compile(rb"^\s*BeatmapSetID\s*:\s*(\d+)", re.MULTILINE)


def set_key(osu_bytes: bytes, set_name: str) -> str:
    """What a song set is known by: the BeatmapSetID of its charts, or the folder's name where they have none."""
    found = _SET_ID.search(osu_bytes)
    return str(int(found[1])) if found and int(found[1]) > 0 else set_name


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
