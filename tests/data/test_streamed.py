"""Items from shards: the same as were written, in an order fixed by a seed, shared out, resumed, and not trusted."""

import io
import json
import pickle
import tarfile

import numpy as np
import pytest
from webdataset.tariterators import group_by_keys, tar_file_expander

from mug.data.beat_axis import TimeSettings
from mug.data.shards import INDEX, write_shards
from mug.data.streamed import ShardSampler, StreamedDataset
from mug.errors import DatasetError
from tests.data.small_library import FEATURES
from tests.data.small_shards import A_SHARD, AUDIO, N_ITEMS, SETTINGS, SPEC, dataset, item, write


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    return write(tmp_path_factory.mktemp("shards"))


def test_items_are_those_that_were_written(shards):
    items = dataset(shards)
    assert len(items) == N_ITEMS
    assert items.first_stage == "first stage"
    assert items.report.startswith("23 items in 5 shards, ")
    for number in (0, 4, 5, 22):
        read, written = items[number, 3], item(number)
        for name in ("z", "audio", "feature", "n_frames", "convertor"):
            np.testing.assert_array_equal(read[name], written[name])
        assert read["meta"] == {"game_mode": 3, "cs": 4.0, "version": f"{number}", "set_id": number}
        assert read["z"].dtype == read["audio"].dtype == np.float32


def test_shards_are_plain_webdataset_shards(shards):
    samples = []
    for path in sorted(shards.glob("*.tar")):
        with path.open("rb") as stream:
            samples += group_by_keys(tar_file_expander([{"url": str(path), "stream": stream}]))
    assert [json.loads(sample["json"])["meta"]["set_id"] for sample in samples] == list(range(N_ITEMS))
    np.testing.assert_array_equal(np.frombuffer(samples[7]["z.f32"], "<f4").reshape(2, 7), item(7)["z"])
    assert "/home/me" not in "".join(sample["json"].decode() for sample in samples)


def test_audio_and_prompt_are_augmented_when_read(shards):
    items = dataset(shards, augmentation={"pitch_p": 0.5, "feature_dropout_p": 0.5, "random_crop": True})
    epochs = [items[3, epoch] for epoch in range(20)]
    assert len({read["audio"].tobytes() for read in epochs}) > 2
    assert len({read["feature"].tobytes() for read in epochs}) > 10
    assert len({read["z"].tobytes() for read in epochs}) == 1
    np.testing.assert_array_equal(items[3, 7]["audio"], epochs[7]["audio"])


def order(seed=23, epoch=0, rank=0, n_ranks=1, n_seen=0, drop_last=False):
    sampler = ShardSampler(np.array([5, 5, 5, 5, 3]), seed, rank, n_ranks, drop_last)
    sampler.set_epoch(epoch)
    sampler.n_seen = n_seen
    return [index for index, _ in sampler]


def test_the_order_is_a_function_of_seed_and_epoch_alone():
    assert sorted(order()) == list(range(23))
    assert order() == order()
    assert order() != order(epoch=1)
    assert order() != order(seed=24)


def test_a_resumed_run_sees_exactly_the_items_that_are_left():
    for rank in (0, 1):
        whole = order(epoch=2, rank=rank, n_ranks=2)
        for n_seen in range(len(whole) + 1):
            assert order(epoch=2, rank=rank, n_ranks=2, n_seen=n_seen) == whole[n_seen:]


def test_two_processes_share_all_items_and_most_shards():
    sizes = np.full(40, 6)
    parts = []
    for rank in range(2):
        sampler = ShardSampler(sizes, 23, rank, 2, True)
        parts.append([index for index, _ in sampler])
    assert len(parts[0]) == len(parts[1]) == 120
    assert sorted(parts[0] + parts[1]) == list(range(240))
    fetched = [{index // 6 for index in part} for part in parts]
    assert len(fetched[0] & fetched[1]) <= 4  # those that are mixed where one part ends


def test_uneven_shares_are_filled_up_or_cut():
    filled = [order(rank=rank, n_ranks=2) for rank in range(2)]
    assert sorted(filled[0] + filled[1]) == sorted([*range(23), order()[0]])
    cut = [order(rank=rank, n_ranks=2, drop_last=True) for rank in range(2)]
    assert set(cut[0] + cut[1]) == set(order()[:22])


def test_few_shards_are_in_use_at_a_time():
    sampler = ShardSampler(np.full(40, 6), 23, 0, 1, True)
    shards = [index // 6 for index, _ in sampler]
    for first in range(0, 240, 24):
        assert len(set(shards[first : first + 24])) == 4
    assert shards[:6] != sorted(shards[:6])
    assert set(shards[:24]) != set(range(4))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"audio": {**AUDIO, "n_fft": 1024}}, "other audio"),
        ({"features": "features.yaml"}, "other features"),
        ({"time": {"axis": "beats"}}, "other time"),
    ],
)
def test_shards_for_another_configuration_are_refused(shards, tmp_path, changes, named, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "features.yaml").write_text("- {name: rc, type: bool}\n")
    with pytest.raises(DatasetError, match=f"{named} than data.params.common has"):
        StreamedDataset(**{"url": str(shards), "features": FEATURES, "audio": AUDIO, **changes})


def test_spectra_that_do_not_match_their_settings_are_refused(tmp_path):
    broken_index(write(tmp_path), shapes={"z.f32": [2, 7], "audio.f16": [3, 4]})
    with pytest.raises(DatasetError, match=r"spectra are \[3, 4\], their own settings say \[3, 40\]"):
        dataset(tmp_path)


def broken_index(folder, **changes):
    said = json.loads((folder / INDEX).read_text())
    (folder / INDEX).write_text(json.dumps({**said, **changes}))


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"shards": []},
        {"shards": [{"name": "../../etc/passwd", "items": 1, "bytes": 10240}]},
        {"shards": [{"name": "shard-000000.tar", "items": 10**9, "bytes": 10240}]},
        {"shards": [{"name": "shard-000000.tar", "items": -1, "bytes": 10240}]},
        {"shards": [{"name": "shard-000000.tar", "items": 5, "bytes": 10240}] * 2},
        {"shards": [{"name": "shard-000000.tar", "items": 10**9, "bytes": 10**15}]},
        {"shapes": {"z.f32": [2, 7]}},
        {"shapes": {"z.f32": [2, 7.0], "audio.f16": [3, 40]}},
        {"audio": 5},
    ],
)
def test_an_index_is_not_trusted(tmp_path, changes):
    broken_index(write(tmp_path), **changes)
    with pytest.raises(DatasetError, match=r"index\.json: not an index of shards"):
        dataset(tmp_path)


def tar_of(**members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(f"000000.{name.replace('_', '.')}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


REST = {"feature": [int(row) for row in SPEC.unconditional], "n_frames": 5, "meta": {}, "convertor": {}}
GOOD = {"z_f32": bytes(56), "audio_f16": bytes(240), "json": json.dumps(REST).encode()}


def one_shard(folder, data):
    write(folder, n_items=1)
    (folder / "shard-000000.tar").write_bytes(data)
    broken_index(folder, shards=[{"name": "shard-000000.tar", "items": 1, "bytes": len(data)}])
    return dataset(folder)


def test_a_sound_shard_is_read(tmp_path):
    assert one_shard(tmp_path, tar_of(**GOOD))[0]["n_frames"] == 5


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"z_f32": bytes(52)}, "has no place in it"),
        ({"audio_f16": bytes(2**20)}, "has no place in it"),
        ({"json": bytes(2**17)}, "has no place in it"),
        ({"pkl": pickle.dumps(print)}, "has no place in it"),
        ({"json": b"{}"}, "item 0: KeyError"),
        ({"json": b"[" * 50_000}, "item 0"),
        ({"json": json.dumps({**REST, "n_frames": 6}).encode()}, "item 0: n_frames is 6"),
        ({"json": json.dumps({**REST, "feature": [10**6] * 21}).encode()}, "item 0: PromptError"),
        ({"json": json.dumps({**REST, "feature": [0]}).encode()}, "item 0: PromptError"),
    ],
)
def test_members_are_not_trusted(tmp_path, members, named):
    items = one_shard(tmp_path, tar_of(**{**GOOD, **members}))
    with pytest.raises(DatasetError, match=named):
        items[0]


def test_incomplete_compressed_or_cut_off_shards_are_refused(tmp_path):
    import gzip

    whole = tar_of(**GOOD)
    lacking = tar_of(z_f32=GOOD["z_f32"], json=GOOD["json"])
    for name, data in {
        "lacking": lacking,
        "gzip": gzip.compress(whole) + bytes(2000),
        "cut": whole[:1200],
        "zeros": bytes(4096),
    }.items():
        items = one_shard(tmp_path / name, data)
        with pytest.raises(DatasetError, match="lists: invalid header" if name == "gzip" else "not the shard that"):
            items[0]  # of a compressed one nothing is unpacked


def test_shards_of_an_earlier_run_go(tmp_path):
    write(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    write(tmp_path, n_items=6)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        INDEX,
        "notes.txt",
        "shard-000000.tar",
        "shard-000001.tar",
    ]


def test_what_is_interrupted_does_not_count(tmp_path):
    def interrupted():
        yield from map(item, range(7))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_shards(tmp_path, interrupted(), A_SHARD, SETTINGS, SPEC, TimeSettings(), "first stage")
    assert [path.name for path in tmp_path.iterdir()] == ["shard-000000.tar"]
    with pytest.raises(DatasetError, match="no shards there"):
        dataset(tmp_path)
