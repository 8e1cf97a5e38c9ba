"""Training on drums, and what `mug drums` makes of a run: clips, the way between them, attributes, tables."""

import csv
from pathlib import Path

import mido
import numpy as np
import pytest
import torch

from mug.commands import drums, export, train
from mug.config import PROJECT_ROOT
from mug.errors import CheckpointError, ConfigError, DatasetError, MugError, MusicError
from mug.music.drum_grid import grid_notes, of_categories
from mug.music.library import PieceLibrary
from mug.music.midi import read_midi, write_midi
from mug.music.note import Music, make_notes
from mug.music_vae.generate import attribute_vectors, latents, values_of, way
from mug.music_vae.measures import commonest_accuracy, measured_ways
from mug.music_vae.music_vae import MusicVAE

YAML = PROJECT_ROOT / "configs" / "music" / "drum_vae.yaml"
TINY = [
    "model.params.level_lengths=[1,16]", "model.params.z_size=4", "model.params.encoder_size=4",
    "model.params.decoder_size=4", "data.params.batch_size=2", "data.params.common.bars=1",
    "data.params.common.valid_fraction=0.3", "data.params.common.test_fraction=0.3", "lightning.trainer.max_steps=2",
    "lightning.trainer.val_check_interval=2", "lightning.trainer.accelerator=cpu",
    "lightning.trainer.log_every_n_steps=1", "lightning.callbacks.drum_logger.params.count=1",
    "lightning.trainer.precision=32-true",
]  # fmt: skip


def random_clips(count: int, n_steps: int = 16) -> np.ndarray:
    return np.random.default_rng(0).integers(1, 512, (count, n_steps))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two steps, beside its library of 20 pieces of two bars."""
    folder = tmp_path_factory.mktemp("drums")
    with PieceLibrary(folder / "pieces.db", create=True) as pieces:
        for number, clip in enumerate(random_clips(20, 32)):
            pieces.add(str(number), "", str(number), Music(grid_notes(of_categories(clip))))
    base = ["--base", str(YAML), "-t", "--logdir", str(folder / "logs")]
    assert train.main([*base, *TINY, f"data.params.common.library={folder / 'pieces.db'}"]) == 0
    (made,) = (folder / "logs").iterdir()
    return made


@pytest.fixture
def given(run: Path, tmp_path: Path) -> list[str]:
    """The options that all actions take."""
    checkpoint = str(run / "checkpoints" / "last.ckpt")
    return ["-o", str(tmp_path), "--library", str(run.parent.parent / "pieces.db"), "--checkpoint", checkpoint]


def test_a_run_shows_drums(run: Path) -> None:
    with (run / "metrics.csv").open() as file:
        measured = {name for row in csv.DictReader(file) for name, value in row.items() if value}
    assert {"val/accuracy_sampled", "drums/accuracy", "test/accuracy_teacher_forced"} <= measured
    shown = run / "drums" / "step_0000002"
    assert sorted(path.name for path in shown.iterdir()) == ["00.mid", "00.png", "00_original.mid"]
    assert len(read_midi(shown / "00_original.mid").drums) > 16


def test_pieces_come_back_at_their_tempo(given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(60))])
    for _ in range(48):  # three bars of sixteenths
        track.append(mido.Message("note_on", channel=9, note=36, time=0))
        track.append(mido.Message("note_off", channel=9, note=36, time=1))
    mido.MidiFile(ticks_per_beat=4, tracks=[track]).save(tmp_path / "in.mid")
    drums.main(["reconstruct", str(tmp_path / "in.mid"), *given])
    assert f"% of the steps of {tmp_path / 'in.mid'}" in capsys.readouterr().out
    assert (tmp_path / "00_in.flac").exists()
    assert set(np.rint(read_midi(tmp_path / "00_in.mid").notes["start_ms"]) % 250) == {0.0}


def test_clips_of_the_test_split_are_taken_without_files(given: list[str], tmp_path: Path) -> None:
    drums.main(["interpolate", "--steps", "3", *given])
    drums.main(["sample", "-n", "2", "--more", "density", "1.5", *given])
    names = sorted(path.name for path in tmp_path.glob("*.mid"))
    assert names == ["sample_00.mid", "sample_01.mid", "step_00.mid", "step_01.mid", "step_02.mid"]


def test_models_are_compared(given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    export.main(["--checkpoint", given[-1], "--outdir", str(tmp_path / "model")])
    assert "mug drums sample --checkpoint models/" in (tmp_path / "model" / "README.md").read_text()
    capsys.readouterr()
    drums.main(["evaluate", "--beside", str(tmp_path / "model"), *given])
    lines = capsys.readouterr().out.splitlines()
    rows = [line for line in lines if line.startswith(f"| {given[-1]}")]
    assert [line.count("|") for line in rows] == [7, 7, 7]  # of the model, and of its two attributes
    assert len([line for line in lines if line.startswith(f"| {tmp_path / 'model'}")]) == 3


def test_wrong_requests_are_one_line(given: list[str], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="interpolate takes 2 or no MIDI files, got 1"):
        drums.main(["interpolate", "a.mid", *given])
    with pytest.raises(ConfigError, match="--more swing: no such attribute; there are density, syncopation"):
        drums.main(["sample", "--more", "swing", "1", *given])
    with pytest.raises(ConfigError, match="--more density much: give a number"):
        drums.main(["sample", "--more", "density", "much", *given])
    with pytest.raises(DatasetError, match="no such library of pieces; run `mug prepare-midi`"):
        drums.main(["interpolate", *given, "--library", str(tmp_path / "none.db")])
    piano, short = tmp_path / "piano.mid", tmp_path / "short.mid"
    write_midi(piano, make_notes(np.zeros(1), np.ones(1), np.array([60])))
    with pytest.raises(MusicError, match=r"piano\.mid: has no drums; give a piece with some on MIDI's channel 10"):
        drums.main(["reconstruct", str(piano), *given])
    write_midi(short, make_notes(np.zeros(1), np.ones(1), np.array([81]), drum=True))
    with pytest.raises(MusicError, match=r"short\.mid: has no 1 bars of 4/4 with drums in a row; give a longer piece"):
        drums.main(["reconstruct", str(short), *given])
    with pytest.raises(CheckpointError, match="its configuration is for a DDPM; this command needs a MusicVAE"):
        drums.main(["sample", "--checkpoint", str(PROJECT_ROOT / "models" / "mug-mini")])


def test_a_way_has_both_ends() -> None:
    one, other = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    assert torch.allclose(way(one, other, 2), torch.stack([one, other]), atol=1e-6)
    with pytest.raises(MugError, match="--steps 1: give 2 or more"):
        way(one, other, 1)


def test_ways_are_measured_by_hand() -> None:
    even = [[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 1]]
    back = [[0, 0, 0, 0], [1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 1, 1]]
    nowhere = [[0, 0, 0, 0]] * 4
    found = measured_ways(np.array([even, back, nowhere]))
    assert found.in_order == pytest.approx(5 / 6)
    assert found.largest_move == pytest.approx((2 / 4 + 3 / 4) / 2)
    assert found.from_first.tolist() == pytest.approx([0, 1.5 / 4, 1.5 / 4, 1])
    assert np.isnan(measured_ways(np.array([nowhere])).in_order)


def test_the_most_frequent_combinations_are_a_baseline() -> None:
    known = np.array([[1, 2, 3], [1, 5, 3], [1, 5, 4]])
    assert commonest_accuracy(np.array([[1, 5, 4], [2, 5, 3]]), known) == pytest.approx(4 / 6)


def test_an_attribute_vector_goes_from_little_to_much() -> None:
    torch.manual_seed(0)
    network, clips = MusicVAE((16,), z_size=3, encoder_size=4, decoder_size=4), random_clips(8)
    order = np.argsort(values_of(clips)["density"], kind="stable")
    z = latents(network, clips)[order.tolist()]
    expected = z[-2:].mean(dim=0) - z[:2].mean(dim=0)
    torch.testing.assert_close(attribute_vectors(network, clips)["density"], expected)
