"""The data of a run: the same batches from the same seed, whatever loads them, and words about what is missing."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from mug.data.datamodule import DataModuleFromConfig, collate
from mug.errors import ConfigError, DatasetError
from tests.data.small_library import AUDIO, FEATURES, list_charts, write_library, write_set

AUGMENTATION = {"mirror_p": 0.5, "random_p": 0.5, "offset_p": 0.5, "random_crop": True, "feature_dropout_p": 0.5}
TRAIN = {
    "target": "mug.data.dataset.OsuTrainDataset",
    "params": {"augmentation": {**AUGMENTATION, "rate": [0.9, 1.1], "rate_p": 0.5}},
}
VALID = {"target": "mug.data.dataset.OsuValidDataset"}
TEST = {"target": "mug.data.dataset.OsuTestDataset"}


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Eleven songs: six train, two validate and three test."""
    return write_library(tmp_path_factory.mktemp("library"), n_sets=11)


def module(beatmap_txt, train=TRAIN, test=TEST, batch_size=2, seed=23, num_workers=0, **common):
    cache_dir = str(beatmap_txt.parent / "cache")
    common = {"beatmap_txt": str(beatmap_txt), "features": FEATURES, "audio": AUDIO, "cache_dir": cache_dir, **common}
    common = {"valid_fraction": 0.2, "test_fraction": 0.2, "split_salt": "20", **common}
    return DataModuleFromConfig(batch_size, train, VALID, test, common, num_workers, seed)


def ready(*args, stages=("fit", "test"), **params):
    data = module(*args, **params)
    for stage in stages:
        data.setup(stage)
    return data


def epochs(data: DataModuleFromConfig, n_epochs=2):
    """The training batches of each epoch."""
    loader: DataLoader = data.train_dataloader()
    batches = []
    for epoch in range(n_epochs):
        loader.sampler.set_epoch(epoch)
        batches.append(list(loader))
    return batches


def assert_same(batches, others):
    assert len(batches) == len(others)
    for batch, other in zip(batches, others, strict=True):
        assert batch.keys() == other.keys()
        for name, value in batch.items():
            np.testing.assert_equal(np.asarray(other[name]), np.asarray(value), err_msg=name)


def test_a_batch_stacks_arrays_and_lists_the_rest(library):
    batch = next(iter(ready(library).train_dataloader()))
    shapes = {name: (tuple(value.shape), value.dtype) for name, value in batch.items() if torch.is_tensor(value)}
    assert shapes == {
        "note": ((2, 16, 32), torch.float32),
        "valid_flag": ((2, 32), torch.float32),
        "n_frames": ((2,), torch.int64),
        "feature": ((2, 21), torch.int64),
        "audio": ((2, 32, 256), torch.float32),
    }
    assert [meta["version"] for meta in batch["meta"]] == ["Easy", "Easy"]
    assert [convertor["max_frame"] for convertor in batch["convertor"]] == [32, 32]


def test_collate_keeps_the_order():
    items = [{"feature": np.array([i, 10 * i]), "meta": {"i": i}} for i in range(3)]
    batch = collate(items)
    assert batch["feature"].tolist() == [[0, 0], [1, 10], [2, 20]]
    assert batch["meta"] == [{"i": 0}, {"i": 1}, {"i": 2}]


def test_batches_depend_on_the_seed_not_the_process_count(library):
    alone, again, in_two = (epochs(ready(library, num_workers=n)) for n in (0, 0, 2))
    for epoch, other, by_two in zip(alone, again, in_two, strict=True):
        assert_same(epoch, other)
        assert_same(epoch, by_two)


def test_other_epochs_and_seeds_give_other_batches(library):
    first, second = epochs(ready(library))
    other = epochs(ready(library, seed=24), 1)[0]

    def order(batches):
        return [meta["set_id"] for batch in batches for meta in batch["meta"]]

    def offsets(batches):
        return {
            meta["set_id"]: convertor["offset_ms"]
            for batch in batches
            for meta, convertor in zip(batch["meta"], batch["convertor"], strict=True)
        }

    assert sorted(order(first)) == sorted(order(second)) == sorted(order(other))
    assert order(first) != order(second)
    assert order(first) != order(other)
    assert offsets(first) not in (offsets(second), offsets(other))  # each chart's own draws, not only their order


def test_no_set_is_in_two_splits_and_every_set_in_one(library):
    data = ready(library)
    splits = [{entry.set_id for entry in dataset.entries} for dataset in data.datasets.values()]
    assert [len(split) for split in splits] == [6, 2, 3]
    assert set.union(*splits) == set(range(1, 12))


def test_evaluation_takes_every_item_once_in_order(library):
    data = ready(library)
    for loader, dataset in [(data.val_dataloader(), "validation"), (data.test_dataloader(), "test")]:
        paths = [meta["path"] for batch in loader for meta in batch["meta"]]
        assert paths == [str(entry.path) for entry in data.datasets[dataset].entries]


def test_training_batches_are_full_where_there_is_one(library):
    assert [len(batch["meta"]) for batch in epochs(ready(library, batch_size=4))[0]] == [4]
    assert [len(batch["meta"]) for batch in epochs(ready(library, batch_size=7))[0]] == [6]


def test_stages_build_what_they_need_once(library):
    data = ready(library, stages=["validate"])
    assert list(data.datasets) == ["validation"]
    validation = data.datasets["validation"]
    data.setup("fit")
    assert list(data.datasets) == ["validation", "train"]
    assert data.datasets["validation"] is validation
    assert list(ready(library, stages=["test"], test=None).datasets) == []


def test_params_of_a_dataset_win_over_common_ones(library):
    train = {**TRAIN, "params": {"crops_per_chart": 3, "seed": 5}}
    data = ready(library, train=train, stages=["fit"], crops_per_chart=2)
    assert (len(data.datasets["train"]), len(data.datasets["validation"])) == (18, 4)
    assert (data.datasets["train"].seed, data.datasets["validation"].seed) == (5, 23)


def test_what_is_read_and_skipped_is_said_once(tmp_path, caplog):
    charts = [write_set(tmp_path / f"song {i}", i)[0] for i in range(1, 12)]
    charts += write_set(tmp_path / "seven keys", 12, keys=7)
    beatmap_txt = list_charts(tmp_path, charts)
    (tmp_path / "song 3" / "audio.wav").unlink()
    (tmp_path / "song 7" / "audio.wav").write_bytes(b"no music")
    (tmp_path / "song 9" / "Easy.osu").write_bytes(b"osu file format v14\n\n[General]\nMode: 3\n")
    (tmp_path / "song 1" / "Easy.osu").unlink()
    with caplog.at_level("INFO"):
        ready(beatmap_txt)
    said = caplog.text
    for name in ("song 1", "song 3", "song 7", "song 9", "seven keys"):
        assert said.count(f"{name}/Easy.osu") == 1
    assert "train: 4 charts, 2 skipped: 1 unusable, 1 undecodable audio\n" in said
    assert "validation: 1 charts\n" in said
    assert "test: 2 charts, 3 skipped: 1 without audio, 1 unusable, 1 other key count\n" in said


def test_a_list_or_database_that_is_missing_names_the_command(tmp_path):
    with pytest.raises(DatasetError, match=r"beatmap\.txt: no such list.*run `mug gather`"):
        module(tmp_path / "beatmap.txt").setup("fit")
    beatmap_txt = write_library(tmp_path)
    (tmp_path / "features.db").unlink()
    with pytest.raises(DatasetError, match=r"features\.db.*run `mug features`"):
        module(beatmap_txt).setup("fit")


def test_an_empty_split_is_an_error(library):
    with pytest.raises(DatasetError, match="no usable chart in the valid split"):
        module(library, valid_fraction=0.0).setup("fit")


def test_a_wrong_node_is_named(library):
    with pytest.raises(ConfigError, match=r"data\.params\.train\.params: unknown key 'mirror'"):
        module(library, train={**TRAIN, "params": {"mirror": 1}}).setup("fit")


@pytest.mark.parametrize("params", [{"latents": "folder"}, {"with_audio": False}])
def test_a_stream_is_for_stage_2_and_takes_the_place_of_latents(library, params):
    data = module(library, train={**TRAIN, "params": params})
    data.stream = {"url": "gs://bucket"}
    with pytest.raises(ConfigError, match=r"data\.params\.stream is for stage 2"):
        data.setup("fit")


@pytest.mark.parametrize(("params", "named"), [({"batch_size": 0}, "batch_size"), ({"num_workers": -1}, "num_workers")])
def test_impossible_parameters_are_named(library, params, named):
    with pytest.raises(ConfigError, match=named):
        module(library, **params)


def test_checkpoints_say_how_much_data_there_was(library):
    assert ready(library, train={**TRAIN, "params": {"crops_per_chart": 3}}).state_dict() == {
        "train": {"charts": 6, "songs": 6}, "validation": {"charts": 2, "songs": 2}, "test": {"charts": 3, "songs": 3}
    }  # fmt: skip
