"""The data folder of osu!lazer, which keeps charts and audio under hashes instead of names."""

import re
from pathlib import Path

REALM = re.compile(r"client(_\d+)?\.realm")
HASH = re.compile(r"[0-9a-f]{64}")
ADVICE = (
    "osu!lazer keeps its songs here under hashes, without names. Export them in the game (song select: right-click a "
    "song, Export), and give the folder of the .osz files that it opens"
)


def is_lazer_data(folder: Path, folders: list[str], names: list[str]) -> bool:
    """Whether a folder with these folders and files in it is osu!lazer's data, or the store of files inside it."""
    if "files" in folders and any(REALM.fullmatch(name) for name in names):
        return True
    return bool(folders) and all(re.fullmatch("[0-9a-f]", name) for name in folders) and _holds_hashes(folder)


def _holds_hashes(folder: Path) -> bool:
    first = next(iter(sorted(folder.glob("[0-9a-f]/[0-9a-f][0-9a-f]/*"))), None)
    return first is not None and HASH.fullmatch(first.name) is not None
