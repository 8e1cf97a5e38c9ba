"""Training on streamed shards: the items that the dataset makes, and a run that goes on where it stopped."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mug.config import instantiate_from_config
from mug.data.augment import Augmentation
from mug.data.datamodule import collate
from mug.diffusion.sharding import encode_shards
from mug.errors import ConfigError, DatasetError
from tests.diffusion.test_encoding import AUGMENTATION, config_of, library, model_of, train

__all__ = ["library"]
pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's and torch's own


@pytest.fixture(scope="module")
def plain(library: Path) -> Any:
    """The library's training items."""
    data = instantiate_from_config(config_of(library)["data"])
    data.setup("fit")
    return data.datasets["train"]


@pytest.fixture(scope="module")
def shards(library: Path, plain: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two variants of its seven items, three a shard."""
    folder = tmp_path_factory.mktemp("shards")
    n_bytes = encode_shards(model_of(config_of(library)), plain, folder, 2, batch_size=4, shard_mb=0.065)
    assert list(n_bytes) == [f"shard-00000{i}.tar" for i in range(5)]
    return folder


def streaming(library: Path, shards: Path, cache: Path) -> dict[str, Any]:
    config = config_of(library, normalize_latents=True)
    config["data"]["params"]["stream"] = {"url": shards.as_uri(), "cache_dir": str(cache)}
    return config


def test_items_are_those_that_the_dataset_makes(library: Path, plain: Any, shards: Path, tmp_path: Path) -> None:
    data = instantiate_from_config(streaming(library, shards, tmp_path)["data"])
    data.setup("fit")
    streamed, model = data.datasets["train"], model_of(config_of(library))
    written = np.random.default_rng(plain.seed).permutation(14)  # in a random order: epoch 0 of seven, epoch 1
    assert len(streamed) == 14
    streamed.augmentation = Augmentation()
    for number, (epoch, index) in enumerate(zip(*divmod(written, 7), strict=True)):
        item, whole = streamed[number], plain.without_epoch_augmentation()[int(index), int(epoch)]
        np.testing.assert_allclose(item["z"], model.plain_latents(collate([whole]))[0][0], atol=1e-5)
        np.testing.assert_allclose(item["audio"], whole["audio"], rtol=5e-4, atol=1e-7)  # of float16
        np.testing.assert_array_equal(item["feature"], whole["feature"])
        assert item["n_frames"] == whole["n_frames"]
        assert item["convertor"] == plain[int(index), int(epoch)]["convertor"]  # the same draws as in training
        assert "audio" not in streamed.without_audio()[number]


def test_a_resumed_run_goes_on_exactly(library: Path, shards: Path, tmp_path: Path) -> None:
    config = streaming(library, shards, tmp_path / "cache")
    whole, model = train(config, tmp_path / "whole", 9)  # of 7 batches an epoch
    first, _ = train(config, tmp_path / "parts", 4)
    second, resumed = train(config, tmp_path / "parts", 9, resume=True)
    assert first + second == whole
    for name, value in model.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], value), name


def test_the_configured_augmentation_is_drawn_every_epoch(library: Path, shards: Path, tmp_path: Path) -> None:
    data = instantiate_from_config(streaming(library, shards, tmp_path)["data"])
    data.setup("fit")
    streamed = data.datasets["train"]
    assert len({streamed[0, epoch]["feature"].tobytes() for epoch in range(10)}) > 5
    assert streamed.augmentation.pitch_p == AUGMENTATION["pitch_p"]


def test_shards_of_another_first_stage_are_refused(library: Path, shards: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="another first stage's"):
        train(streaming(library, shards, tmp_path / "cache"), tmp_path, 1, seed=2)


def test_a_stream_has_no_other_keys(library: Path, shards: Path, tmp_path: Path) -> None:
    config = streaming(library, shards, tmp_path)
    config["data"]["params"]["stream"]["folder"] = "x"
    with pytest.raises(ConfigError, match=r"data\.params\.stream\.params: unknown key 'folder'"):
        instantiate_from_config(config["data"]).setup("fit")


def test_room_is_asked_for_first(library: Path, plain: Any, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="and the disk has"):
        encode_shards(model_of(config_of(library)), plain, tmp_path, 10**12, batch_size=4)
