"""Shards in a folder or a bucket: fetched as they are used, kept in limited room, and no command to anybody."""

import importlib
import pickle
import sys

import numpy as np
import pytest

from mug.data.shard_store import ShardStore
from mug.errors import ConfigError, DatasetError
from tests.data.small_shards import N_ITEMS, dataset, item, write


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    return write(tmp_path_factory.mktemp("shards"))


def test_shards_are_fetched_on_demand_into_a_bounded_cache(shards, tmp_path):
    cache = tmp_path / "cache"
    size = sum(path.stat().st_size for path in shards.glob("*.tar")) / 5
    items = dataset(shards.as_uri(), cache_dir=cache, cache_gb=2.5 * size / 1e9)
    assert not cache.exists()
    np.testing.assert_array_equal(items[3]["z"], item(3)["z"])
    assert [path.name for path in cache.rglob("*.tar")] == ["shard-000000.tar"]
    for number in range(N_ITEMS):
        np.testing.assert_array_equal(items[number]["z"], item(number)["z"])
        assert len(list(cache.rglob("*.tar"))) <= 2


def names(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_least_recently_used_shards_go_and_other_files_stay(shards, tmp_path):
    for mine in (tmp_path / "song.wav", tmp_path / "backup" / "shard-000000.tar"):
        mine.parent.mkdir(exist_ok=True)
        mine.write_bytes(bytes(100_000))
    (tmp_path / ("a" * 16)).mkdir()  # of other shards, by a process that was killed
    (tmp_path / ("a" * 16) / ".tmpabc.tar").write_bytes(bytes(100_000))
    size = max(path.stat().st_size for path in shards.glob("*.tar"))
    for number in (0, 5, 0, 10):
        dataset(shards.as_uri(), cache_dir=tmp_path, cache_gb=2.5 * size / 1e9)[number]
    assert names(tmp_path) == ["shard-000000.tar", "shard-000000.tar", "shard-000002.tar", "song.wav"]


def test_a_shard_that_the_cache_cannot_hold_is_named(shards, tmp_path):
    with pytest.raises(
        DatasetError, match=r"shard-000000\.tar: cannot be fetched: its \d+ bytes are more than .*cache_gb"
    ):
        dataset(shards.as_uri(), cache_dir=tmp_path, cache_gb=1e-6)[0]
    (tmp_path / "file").touch()
    with pytest.raises(DatasetError, match=r"data\.params\.stream\.cache_dir: "):
        dataset(shards.as_uri(), cache_dir=tmp_path / "file")[0]


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "webdataset", None)
    monkeypatch.delitem(sys.modules, "mug.data.shard_store")
    with pytest.raises(ConfigError, match=r"pip install 'mug\[stream\]'"):
        importlib.import_module("mug.data.shard_store")


def test_cached_shards_are_reused_only_for_the_same_shards(tmp_path, monkeypatch):
    folder, cache = write(tmp_path / "bucket"), tmp_path / "cache"
    for items in (dataset(folder.as_uri(), cache), pickle.loads(pickle.dumps(dataset(folder.as_uri(), cache)))):
        items[0]
        (folder / "shard-000000.tar").unlink(missing_ok=True)  # once is enough
    write(folder, n_items=4)
    assert len(dataset(folder.as_uri(), cache)) == 4
    assert dataset(folder.as_uri(), cache)[3]["meta"]["set_id"] == 3


def test_what_cannot_be_fetched_is_named(tmp_path):
    with pytest.raises(DatasetError, match="nowhere: no shards there, or no way to them"):
        dataset((tmp_path / "nowhere").as_uri())
    with pytest.raises(DatasetError, match="nowhere: no shards there"):
        dataset(tmp_path / "nowhere")
    folder = write(tmp_path / "bucket")
    (folder / "shard-000001.tar").unlink()
    items = dataset(folder.as_uri(), tmp_path / "cache")
    with pytest.raises(DatasetError, match=r"bucket/shard-000001\.tar: cannot be fetched"):
        items[5]
    (folder / "shard-000000.tar").write_bytes(b"short")
    with pytest.raises(DatasetError, match="bytes too early"):
        items[0]
    (folder / "shard-000002.tar").write_bytes(b"long" * 10_000)
    with pytest.raises(DatasetError, match="longer than its index says"):
        items[10]
    assert list((tmp_path / "cache").rglob("*.tar")) == []


def test_a_bucket_of_s3_is_read_by_its_own_program(shards, tmp_path, monkeypatch):
    program = tmp_path / "bin" / "aws"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n[ "$1 $2 $4" = "s3 cp -" ] && cat "{shards}/$(basename "$3")"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    items = dataset("s3://bucket/my/shards", tmp_path / "cache")
    np.testing.assert_array_equal(items[3]["z"], item(3)["z"])
    assert isinstance(items.store, ShardStore)


@pytest.mark.parametrize(
    "url", ["pipe:touch ran", "pipe://touch ran", "gs://a' b; touch ran '", "gs://$(touch ran)", "x://a"]
)
def test_an_address_is_no_command(url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ConfigError, DatasetError), match=r"stream\.url|no shards there"):
        ShardStore(url, "cache", 1.0)
    assert not list(tmp_path.iterdir())
