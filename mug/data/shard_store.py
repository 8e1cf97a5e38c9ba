"""Access to shards in a folder, or in a bucket, from which they are fetched into a cache of limited size.

WebDataset opens the address (gs:, http:, https:, hf:, sftp:, file:).
"""

import fcntl
import hashlib
import mmap
import os
import re
import shlex
import tarfile
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from mug.data.shards import DTYPES, INDEX, MAX_INDEX_BYTES, MAX_REST_BYTES, REST, parse_index
from mug.errors import ConfigError, DatasetError
from mug.files import replacing

try:
    from webdataset import gopen
except ModuleNotFoundError as error:
    raise ConfigError("data.params.stream needs WebDataset: pip install 'mug[stream]'") from error

OPEN_SHARDS = 8  # mapped at a time
CHUNK_BYTES = 2**20
CONTENT = re.compile(r"[0-9a-f]{16}")  # a folder of the cache
# WebDataset passes some addresses to a shell, and a configuration may come from a stranger.
ADDRESS = re.compile(r"(https?|gs|s3|hf|sftp|file)://[\w.,:@%~=+/-]+", re.ASCII)


class ShardStore:
    """The shards at `url`, a folder or an address. From an address, at most `cache_gb` are cached in `cache_dir`.

    The least recently used shards are deleted first; other files in `cache_dir` stay.
    Raises ConfigError for an invalid address, and DatasetError for shards that are missing, cannot be fetched, or do
    not match the index.
    """

    def __init__(self, url: str, cache_dir: str | Path, cache_gb: float) -> None:
        self.url = url.rstrip("/")
        is_folder = "://" not in url
        if not is_folder and not ADDRESS.fullmatch(url):
            raise ConfigError(
                f"data.params.stream.url: {url!r} is no folder, nor a plain address such as gs://bucket/a"
            )
        try:
            data = self._read(INDEX, MAX_INDEX_BYTES, Path(self.url) if is_folder else None)
        except (OSError, ValueError, ImportError) as error:  # hf: needs a package of its own
            raise DatasetError(
                f"{self.url}: no shards there, or no way to them: {error}; `mug latents --shards` makes them"
            ) from error
        self.index = parse_index(data, f"{self.url}/{INDEX}")
        self.names = list(self.index.items)
        content = hashlib.blake2b(
            data, digest_size=8
        ).hexdigest()  # so that new shards under old names are not mistaken for them
        self._folder = Path(self.url) if is_folder else Path(cache_dir) / content
        self._is_folder = is_folder
        self._cache_dir, self._cache_bytes = Path(cache_dir), int(cache_gb * 1e9)
        self._open: OrderedDict[int, _Shard] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_open": OrderedDict()}  # other processes map the files themselves

    def members(self, shard: int, position: int) -> dict[str, memoryview]:
        """The members of an item by their name; they live as long as the view does."""
        if shard not in self._open:
            self._open[shard] = self._map(shard)
            if len(self._open) > OPEN_SHARDS:
                self._open.popitem(last=False)
        self._open.move_to_end(shard)
        return self._open[shard].members(position)

    def _map(self, shard: int) -> "_Shard":
        name = self.names[shard]
        if self._is_folder:
            return self._opened(name)
        with self._locked_cache():  # until the shard is mapped, or another process might clear it
            if not (self._folder / name).exists():
                self._fetch(name)
            now = time.time_ns()  # the file system's own clock ticks every few milliseconds only
            with suppress(OSError):  # the file is another user's
                os.utime(self._folder / name, ns=(now, now))
            return self._opened(name)

    def _opened(self, name: str) -> "_Shard":
        path = self._folder / name
        try:
            if path.stat().st_size != self.index.n_bytes[name]:
                raise ValueError(f"has {path.stat().st_size} bytes, {INDEX} says {self.index.n_bytes[name]}")
            limits = {member: (self.index.member_bytes(member),) * 2 for member in DTYPES} | {REST: (1, MAX_REST_BYTES)}
            return _Shard(path, self.index.items[name], limits)
        except (OSError, ValueError, tarfile.TarError) as error:
            raise DatasetError(f"{path}: not the shard that {self.url}/{INDEX} lists: {error}") from error

    @contextmanager
    def _locked_cache(self) -> Iterator[None]:
        """Lock the cache against other processes."""
        try:
            self._cache_dir.mkdir(parents=True, exist_ok=True)
            folder = os.open(self._cache_dir, os.O_RDONLY)
        except OSError as error:
            raise DatasetError(f"data.params.stream.cache_dir: {error}") from error
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _make_room(self, n_bytes: int) -> None:
        """Delete the least recently used shards until `n_bytes` more fit. Raises ValueError."""
        if n_bytes > self._cache_bytes:
            raise ValueError(f"its {n_bytes} bytes are more than data.params.stream.cache_gb")
        found = [path for path in self._cache_dir.glob("*/*.tar") if CONTENT.fullmatch(path.parent.name)]
        by_age = sorted((path.stat().st_mtime_ns, path.stat().st_size, path) for path in found)
        n_bytes += sum(size for _, size, _ in by_age)
        for _, size, path in by_age:
            if n_bytes <= self._cache_bytes:
                break
            path.unlink()
            n_bytes -= size

    def _fetch(self, name: str) -> None:
        """Bring a shard to the cache."""
        try:
            self._make_room(self.index.n_bytes[name])
            with replacing(self._folder / name) as temporary, temporary.open("wb") as file:
                left = self.index.n_bytes[name]
                with gopen(self._address(name)) as stream:
                    while chunk := stream.read(CHUNK_BYTES):
                        left -= len(chunk)
                        if left < 0:
                            raise ValueError("it is longer than its index says")
                        file.write(chunk)
                if left:
                    raise ValueError(f"it ends {left} bytes too early")
        except (OSError, ValueError) as error:
            raise DatasetError(f"{self.url}/{name}: cannot be fetched: {error}") from error

    def _read(self, name: str, limit: int, folder: Path | None) -> bytes:
        if folder is not None:
            with (folder / name).open("rb") as file:
                data = file.read(limit + 1)
        else:
            data = b""
            with gopen(self._address(name)) as stream:
                while len(data) <= limit and (chunk := stream.read(CHUNK_BYTES)):
                    data += chunk
        if len(data) > limit:
            raise ValueError(f"{name} is larger than {limit} bytes")
        return data

    def _address(self, name: str) -> str:
        address = f"{self.url}/{name}"
        return f"pipe:aws s3 cp {shlex.quote(address)} -" if address.startswith("s3://") else address


class _Shard:
    """A memory-mapped tar, and the positions of every item's members in it.

    limits: the fewest and the most bytes of each member.
    """

    def __init__(self, path: Path, n_items: int, limits: dict[str, tuple[int, int]]) -> None:
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            items: dict[str, dict[str, tuple[int, int]]] = {}
            with tarfile.open(fileobj=file, mode="r:") as tar:  # never a compressed one, which could grow
                for info in tar:
                    key, _, member = info.name.partition(".")
                    fewest, most = limits.get(member, (0, -1))
                    end = info.offset_data + info.size
                    if not info.isreg() or not fewest <= info.size <= most or end > len(self._map):
                        raise ValueError(f"member {info.name!r} of {info.size} bytes has no place in it")
                    items.setdefault(key, {})[member] = (info.offset_data, end)
                    if len(items) > n_items:
                        break
        self._items = list(items.values())
        if len(items) != n_items or any(item.keys() != limits.keys() for item in self._items):
            raise ValueError(f"holds {len(items)} items, of which some may lack members, not {n_items} whole ones")

    def members(self, position: int) -> dict[str, memoryview]:
        view = memoryview(self._map)
        return {member: view[start:end] for member, (start, end) in self._items[position].items()}
