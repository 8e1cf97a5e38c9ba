"""Clips of drums of a library: whole bars, different ones, of the pieces of a split."""

from pathlib import Path

import numpy as np
import pytest

from mug.errors import DatasetError
from mug.music.drum_dataset import DrumTrainDataset, DrumValidDataset
from mug.music.drum_grid import STEPS_A_BAR, grid_notes
from mug.music.library import PieceLibrary
from mug.music.note import Music

ALL_IN_TRAIN = {"valid_fraction": 0.0, "test_fraction": 0.0}


def beat(bars: int, drum: int) -> np.ndarray:
    """A drum on every fourth sixteenth of the bars."""
    grid = np.zeros((bars * STEPS_A_BAR, 9), dtype=bool)
    grid[::4, drum] = True
    return grid


def library(path: Path, **grids: np.ndarray) -> str:
    with PieceLibrary(path, create=True) as pieces:
        for name, grid in grids.items():
            pieces.add(name, name, name, Music(grid_notes(grid)))
    return str(path)


def test_a_clip_that_returns_is_taken_once(tmp_path: Path) -> None:
    path = library(tmp_path / "a.db", song=np.concatenate([beat(2, 0), beat(2, 1), beat(2, 0), beat(1, 2)]))
    clips = DrumTrainDataset(path, bars=2, **ALL_IN_TRAIN)
    assert clips.sizes() == {"pieces": 1, "clips": 2}
    assert [set(clips[i]["steps"].tolist()) for i in range(2)] == [{0, 1}, {0, 2}]
    assert clips[0]["steps"].shape == (32,)
    assert clips[0]["steps"][::4].tolist() == [1] * 8


def test_clips_may_overlap(tmp_path: Path) -> None:
    path = library(tmp_path / "a.db", song=np.concatenate([beat(2, 0), beat(2, 1)]))
    clips = DrumTrainDataset(path, bars=2, stride=1, **ALL_IN_TRAIN)
    assert [set(clip[::16].tolist()) for clip in clips.clips] == [{1}, {1, 2}, {2}]


def test_pieces_without_enough_drums_are_reported(tmp_path: Path) -> None:
    path = library(tmp_path / "a.db", long=beat(4, 0), short=beat(3, 1))
    clips = DrumTrainDataset(path, **ALL_IN_TRAIN)
    assert clips.songs() == ["long"]
    assert "short: has no 4 bars of 4/4 with drums in a row" in str(clips.report)


def test_a_split_without_drums_says_what_to_do(tmp_path: Path) -> None:
    path = library(tmp_path / "a.db", song=beat(4, 0))
    with pytest.raises(DatasetError, match=r"no piece with drums in the valid split; prepare some, such as with `mug"):
        DrumValidDataset(path, **ALL_IN_TRAIN)
