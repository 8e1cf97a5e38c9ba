"""The VAE of piano rolls: shapes, losses by hand, agreeing heads, what it generates, and prepare to reconstruct."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from mug.commands import export, piano_roll, prepare_midi, train
from mug.config import PROJECT_ROOT, check_params, get_obj_from_str, load_config
from mug.errors import CheckpointError, ConfigError, MugError, MusicError
from mug.firststage.divergence import Divergence
from mug.music.midi import read_midi, write_midi
from mug.music.note import make_notes
from mug.music.piano_roll import RollCodec
from mug.roll_vae.generate import interpolate, sample
from mug.roll_vae.losses import balanced_mse, focal_loss
from mug.roll_vae.network import RollVAE, product_logit
from mug.training.setup import build_trainer, check_config, with_seed
from mug.training.trainers import build_trainable

YAML = PROJECT_ROOT / "configs" / "music" / "piano_roll_vae.yaml"
ROLL = {"frame_ms": 50.0, "frames": 42, "lowest": 60, "pitches": 10}
SMALL = {"channels": (8, 4), "strides": ((1, 2), (5, 3)), "hidden": 5, "z_channels": 3, "density_channels": 2}
TINY = [
    "model.params.channels=[8,4]", "model.params.strides=[[1,2],[5,3]]", "model.params.hidden=5",
    "model.params.z_channels=3", "data.params.batch_size=2", "data.params.common.roll.frames=42",
    "data.params.common.roll.lowest=60", "data.params.common.roll.pitches=10", "data.params.common.roll.frame_ms=50",
    "data.params.common.valid_fraction=0.3", "data.params.common.test_fraction=0.2", "lightning.trainer.max_steps=2",
    "lightning.trainer.val_check_interval=2", "lightning.trainer.accelerator=cpu",
    "lightning.trainer.log_every_n_steps=1", "lightning.trainer.limit_val_batches=1",
]  # fmt: skip


def small(**params) -> RollVAE:
    torch.manual_seed(0)
    return RollVAE(**{"roll": ROLL, **SMALL, **params})


def rolls(seed: int = 0) -> torch.Tensor:
    """Three rolls [3, 3, 10, 42] of random notes."""
    rng = np.random.default_rng(seed)
    codec = RollCodec(**ROLL)
    starts = rng.uniform(0, 2000, (3, 20))
    items = [codec.planes_of(codec.spans_of(make_notes(s, s + 300, rng.integers(60, 70, 20)))) for s in starts]
    return torch.from_numpy(np.stack(items))


@pytest.mark.parametrize(("offset_head", "planes"), [(True, 3), (False, 2)])
def test_rolls_go_to_latents_and_back(offset_head: bool, planes: int) -> None:
    network = small(offset_head=offset_head, density_edges=(2, 8))
    density = torch.tensor([[1.0], [2.0], [9.0]])
    posterior = network.encode(rolls(), density)
    assert posterior.mean.shape == (3, 3, 7)  # 42 frames / 6
    assert network.decode(posterior.mode(), density).shape == (3, planes, 10, 42)
    assert network.decode(torch.zeros(1, 3, 5), density[:1]).shape == (1, planes, 10, 30)  # any length


def test_the_density_changes_what_is_written() -> None:
    told, not_told = small(density_edges=(2, 8)), small()
    z = torch.randn(1, 3, 7)
    classes = [told.decode(z, torch.tensor([[d]])) for d in (0.0, 1.99, 2.0, 8.0)]
    assert torch.equal(classes[0], classes[1])
    assert not torch.equal(classes[1], classes[2])
    assert not torch.equal(classes[2], classes[3])
    assert torch.equal(not_told.decode(z, torch.tensor([[0.0]])), not_told.decode(z, torch.tensor([[9.0]])))


def test_an_onset_is_at_most_as_likely_as_sounding() -> None:
    z = 5 * torch.randn(4, 3, 7)
    density = torch.zeros(4, 1)
    logits = small(agree=True).decode(z, density)
    assert (logits[:, 0] <= logits[:, 1]).all()
    assert not (small(agree=False).decode(z, density)[:, 0] <= logits[:, 1]).all()
    a, b = torch.tensor([-30.0, 0.0, 2.0, 40.0]), torch.tensor([5.0, 0.0, -1.0, 40.0])
    assert torch.allclose(product_logit(a, b).sigmoid(), a.sigmoid() * b.sigmoid())
    assert product_logit(torch.zeros(1), torch.zeros(1)).item() == pytest.approx(math.log(1 / 3))


def test_the_focal_loss_by_hand() -> None:
    logits = torch.tensor([[0.0, 0.0, math.log(3)]])  # 1/2, 1/2, 3/4
    target = torch.tensor([[1.0, 0.0, 0.0]])
    expected = 0.25 * math.log(2) * 2 + 0.75**2 * math.log(4)
    assert focal_loss(logits, target, gamma=2.0).item() == pytest.approx(expected)
    assert focal_loss(logits, target.repeat(1, 1) * 0, gamma=0.0).item() == pytest.approx(2 * math.log(2) + math.log(4))


def test_the_squared_error_counts_rare_values_as_much_as_silence() -> None:
    truth = torch.tensor([0.0] * 8 + [1.0, 2.0])
    guess = torch.tensor([0.5] * 8 + [0.0, 1.0])
    assert balanced_mse(guess, truth).item() == pytest.approx((0.25 + 1 + 1) / 3)
    assert balanced_mse(guess[:8], truth[:8]).item() == pytest.approx(0.25)  # silence alone


def test_the_divergence_warms_up_and_has_free_bits() -> None:
    kl = torch.tensor([1.0, 3.0])
    assert Divergence(0.5).loss(kl, None).item() == pytest.approx(1.0)
    assert Divergence(0.5, warm_up_steps=10).loss(kl, 5).item() == pytest.approx(0.5)
    assert Divergence(0.5, free_bits=2 / math.log(2)).loss(kl, None).item() == pytest.approx(0.25)


def test_impossible_sizes_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"10 pitches, 42 frames, channels \[8, 6\]"):
        small(channels=(8, 6))
    with pytest.raises(ValueError, match="expected a multiple of 6 frames, got 40"):
        small().encode(torch.zeros(1, 3, 10, 40), torch.zeros(1, 1))


def test_it_learns_to_reconstruct_a_few_rolls() -> None:
    network = small(kl_weight=0.0, hidden=32, channels=(16, 16), z_channels=16)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-2)
    roll, density = rolls(), torch.zeros(3, 1)
    losses = []
    for _ in range(30):
        posterior = network.encode(roll, density)
        loss, log = network.losses(network.decode(posterior.mode(), density), roll, posterior, 0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.6 * losses[0]
    assert set(log) == {"onset_loss", "active_loss", "offset_loss", "mse", "kl"}


def test_samples_are_a_function_of_their_seed() -> None:
    network = small(density_edges=(2,)).eval()
    one, again, other = (list(sample(network, 2, 4.0, seed)) for seed in (0, 0, 1))
    assert [notes.tolist() for notes in one] == [notes.tolist() for notes in again]
    assert one[0].tolist() != other[0].tolist() or not len(one[0])


def test_an_interpolation_has_both_ends() -> None:
    with pytest.raises(MugError, match="--steps 1: give 2 or more"):
        list(interpolate(small(), np.zeros(0), np.zeros(0), 1))


def test_the_shipped_configuration_builds(tmp_path: Path) -> None:
    config = load_config([YAML])
    check_config(config)
    params = config["data"]["params"]
    for split in ("train", "validation", "test"):
        given = {**params["common"], **(params[split].get("params") or {})}
        check_params(get_obj_from_str(params[split]["target"]), given, f"data.params.{split}")
    with torch.device("meta"):
        training = build_trainable(config["model"])
    training.configure_optimizers()
    assert training.network.codec == RollCodec(17.4, 660, 21, 88)
    assert training.network.factor == 12
    assert build_trainer(with_seed(config, 5), tmp_path).max_steps == 6000


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two steps on a folder of small pieces."""
    folder = tmp_path_factory.mktemp("roll_vae")
    rng = np.random.default_rng(0)
    for number in range(10):
        starts = np.sort(rng.uniform(0, 4000, 30))
        write_midi(folder / "midi" / f"{number}.mid", make_notes(starts, starts + 250, rng.integers(60, 70, 30)))
    prepare_midi.main(["--midi", str(folder / "midi"), "-o", str(folder), "--jobs", "1"])
    base = ["--base", str(YAML), "-t", "--logdir", str(folder / "logs")]
    assert train.main([*base, *TINY, f"data.params.common.library={folder / 'pieces.db'}"]) == 0
    (made,) = (folder / "logs").iterdir()
    return made


def test_a_run_scores_notes_and_shows_rolls(run: Path) -> None:
    with (run / "metrics.csv").open() as file:
        measured = {name for row in csv.DictReader(file) for name, value in row.items() if value}
    assert {"val/note_f1", "val/note_f1_offsets", "val/kl", "rolls/note_f1", "test/note_f1"} <= measured
    names = sorted(path.name for path in (run / "rolls" / "step_0000002").iterdir())
    assert names[:3] == ["00.mid", "00.png", "00_original.mid"]


def test_a_trained_model_reconstructs_samples_and_interpolates(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint, midi = str(run / "checkpoints" / "last.ckpt"), run.parent.parent / "midi"
    export.main(["--checkpoint", checkpoint, "--outdir", str(tmp_path / "model")])
    card = (tmp_path / "model" / "README.md").read_text()
    assert "A variational autoencoder of piano rolls." in card
    common = ["-o", str(tmp_path / "out"), "--threshold", "0.06", "--checkpoint"]
    piano_roll.main(["reconstruct", str(midi / "0.mid"), *common, str(tmp_path / "model")])
    assert f", 30 in {midi / '0.mid'}, F1 0." in capsys.readouterr().out
    piano_roll.main(["sample", "-n", "2", *common, checkpoint])
    piano_roll.main(["interpolate", str(midi / "0.mid"), str(midi / "1.mid"), "--steps", "2", *common, checkpoint])
    out = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert [name for name in out if name.endswith(".mid")] == [
        "00_0.mid", "sample_00.mid", "sample_01.mid", "step_00.mid", "step_01.mid",
    ]  # fmt: skip
    assert len([name for name in out if name.endswith(".flac")]) == 5


def test_wrong_requests_are_one_line(run: Path, tmp_path: Path) -> None:
    checkpoint = str(run / "checkpoints" / "last.ckpt")
    with pytest.raises(ConfigError, match="interpolate takes 2 MIDI files, got 1"):
        piano_roll.main(["interpolate", "a.mid", "--checkpoint", checkpoint])
    drums = tmp_path / "drums.mid"
    write_midi(drums, make_notes(np.zeros(1), np.ones(1), np.array([36]), drum=True))
    with pytest.raises(MusicError, match="has only drums, and a piano roll has none; give a piece with pitches"):
        piano_roll.main(["reconstruct", str(drums), "--checkpoint", checkpoint, "-o", str(tmp_path)])
    with pytest.raises(CheckpointError, match="its configuration is for a DDPM; this command needs a RollVAE"):
        piano_roll.main(["sample", "--checkpoint", str(PROJECT_ROOT / "models" / "mug-mini"), "-o", str(tmp_path)])
    assert len(read_midi(drums).notes) == 1
