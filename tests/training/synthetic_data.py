"""A dataset of random charts and random music, for tests of what happens around training."""

from pathlib import Path
from typing import Any

import numpy as np

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import write_osu
from mug.data.items import ItemDataset
from mug.features import FeatureSpec

FRAME_MS = 46.439909297052154
NO_PROMPT = FeatureSpec.from_yaml("configs/mug/mania_beatmap_features.yaml").unconditional
DRAWN: list[tuple[int, int]] = []  # every (index, epoch) that was asked for, for tests of the order of data


class SyntheticDataset(ItemDataset):
    """`size` items of 4 keys, functions of (index, epoch); each says that it was made from a chart in `folder`.

    short_frames: note frames of every second song, which noise goes on beyond; the others fill their item.
    """

    report = "synthetic"

    def __init__(
        self,
        folder: str,
        size: int = 6,
        n_mels: int = 8,
        audio_frames: int = 256,
        offset_ms: float = 0.0,
        short_frames: int | None = None,
        seed: int = 0,
    ) -> None:
        self.short_frames = short_frames
        self.size, self.n_mels, self.audio_frames, self.offset_ms = size, n_mels, audio_frames, offset_ms
        self.chart = Path(folder) / "chart.osu"
        notes = [Note(0.0, 1), Note(500.0, 2, 900.0)]
        write_osu(Beatmap(4, notes, [TimingPoint(0.0, 500.0)], title="Song", version="Hard"), self.chart)

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, key: tuple[int, int]) -> dict[str, Any]:
        DRAWN.append(key)
        rng = np.random.default_rng(key)
        frames = self.audio_frames // 8
        note = np.zeros((16, frames), dtype=np.float32)
        note[:4] = rng.random((4, frames)) < 0.1
        n_frames = frames if self.short_frames is None or key[0] % 2 == 0 else self.short_frames
        return {
            "note": note,
            "valid_flag": (np.arange(frames) < n_frames).astype(np.float32),
            "n_frames": np.array(n_frames, dtype=np.int64),
            "audio": rng.standard_normal((self.n_mels, self.audio_frames), dtype=np.float32),
            "feature": NO_PROMPT,
            "meta": {"path": str(self.chart)},
            "convertor": {"frame_ms": FRAME_MS, "max_frame": frames, "offset_ms": self.offset_ms, "rate": 1.0},
        }


def data_node(folder: Path, **params: Any) -> dict[str, Any]:
    """The `data` node of a run on synthetic items."""
    dataset = {"target": "tests.training.synthetic_data.SyntheticDataset"}
    return {
        "target": "mug.data.datamodule.DataModuleFromConfig",
        "params": {
            "batch_size": 2,
            "common": {"folder": str(folder), **params},
            "train": dataset,
            "validation": dataset,
            "test": dataset,
        },
    }
