import os

import pytest

from mug.errors import CheckpointError
from mug.training.newest import newest_checkpoint


def a_run(folder, target, saved_at_s):
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "configs").mkdir()
    (folder / "configs" / "2024-01-01T00-00-00.yaml").write_text(f"model: {{target: {target}, params: {{}}}}\n")
    checkpoint = folder / "checkpoints" / "last.ckpt"
    checkpoint.write_bytes(b"weights")
    os.utime(checkpoint, (saved_at_s, saved_at_s))
    return checkpoint


def test_the_diffusion_run_saved_last_wins_at_any_depth(tmp_path):
    a_run(tmp_path / "old", "mug.diffusion.diffusion.DDPM", 1000)
    newest = a_run(tmp_path / "demo" / "new", "mug.diffusion.diffusion.DDPM", 2000)
    a_run(tmp_path / "stage1", "mug.firststage.autoencoder.AutoencoderKL", 3000)
    assert newest_checkpoint(tmp_path) == newest


def test_a_checkpoint_without_its_run_is_passed_over(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "last.ckpt").write_bytes(b"")
    with pytest.raises(CheckpointError, match="mug demo"):
        newest_checkpoint(tmp_path)


def test_no_logs_at_all_says_how_to_get_a_model(tmp_path):
    with pytest.raises(CheckpointError, match=r"no trained diffusion model in .*: `mug demo`"):
        newest_checkpoint(tmp_path / "logs")
