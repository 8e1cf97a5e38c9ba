"""Drum grids: nine drums on sixteenths, as numbers below 512 and back; clips of four bars of 4/4."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mug.errors import MusicError
from mug.music.drum_grid import DRUMS, N_CATEGORIES, categories, drum_clips, drum_grid, grid_notes, of_categories
from mug.music.note import Music, make_notes


def drums(*hits: tuple[float, int]) -> np.ndarray:
    beats, keys = np.array(hits).T
    return make_notes(beats * 500, beats * 500 + 10, keys.astype(np.uint8), drum=True)


def test_the_drums_are_those_of_the_seed() -> None:
    assert list(DRUMS) == [
        "kick", "snare", "closed hat", "open hat", "low tom", "mid tom", "high tom", "crash", "ride",
    ]  # fmt: skip
    assert N_CATEGORIES == 512


def test_hits_go_to_their_nearest_sixteenth() -> None:
    grid = drum_grid(drums((0, 36), (0.26, 42), (0.99, 40), (3.9, 46), (2, 81)))  # a triangle is none of them
    assert grid.shape == (16 * 2, 9)  # the last hit is the first of bar 2
    assert np.argwhere(grid).tolist() == [[0, 0], [1, 2], [4, 1], [16, 3]]


@settings(max_examples=30, deadline=None)
@given(arrays(bool, (32, 9)), st.floats(40, 240))
def test_a_grid_comes_back_from_its_notes(grid: np.ndarray, bpm: float) -> None:
    back = drum_grid(grid_notes(grid, bpm))
    assert np.array_equal(back, grid[: len(back)])
    assert not grid[len(back) :].any()
    assert np.array_equal(of_categories(categories(grid)), grid)


def test_combinations_are_numbers() -> None:
    grid = drum_grid(drums((0, 36), (0, 42), (0.25, 51)))
    assert categories(grid)[:3].tolist() == [1 + 4, 256, 0]


def test_clips_are_whole_bars_of_four_quarters() -> None:
    hits = [(beat / 2, 36) for beat in range(90)]  # 45 beats
    music = Music(drums(*hits), meters=((0.0, 3.0), (17.0, 4.0)))
    clips = list(drum_clips(music, "a.mid"))
    assert [clip.shape for clip in clips] == [(64, 9)]  # 28 beats of 4/4: a second one would lack a bar
    assert clips[0][:, 0].nonzero()[0].tolist() == list(range(0, 64, 2))


def test_a_piece_without_drums_is_refused() -> None:
    with pytest.raises(MusicError, match=r"a\.mid: has no drums; give a piece with some on MIDI's channel 10"):
        list(drum_clips(Music(make_notes(np.zeros(1), np.ones(1), np.array([60]))), "a.mid"))
