"""versions.yaml: what a run was made with, and the code as it was then."""

import subprocess
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
import yaml

import mug.training.versions
from mug.training.versions import VersionsSaver, git_state, versions


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=x", "-c", "user.email=x@y.z"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "a.py").write_text("one\n")
    git(folder, "add", "a.py")
    git(folder, "commit", "-qm", "first")
    return folder


def test_a_clean_repository_is_its_commit(repository: Path) -> None:
    state = git_state(repository)
    assert state is not None
    assert len(state["commit"]) == 40
    assert (state["changed"], state["patch"]) == ([], b"")


def test_changes_are_a_patch_that_applies(repository: Path) -> None:
    (repository / "a.py").write_text("two\n")
    (repository / "new.py").write_text("three\n")
    state = git_state(repository)
    assert state is not None
    assert state["changed"] == ["a.py", "new.py"]
    git(repository, "checkout", "-q", "a.py")
    subprocess.run(["git", "-C", str(repository), "apply"], input=state["patch"], check=True)
    assert (repository / "a.py").read_text() == "two\n"


def test_without_a_repository_or_git_there_is_none(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert git_state(tmp_path) is None
    (repository / "inner").mkdir()
    assert git_state(repository / "inner") is None  # of somebody else's repository
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_state(repository) is None


def test_versions_are_those_that_are_installed() -> None:
    found = versions()
    assert found["torch"] == torch.__version__
    assert found["cuda"] == torch.version.cuda
    assert {"python", "mug", "pytorch-lightning", "numpy", "librosa"} <= found.keys()


def test_every_start_is_an_entry(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mug.training.versions, "PROJECT_ROOT", repository)
    monkeypatch.setattr("sys.argv", ["main.py", "-t", "a b"])
    (repository / "a.py").write_text("two\n")
    run = tmp_path / "run"
    trainer = pl.Trainer(accelerator="cpu", logger=False, default_root_dir=run)
    for _ in range(2):
        VersionsSaver().setup(trainer, pl.LightningModule(), "fit")
    VersionsSaver().setup(trainer, pl.LightningModule(), "test")
    first, second = yaml.safe_load((run / "versions.yaml").read_text())
    assert first["command"] == second["command"] == "main.py -t 'a b'"
    assert first["devices"] == second["devices"]
    assert len(first["devices"]) == 1
    assert first["git"]["changed"] == ["a.py"]
    assert b"+two" in (run / first["git"]["patch"]).read_bytes()
