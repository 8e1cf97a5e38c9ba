"""Encoded training items in files to stream from a bucket: WebDataset shards, and an index of them.

Axes: Z latent channels, L latent frames, M mel bins, Q frequencies of the STFT, A audio frames, F features.

A shard is a plain tar, shard-000000.tar, with three members an item: KEY.z.f32, the latent [Z, L]; KEY.audio.f16, the
spectrum [M, A] or [2, Q, A]; KEY.json, the prompt's ids, how long the song goes on, and where the item is from. Numbers
are raw and little-endian: index.json says their shapes once, so that reading them runs nothing and trusts no header.
"""

import json
import math
import re
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from mug.data.audio import AudioSettings
from mug.data.beat_axis import TimeSettings
from mug.errors import DatasetError, PromptError
from mug.features import FeatureSpec
from mug.files import replacing

VERSION = 1
INDEX = "index.json"
NAME = re.compile(r"shard-\d{6}\.tar")
Z, AUDIO, REST = "z.f32", "audio.f16", "json"
DTYPES: dict[str, np.dtype[Any]] = {Z: np.dtype("<f4"), AUDIO: np.dtype("<f2")}
MAX_INDEX_BYTES, MAX_REST_BYTES = 64 * 2**20, 64 * 2**10
MAX_ITEMS = 10**8  # an epoch's order of so many takes some GB; an index from a stranger could claim any number
TAR_BYTES = 3 * 1024 + 1024  # headers and padding of an item's members, and its json, about
KEPT_OF_META = (
    "game_mode",
    "cs",
    "version",
    "set_id",
)  # no paths: they would give away folders of whoever made the shards


@dataclass(frozen=True)
class ShardIndex:
    """What shards hold: the shape of each member, the items and bytes of each shard, and what they were made for."""

    first_stage: str
    audio: dict[str, Any]
    features: list[Any]
    time: dict[str, Any]
    shapes: dict[str, tuple[int, ...]]
    items: dict[str, int]
    n_bytes: dict[str, int]

    @property
    def n_items(self) -> int:
        return sum(self.items.values())

    def member_bytes(self, member: str) -> int:
        return math.prod(self.shapes[member]) * DTYPES[member].itemsize


def made_for(settings: AudioSettings, spec: FeatureSpec, time: TimeSettings) -> dict[str, Any]:
    """Return what a training must have in common with its shards: audio settings, features and time axis."""
    features = [[name, *spec.blocks[name]] for name in spec.names]
    return {"audio": asdict(settings), "features": features, "time": asdict(time)}


def item_bytes(z: tuple[int, int], audio: tuple[int, ...]) -> int:
    """Approximate bytes of an item in a shard, with a latent [Z, L] and a spectrum of shape `audio`."""
    return 4 * math.prod(z) + 2 * math.prod(audio) + TAR_BYTES


def write_shards(
    folder: Path,
    items: Iterable[Mapping[str, Any]],
    items_a_shard: int,
    settings: AudioSettings,
    spec: FeatureSpec,
    time: TimeSettings,
    first_stage: str,
) -> dict[str, int]:
    """Write items {z, audio, feature, n_frames, meta, convertor} in their order; return the bytes of every shard.

    Shards of an earlier run are deleted first. A shard is whole or absent, and none counts until the index is written
    last.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / INDEX).unlink(missing_ok=True)
    for old in folder.iterdir():
        if NAME.fullmatch(old.name):
            old.unlink()
    shapes: dict[str, list[int]] = {}
    counts: dict[str, int] = {}
    n_bytes: dict[str, int] = {}
    waiting = iter(items)
    item = next(waiting, None)
    while item is not None:
        shapes = {Z: list(item["z"].shape), AUDIO: list(item["audio"].shape)}
        path = folder / f"shard-{len(counts):06d}.tar"
        with replacing(path) as temporary:
            with tarfile.open(temporary, "w") as tar:
                count = 0
                while item is not None and count < items_a_shard:
                    for member, data in _members(item).items():
                        info = tarfile.TarInfo(f"{len(counts):06d}_{count:06d}.{member}")
                        info.size = len(data)
                        tar.addfile(info, BytesIO(data))
                    count += 1
                    item = next(waiting, None)
            n_bytes[path.name] = temporary.stat().st_size
        counts[path.name] = count
    said = {
        "version": VERSION,
        "first_stage": first_stage,
        **made_for(settings, spec, time),
        "shapes": shapes,
        "shards": [{"name": name, "items": counts[name], "bytes": n_bytes[name]} for name in counts],
    }
    with replacing(folder / INDEX) as temporary:
        temporary.write_text(json.dumps(said), encoding="utf-8")
    return n_bytes


def _members(item: Mapping[str, Any]) -> dict[str, bytes]:
    rest = {
        "feature": [int(row) for row in item["feature"]],
        "n_frames": int(item["n_frames"]),
        "meta": {name: item["meta"][name] for name in KEPT_OF_META},
        "convertor": item["convertor"],
    }
    return {
        Z: np.asarray(item["z"], DTYPES[Z]).tobytes(),
        AUDIO: np.asarray(item["audio"], DTYPES[AUDIO]).tobytes(),
        REST: json.dumps(rest).encode(),
    }


def parse_index(data: bytes, source: str) -> ShardIndex:
    """Read and check an index from a stranger. Raises DatasetError; `source` is where it is from."""
    try:
        said = json.loads(data)
        if said["version"] != VERSION:
            raise ValueError(f"version {said['version']}, this program reads {VERSION}")
        shapes = {member: _sizes(said["shapes"][member]) for member in DTYPES}
        items: dict[str, int] = {}
        n_bytes: dict[str, int] = {}
        for shard in said["shards"]:
            name = shard["name"]
            if not isinstance(name, str) or not NAME.fullmatch(name) or name in items:
                raise ValueError(f"a shard is called {name!r}")
            items[name], n_bytes[name] = _sizes([shard["items"], shard["bytes"]])
        index = ShardIndex(
            str(said["first_stage"]),
            dict(said["audio"]),
            list(said["features"]),
            dict(said.get("time", asdict(TimeSettings()))),  # older shards count ms
            shapes,
            items,
            n_bytes,
        )
        if not 1 <= index.n_items <= MAX_ITEMS:
            raise ValueError(f"it lists {index.n_items} items; 1 to {MAX_ITEMS} are possible")
        smallest = sum(index.member_bytes(member) for member in DTYPES)
        for name, count in items.items():
            if count * smallest > n_bytes[name]:
                raise ValueError(f"{name} is too small for {count} items")
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise DatasetError(f"{source}: not an index of shards: {error}") from error
    return index


def _sizes(values: Any) -> tuple[int, ...]:
    if not isinstance(values, list) or not all(type(value) is int and value > 0 for value in values):
        raise ValueError(f"{values!r} are no sizes")
    return tuple(values)


def check_made_for(
    index: ShardIndex, settings: AudioSettings, spec: FeatureSpec, time: TimeSettings, source: str
) -> None:
    """Raise DatasetError if the shards were made for other audio settings, features or time than the training's."""
    for name, ours in json.loads(json.dumps(made_for(settings, spec, time))).items():
        theirs = getattr(index, name)
        if theirs != ours:
            raise DatasetError(
                f"{source}: shards made with other {name} than data.params.common has: {theirs} there, {ours} here; "
                "train with the configuration that they were made with, or make them again"
            )
    shape = settings.item_shape
    if index.shapes[AUDIO] != shape:
        raise DatasetError(f"{source}: spectra are {list(index.shapes[AUDIO])}, their own settings say {list(shape)}")


def parse_rest(data: bytes, spec: FeatureSpec, max_note_frame: int) -> dict[str, Any]:
    """Read an item's json as {feature [F], n_frames, meta, convertor}. Raises ValueError if it is invalid."""
    try:
        rest = json.loads(data)
        feature = np.array(rest["feature"], dtype=np.int64)
        spec.decode(feature)
        n_frames = np.array(rest["n_frames"], dtype=np.int64)
        if n_frames.shape or not 1 <= n_frames <= max_note_frame:
            raise ValueError(f"n_frames is {rest['n_frames']}")
        return {
            "n_frames": n_frames,
            "feature": feature,
            "meta": dict(rest["meta"]),
            "convertor": dict(rest["convertor"]),
        }
    except (LookupError, TypeError, OverflowError, RecursionError, PromptError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
