import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from mug.data.time_grid import Frames, TimeGrid

GRID = TimeGrid(40.0, 7, rate=2.0, offset_ms=-100.0, audio_per_note=8, notes_per_latent=4)


def test_frames_and_their_times_are_each_others_inverse():
    frames = Frames(40.0)
    assert (frames.at(50.0), frames.to_ms(1.25)) == (1.25, 50.0)
    assert frames.at(np.array([-20.0, 80.0])).tolist() == [-0.5, 2.0]
    assert frames.to_ms(torch.tensor([0.5, 3.0])).tolist() == [20.0, 120.0]


def test_audio_and_latents_have_frames_of_their_own():
    assert [frames.frame_ms for frames in (GRID.audio, GRID.notes, GRID.latents)] == [5.0, 40.0, 160.0]
    assert GRID.audio_per_latent == 32


def test_window_is_offset_and_played_at_its_rate():
    assert (GRID.in_window(500.0), GRID.in_song(150.0)) == (150.0, 500.0)
    assert GRID.in_song(GRID.in_window(np.array([0.0, 333.0]))).tolist() == [0.0, 333.0]


def test_window_begins_at_an_audio_frame():
    assert GRID.beginning_at(9).offset_ms == -45.0
    assert GRID.beginning_at(9).in_song(0.0) == 90.0  # twice as late in the song, which is played at twice its speed


@pytest.mark.parametrize(("end_ms", "filled"), [(math.inf, 7), (361.0, 3), (360.0, 2), (0.0, 1), (1e6, 7)])
def test_song_fills_the_window_up_to_its_end(end_ms, filled):
    assert replace(GRID, end_ms=end_ms).filled_frames == filled


@pytest.mark.parametrize("wrong", [{"note_frame_ms": 0.0}, {"max_frame": 0}, {"rate": math.nan}, {"audio_per_note": 0}])
def test_impossible_grid_is_refused(wrong):
    with pytest.raises(ValueError, match="impossible grid"):
        replace(GRID, **wrong)
