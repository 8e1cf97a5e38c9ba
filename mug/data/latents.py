"""Latents of training items on disk, encoded once, so that stage 2 needs neither notes nor the first stage.

Axes: V variants (epochs' worth of draws), N items, Z latent channels, L latent frames.

A folder of `mug latents` holds latents.npy, float32 [V, N, Z, L], which is mapped into memory, not read,
and latents.json, which says what they depend on. float16 would cost little (2e-4 of the latents' deviation, and no note
of 13,029 decodes otherwise), but it would save next to nothing, for the audio of such an item is 250 times as large.
"""

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mug.errors import DatasetError
from mug.files import replacing

VERSION = 1  # raise it when an item's draws, or the notes that follow from them, change
ARRAY, DESCRIPTION = "latents.npy", "latents.json"
DEPENDS_ON = "drawn_from"  # the key in latents.json
RUN_AGAIN = "run `mug latents` again, with the configuration of the training"


class EncodedLatents:
    """The latents [V, N, Z, L] in `folder`, indexed by [variant, item].

    n_items: items of the training dataset. depends_on: what the notes of these items depend on, by name. first_stage:
    the fingerprint of the first stage that encoded them. Raises DatasetError if they are missing, damaged, or of other
    items.
    """

    def __init__(self, folder: str | Path, n_items: int, depends_on: Mapping[str, Any]) -> None:
        self.folder = Path(folder)
        try:
            said = json.loads((self.folder / DESCRIPTION).read_text(encoding="utf-8"))
            array = self._open()
            encoded_from, first_stage = dict(said[DEPENDS_ON]), str(said["first_stage"])
            if array.ndim != 4 or array.dtype != np.float32 or not array.size:
                raise ValueError(f"{ARRAY} is {array.dtype} {list(array.shape)}")
        except (OSError, ValueError, EOFError, LookupError, TypeError, RecursionError) as error:
            raise DatasetError(f"{self.folder}: missing or damaged latents ({error}); {RUN_AGAIN}") from error
        for name, value in described(depends_on).items():
            if encoded_from.get(name) != value:
                raise DatasetError(
                    f"{self.folder}: latents of different items: {name} was {encoded_from.get(name)}, now {value}; "
                    f"{RUN_AGAIN}"
                )
        if array.shape[1] != n_items:
            raise DatasetError(
                f"{self.folder}: latents of {array.shape[1]} items, but there are {n_items} now; {RUN_AGAIN}"
            )
        self._array = array
        self.first_stage = first_stage
        self.n_variants = len(array)

    def _open(self) -> np.ndarray:
        return np.lib.format.open_memmap(self.folder / ARRAY, mode="r")  # which takes no pickle and no zip

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_array"}  # a map is copied as a whole

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._array = self._open()

    def __getitem__(self, key: tuple[int, int]) -> np.ndarray:
        """The latent float32 [Z, L] of (variant, item), a copy."""
        return np.array(self._array[key])


def described(depends_on: Mapping[str, Any]) -> dict[str, Any]:
    """What the notes of items depend on, in the form stored in latents.json."""
    return json.loads(json.dumps({"version": VERSION, **depends_on}))


def write_latents(
    folder: Path,
    shape: tuple[int, int, int, int],
    batches: Iterable[np.ndarray],
    depends_on: Mapping[str, Any],
    first_stage: str,
) -> None:
    """Write latents [V, N, Z, L], which come as batches [B, Z, L] of one variant after another.

    Old latents in the folder are deleted first. New ones count only once they are complete.
    """
    (folder / DESCRIPTION).unlink(missing_ok=True)
    (folder / ARRAY).unlink(missing_ok=True)
    with replacing(folder / ARRAY) as temporary, temporary.open("wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        written = 0
        for batch in batches:
            file.write(np.ascontiguousarray(batch, dtype="<f4").tobytes())
            written += len(batch)
        if written != shape[0] * shape[1]:
            raise ValueError(f"expected {shape[0] * shape[1]} latents, got {written}")
    said = {"first_stage": first_stage, "shape": shape, DEPENDS_ON: described(depends_on)}
    with replacing(folder / DESCRIPTION) as temporary:
        temporary.write_text(json.dumps(said, indent=1), encoding="utf-8")


def check_room(folder: Path, n_bytes: int) -> str:
    """Say how `n_bytes` compare to the free space of the folder's disk. Raises DatasetError if they are more."""
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if n_bytes > free:
        raise DatasetError(f"{folder}: needs {n_bytes / 1e9:.2f} GB, and the disk has {free / 1e9:.2f} GB left")
    return f"{n_bytes / 1e9:.2g} of {free / 1e9:.0f} GB free"
