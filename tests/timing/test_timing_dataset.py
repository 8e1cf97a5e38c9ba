"""Items of the network that hears beats: one a song, always the same ones, without red lines that are effects."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mug.charts.beatmap import TimingPoint
from mug.charts.osu import read_osu, write_osu
from mug.errors import ConfigError
from mug.timing.dataset import TimingTrainDataset, TimingValidDataset
from mug.timing.peaks import pick
from tests.data.small_library import FEATURES, list_charts, write_set

AUDIO = {"n_mels": 32, "max_audio_frame": 256, "audio_note_window_ratio": 8}  # 1.49 s, 32 note frames
ALL_TRAIN = {"valid_fraction": 0.0, "test_fraction": 0.0}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Song 1 with two charts at 120 BPM; song 2, whose first chart's red lines are effects."""
    folder = tmp_path_factory.mktemp("library")
    charts = [chart for i in (1, 2) for chart in write_set(folder / f"song {i}", i, versions=("A", "B"))]
    effects = read_osu(charts[2])
    effects.timing_points = [TimingPoint(0, 500), TimingPoint(900, 30), TimingPoint(930, 500)]
    write_osu(effects, charts[2])
    return list_charts(folder, charts)


def items(library: Path, **params: Any) -> TimingTrainDataset:
    where = {"beatmap_txt": str(library), "features": FEATURES, "cache_dir": str(library.parent / "cache")}
    return TimingTrainDataset(**{**where, "audio": AUDIO, **ALL_TRAIN, **params})


def test_one_item_a_song_without_effects(library: Path) -> None:
    dataset = items(library)
    assert [entry.path.name for entry in dataset.entries] == ["A.osu", "B.osu"]
    assert re.search(r"1 red lines that are no tempo\n.*of 2000 BPM", str(dataset.report))
    assert (len(dataset), dataset.sizes(), dataset.report.done) == (2, {"songs": 2}, 3)


def test_an_item_has_the_beats_of_its_window(library: Path) -> None:
    item = items(library)[0]
    assert {name: item[name].shape for name in ("audio", "beat", "place", "downbeat", "tempo")} == {
        "audio": (32, 256), "beat": (32,), "place": (32,), "downbeat": (32,), "tempo": (4,),
    }  # fmt: skip
    assert np.diff(pick(item["beat"], item["place"])) == pytest.approx(500 / 46.44, abs=1e-3)  # in frames
    assert set(item["tempo"].tolist()) <= {0.0, 120.0}


def test_items_are_functions_of_seed_epoch_and_index(library: Path) -> None:
    augmentation = {"random_crop": True, "rate": [0.75, 1.33], "rate_p": 1.0, "recording_p": 1.0}
    first, again = (items(library, augmentation=augmentation)[1, 3] for _ in range(2))
    assert all(np.array_equal(first[name], again[name]) for name in ("audio", "beat", "place", "tempo"))
    rates = [items(library, augmentation=augmentation)[1, epoch]["meta"]["rate"] for epoch in range(20)]
    assert len(set(rates)) == 20
    assert 0.75 <= min(rates) < 0.9 < 1.1 < max(rates) <= 1.33


def test_a_rate_moves_no_tempo_into_another_octave(library: Path) -> None:
    tempo_map = items(library).entries[0].points
    assert tempo_map[0].bpm == 120
    fast = items(library, augmentation={"rate": [0.1, 4.0], "rate_p": 1.0})
    rates = [fast[0, epoch]["meta"]["rate"] for epoch in range(40)]
    assert 70 / 120 <= min(rates) < 0.8
    assert 1.6 < max(rates) <= 2.0


def test_augmentations_that_mean_nothing_here_are_refused(library: Path) -> None:
    with pytest.raises(ConfigError, match="mirror_p: of no use for timing"):
        items(library, augmentation={"mirror_p": 0.5})
    with pytest.raises(ConfigError, match="the valid split is not augmented"):
        TimingValidDataset(str(library), FEATURES, AUDIO, augmentation={"random_crop": True}, **ALL_TRAIN)
