"""Shards of 23 made-up items, five a shard, and the dataset that reads them."""

import numpy as np

from mug.data.audio import AudioSettings
from mug.data.beat_axis import TimeSettings
from mug.data.shards import write_shards
from mug.data.streamed import StreamedDataset
from mug.features import FeatureSpec
from tests.data.small_library import FEATURES

AUDIO = {"n_mels": 3, "max_audio_frame": 40}
SETTINGS, SPEC = AudioSettings(**AUDIO), FeatureSpec.from_yaml(FEATURES)
N_ITEMS, A_SHARD = 23, 5


def item(number):
    rng = np.random.default_rng(number)
    return {
        "z": rng.standard_normal((2, 7), dtype=np.float32),
        "audio": rng.random((3, 40)).astype(np.float16).astype(np.float32),
        "feature": SPEC.unconditional + 1,
        "n_frames": np.array(1 + number % 5),
        "meta": {"path": "/home/me/a.osu", "audio": "/home/me/a.mp3", "game_mode": 3, "cs": 4.0, "version": f"{number}",
                 "set_id": number},
        "convertor": {"rate": 1.1},
    }  # fmt: skip


def write(folder, n_items=N_ITEMS):
    write_shards(folder, map(item, range(n_items)), A_SHARD, SETTINGS, SPEC, TimeSettings(), "first stage")
    return folder


def dataset(url, cache_dir="unused", **params):
    return StreamedDataset(str(url), FEATURES, AUDIO, cache_dir=str(cache_dir), **params)
