"""Activations of songs of any length, in overlapping windows; the peaks of beats; the model on disk."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_model import save_tiny_checkpoint
from tiny_timing import save_tiny_timing

from mug.checkpoints.trained_model import load_timing_model, load_trained_model
from mug.errors import CheckpointError
from mug.timing.activations import BeatListener
from mug.timing.model import TimingAnswers
from mug.timing.peaks import pick
from mug.training.export import export_run


@pytest.fixture(scope="module")
def listener(tmp_path_factory: pytest.TempPathFactory) -> BeatListener:
    return load_timing_model(save_tiny_timing(tmp_path_factory.mktemp("run") / "last.ckpt"))


@pytest.mark.parametrize("frames", [1, 100, 512, 513, 1700])
def test_a_song_of_any_length_has_its_frames(listener: BeatListener, frames: int) -> None:
    heard = listener.hear(np.random.default_rng(0).random((16, frames)).astype(np.float16))
    n_notes = -(-frames // 8)
    assert heard.beat.shape == heard.place.shape == heard.downbeat.shape == (n_notes,)
    assert heard.tempo.shape == (100, -(-n_notes // 8))
    assert np.exp(heard.tempo).sum(axis=0) == pytest.approx(np.ones(heard.tempo.shape[1]), abs=1e-4)
    assert ((heard.beat >= 0) & (heard.beat <= 1)).all()
    assert (heard.frame_ms, heard.tempo_frame_ms) == pytest.approx((46.44, 371.52), abs=0.01)


def test_windows_agree_on_when_things_are(listener: BeatListener, monkeypatch: pytest.MonkeyPatch) -> None:
    def echo(audio: torch.Tensor) -> TimingAnswers:
        notes = audio[:, 0, ::8]  # each note frame says what its first audio frame holds
        return TimingAnswers(notes, notes, notes, notes[:, None, ::8].expand(-1, 100, -1))

    monkeypatch.setattr(listener.model, "forward", echo)
    heard = listener.hear(np.arange(1700, dtype=np.float32)[None].repeat(16, axis=0))
    assert heard.place == pytest.approx(8 * np.arange(213.0), abs=1e-2)


def test_the_peaks_of_beats() -> None:
    share, place = np.zeros(20), np.zeros(20)
    share[3], place[3] = 0.9, 0.25  # alone
    share[[7, 8]], place[7], place[8] = 0.45, 1.1, -0.1  # a beat at the edge of two frames
    share[[11, 12]], place[11], place[12] = [0.8, 0.3], 0.5, 0.9  # whose neighbour speaks of something else
    share[15] = 0.1
    assert pick(share, place) == pytest.approx([3.25, 8.0, 11.5])


def test_a_model_folder_hears_what_the_run_does(listener: BeatListener, tmp_path: Path) -> None:
    parameters = export_run(save_tiny_timing(tmp_path / "last.ckpt"), tmp_path / "timing")
    assert list(parameters) == ["wave_model", "decoder", "tempo_head"]
    assert "the beats, downbeats and tempo" in (tmp_path / "timing" / "README.md").read_text(encoding="utf-8")
    song = np.random.default_rng(1).random((16, 700))
    heard = load_timing_model(tmp_path / "timing").hear(song)
    assert heard.beat.tolist() == listener.hear(song).beat.tolist()


def test_a_model_that_writes_charts_brings_it_along(tmp_path: Path) -> None:
    export_run(save_tiny_checkpoint(tmp_path / "last.ckpt"), tmp_path / "mine")
    assert load_trained_model(tmp_path / "mine").timing is None
    export_run(save_tiny_timing(tmp_path / "timing.ckpt"), tmp_path / "mine" / "timing")
    timing = load_trained_model(tmp_path / "mine").timing
    assert timing is not None
    assert timing.settings.max_audio_frame == 512
    with pytest.raises(CheckpointError, match="is for a DDPM; tempo needs a timing model"):
        load_timing_model(tmp_path / "mine")
