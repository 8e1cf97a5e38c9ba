"""Latents on disk: items that have them instead of notes, and what makes them stale."""

import json
import pickle

import numpy as np
import pytest

from mug.data.dataset import OsuTrainDataset, OsuValidDataset
from mug.data.latents import EncodedLatents, check_room, write_latents
from mug.errors import ConfigError, DatasetError
from tests.data.small_library import AUDIO, FEATURES, list_charts, write_library, write_set

DRAWS = {"rate": [0.9, 1.1], "rate_p": 0.5, "random_crop": True, "mirror_p": 0.5, "mirror_at_interval_p": 0.5}
AUGMENTATION = {**DRAWS, "random_p": 0.5, "offset_p": 0.5, "pitch_p": 0.5, "feature_dropout_p": 0.5}


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return write_library(tmp_path_factory.mktemp("library"), n_sets=2, seconds=9.0)


def dataset(beatmap_txt, kind=OsuTrainDataset, augmentation=AUGMENTATION, audio=AUDIO, **params):
    params = {"valid_fraction": 0.0, "test_fraction": 0.0, "features": FEATURES, **params}
    cache_dir = str(beatmap_txt.parent / "cache")
    return kind(str(beatmap_txt), audio=audio, cache_dir=cache_dir, augmentation=augmentation, **params)


def numbered(n_variants, n_items):
    """Latents [V, N, 3, 5] of which each says whose it is."""
    first = np.arange(n_variants * n_items, dtype=np.float32).reshape(n_variants, n_items, 1, 1)
    return first + np.linspace(0, 0.5, 15, dtype=np.float32).reshape(3, 5)


def encode(folder, items, n_variants=2):
    latents = numbered(n_variants, len(items))
    write_latents(folder, latents.shape, latents.reshape(-1, 1, 3, 5), items.notes_depend_on(), "first stage")
    return latents


def test_items_have_latents_instead_of_notes_and_all_else_equal(library, tmp_path):
    plain = dataset(library, crops_per_chart=2)
    latents = encode(tmp_path, plain)
    encoded = dataset(library, crops_per_chart=2, latents=str(tmp_path))
    assert encoded.first_stage == "first stage"
    assert plain.first_stage is None
    for index, epoch in [(0, 0), (3, 0), (2, 1)]:
        item, expected = encoded[index, epoch], plain[index, epoch]
        np.testing.assert_array_equal(item.pop("z"), latents[epoch, index])
        assert {"note", "valid_flag"} == expected.keys() - item.keys()
        for name, value in item.items():
            np.testing.assert_equal(value, expected[name], err_msg=name)


def test_variants_repeat_while_audio_and_prompt_are_redrawn(library, tmp_path):
    encode(tmp_path, dataset(library))
    encoded = dataset(library, latents=str(tmp_path))
    epochs = [encoded[1, epoch] for epoch in range(1, 40, 2)]  # all of the second variant
    assert {item["z"][0, 0] for item in epochs} == {3.0}
    assert len({str(item["convertor"]) for item in epochs}) == 1
    assert len({item["feature"].tobytes() for item in epochs}) > 10
    assert len({item["audio"].tobytes() for item in epochs}) > 3


def test_items_are_the_same_in_other_processes(library, tmp_path):
    encode(tmp_path, dataset(library))
    encoded = dataset(library, latents=str(tmp_path))
    sent = pickle.dumps(encoded.latents)
    assert b"_array" not in sent  # a map would be sent as a copy of all that is mapped
    np.testing.assert_array_equal(pickle.loads(sent)[1, 1], encoded[1, 1]["z"])


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"seed": 24}, "seed was 23, now 24"),
        ({"crops_per_chart": 2}, "crops_per_chart was 1, now 2"),
        ({"audio": {**AUDIO, "max_audio_frame": 512}}, "max_note_frame was 32, now 64"),
        ({"audio": {**AUDIO, "sr": 44100}}, "charts was 2,"),  # the songs are longer, in frames
        ({"augmentation": {**AUGMENTATION, "mirror_p": 0.4}}, "mirror_p was 0.5, now 0.4"),
        ({"augmentation": {**AUGMENTATION, "rate": [0.9, 1.2]}}, r"rate was \[0.9, 1.1\], now \[0.9, 1.2\]"),
        ({"augmentation": {**AUGMENTATION, "random_crop": False}}, "random_crop was True"),
    ],
)
def test_latents_of_other_items_are_refused(library, tmp_path, changes, named):
    encode(tmp_path, dataset(library))
    with pytest.raises(DatasetError, match=rf"{tmp_path}.*{named}.*run `mug latents` again"):
        dataset(library, **{"latents": str(tmp_path), **changes})


def test_changes_that_notes_do_not_notice_are_allowed(library, tmp_path):
    encode(tmp_path, dataset(library))
    other = {**AUGMENTATION, "pitch_p": 0.1, "frequency_mask_p": 0.1, "feature_dropout_p": 0.0, "prompt_dropout_p": 0.1}
    dataset(library, latents=str(tmp_path), augmentation=other)
    dataset(
        library,
        latents=str(tmp_path),
        audio={**AUDIO, "n_mels": 16},
        augmentation=DRAWS | {"random_p": 0.5, "offset_p": 0.5},
    )


def test_a_chart_that_changes_makes_latents_stale(tmp_path):
    beatmap_txt = write_library(tmp_path)
    encode(tmp_path / "latents", dataset(beatmap_txt))
    dataset(beatmap_txt, latents=str(tmp_path / "latents"))
    list_charts(tmp_path, write_set(tmp_path / "song 1", 1, versions=("Easier",)))
    with pytest.raises(DatasetError, match="charts was 1,"):
        dataset(beatmap_txt, latents=str(tmp_path / "latents"))


def test_latents_made_by_another_version_are_refused(library, tmp_path, monkeypatch):
    encode(tmp_path, dataset(library))
    monkeypatch.setattr("mug.data.latents.VERSION", 99)
    with pytest.raises(DatasetError, match="version was 1, now 99"):
        dataset(library, latents=str(tmp_path))


@pytest.mark.parametrize(
    "damage", ["no folder", "no array", "cut off", "float16", "three axes", "no json", "pickle", "zip", "too few"]
)
def test_missing_or_damaged_latents_are_named(library, tmp_path, damage):
    items = dataset(library)
    latents = encode(tmp_path, items)
    array, description = tmp_path / "latents.npy", tmp_path / "latents.json"
    if damage == "no array":
        array.unlink()
    elif damage == "cut off":
        array.write_bytes(array.read_bytes()[:-4])
    elif damage in ("float16", "three axes"):
        np.save(array, latents.astype(np.float16) if damage == "float16" else latents[0])
    elif damage == "no json":
        description.write_text("[]")
    elif damage == "pickle":
        np.save(array, np.array([print], dtype=object), allow_pickle=True)
    elif damage == "zip":
        with array.open("wb") as file:
            np.savez(file, latents)
    elif damage == "too few":
        np.save(array, latents[:, :1])
    folder = tmp_path / "other" if damage == "no folder" else tmp_path
    with pytest.raises(DatasetError, match=rf"{folder}.*run `mug latents` again"):
        EncodedLatents(folder, len(items), items.notes_depend_on())


def test_what_is_interrupted_leaves_nothing(library, tmp_path):
    items = dataset(library)
    encode(tmp_path, items)

    def interrupted():
        yield np.zeros((1, 3, 5))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_latents(tmp_path, (2, 2, 3, 5), interrupted(), items.notes_depend_on(), "first stage")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="expected 4 latents, got 3"):
        write_latents(tmp_path, (2, 2, 3, 5), [np.zeros((3, 3, 5))], items.notes_depend_on(), "first stage")
    assert list(tmp_path.iterdir()) == []


def test_the_description_can_be_read(library, tmp_path):
    encode(tmp_path, dataset(library))
    said = json.loads((tmp_path / "latents.json").read_text())
    assert said["shape"] == [2, 2, 3, 5]
    assert said["drawn_from"]["rate"] == [0.9, 1.1]


def test_latents_are_for_stage_2s_training(library, tmp_path):
    for params in ({"kind": OsuValidDataset, "augmentation": None, "valid_fraction": 1.0}, {"with_audio": False}):
        with pytest.raises(ConfigError, match=r"data\.params\.train\.params\.latents"):
            dataset(library, latents=str(tmp_path), **params)


def test_room_is_asked_for_first(tmp_path):
    assert "GB free" in check_room(tmp_path / "new", 10)
    with pytest.raises(DatasetError, match=r"needs 1000000000\.00 GB, and the disk has"):
        check_room(tmp_path, 10**18)
