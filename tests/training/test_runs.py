"""Planning runs: names, folders, and what a resumed run is made of."""

import os
from pathlib import Path

import pytest
import torch
import yaml

from mug.config import without_ckpt_paths
from mug.errors import CheckpointError, ConfigError
from mug.training.checkpoints import SafeCheckpointIO
from mug.training.runs import resume_run, start_run


@pytest.fixture
def config_file(tmp_path: Path) -> str:
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump({"model": {"params": {"rate": 1}}, "lightning": {"trainer": {"max_steps": 2}}}))
    return str(path)


def test_a_run_is_named_after_its_first_file(tmp_path: Path, config_file: str) -> None:
    run = start_run(tmp_path / "logs", None, "_v2", [config_file], ["model.params.rate=3"])
    assert run.folder.parent == tmp_path / "logs"
    time, _, name = run.folder.name.partition("_")
    assert name == "tiny_v2"
    assert len(time) == len("2026-01-31T23-59-59")
    assert run.config["model"]["params"]["rate"] == 3
    assert run.checkpoint is None
    assert not run.folder.exists()  # planned, not begun


def test_runs_of_the_same_second_have_folders_of_their_own(tmp_path: Path, config_file: str) -> None:
    folders = set()
    for _ in range(3):
        run = start_run(tmp_path, "same", "", [config_file], [])
        run.folder.mkdir(parents=True)
        folders.add(run.folder)
    assert len(folders) == 3


def test_processes_for_further_devices_share_the_folder(
    tmp_path: Path, config_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start_run(tmp_path, "first", "", [config_file], [])
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert start_run(tmp_path, "second", "", [config_file], []).folder == run.folder


def test_no_configuration_is_an_error() -> None:
    with pytest.raises(ConfigError, match="no configuration"):
        start_run(Path("logs"), None, "", [], [])


def test_resuming_uses_the_last_checkpoint_and_the_overrides(tmp_path: Path) -> None:
    folder = tmp_path / "2026-01-31T23-59-59_tiny"
    (folder / "checkpoints").mkdir(parents=True)
    config = {"model": {"params": {"rate": 1}}, "lightning": {"trainer": {"max_steps": 2}}}
    torch.save({"state_dict": {}, "config": config}, folder / "checkpoints" / "last.ckpt")
    torch.save({"state_dict": {}, "config": {}}, folder / "checkpoints" / "epoch=000003.ckpt")
    run = resume_run(folder, tmp_path / "logs", [], ["lightning.trainer.max_steps=4"])
    assert run.folder == folder
    assert run.checkpoint == folder / "checkpoints" / "last.ckpt"
    assert run.config == {"model": {"params": {"rate": 1}}, "lightning": {"trainer": {"max_steps": 4}}}


def test_resuming_a_checkpoint_elsewhere_begins_a_new_folder(tmp_path: Path) -> None:
    torch.save({"state_dict": {}, "config": {"model": {}}}, tmp_path / "shared.ckpt")
    run = resume_run(tmp_path / "shared.ckpt", tmp_path / "logs", [], [])
    assert run.folder.parent == tmp_path / "logs"
    assert run.folder.name.endswith("_shared")


def test_what_cannot_be_resumed_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="nothing to resume"):
        resume_run(tmp_path, tmp_path, [], [])
    with pytest.raises(CheckpointError, match="no such checkpoint"):
        resume_run(tmp_path / "absent.ckpt", tmp_path, [], [])
    torch.save({"state_dict": {}}, tmp_path / "bare.ckpt")
    with pytest.raises(CheckpointError, match="contains no configuration"):
        resume_run(tmp_path / "bare.ckpt", tmp_path, [], [])
    whole = (tmp_path / "bare.ckpt").read_bytes()
    (tmp_path / "cut.ckpt").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CheckpointError, match=r"cut\.ckpt: not a readable .*: the file is cut off or damaged"):
        resume_run(tmp_path / "cut.ckpt", tmp_path, [], [])


@pytest.mark.parametrize("damaged", [b"", b"101", b"PK\x03\x04 cut", None])
def test_a_damaged_last_checkpoint_names_the_one_to_go_on_from(tmp_path: Path, damaged: bytes | None) -> None:
    checkpoints = tmp_path / "run" / "checkpoints"
    checkpoints.mkdir(parents=True)
    for age, name in enumerate(("last.ckpt", "best_000007.ckpt", "best_000003.ckpt")):
        torch.save({"state_dict": {}, "config": {"model": {}}, "global_step": 7}, checkpoints / name)
        os.utime(checkpoints / name, (1e9 - age, 1e9 - age))
    whole = (checkpoints / "last.ckpt").read_bytes()
    (checkpoints / "last.ckpt").write_bytes(whole[:-100] if damaged is None else damaged)
    (checkpoints / "broken.ckpt").write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"last\.ckpt: .*go on from another.*: -r \S+best_000007\.ckpt$") as error:
        resume_run(tmp_path / "run", tmp_path, [], [])
    run = resume_run(Path(str(error.value).rpartition("-r ")[2]), tmp_path, [], [])
    assert (run.folder, run.checkpoint, run.step) == (tmp_path / "run", checkpoints / "best_000007.ckpt", 7)


def test_code_in_a_checkpoint_is_not_run(tmp_path: Path) -> None:
    torch.save({"state_dict": {}, "config": {}, "path": Path("x")}, tmp_path / "pickled.ckpt")
    with pytest.raises(CheckpointError, match="not a readable checkpoint") as caught:
        SafeCheckpointIO().load_checkpoint(tmp_path / "pickled.ckpt")
    assert "\n" not in str(caught.value)


def test_a_failed_save_leaves_the_old_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    SafeCheckpointIO().save_checkpoint({"step": 1}, path)
    with pytest.raises(AttributeError):
        SafeCheckpointIO().save_checkpoint({"step": lambda: 2}, path)  # cannot be pickled
    assert SafeCheckpointIO().load_checkpoint(path) == {"step": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["last.ckpt"]


def test_checkpoint_paths_are_emptied_at_any_depth() -> None:
    config = {"a": {"ckpt_path": "x.ckpt", "list": [{"ckpt_path": "y.ckpt", "other": 1}]}, "b": "ckpt_path"}
    assert without_ckpt_paths(config) == {
        "a": {"ckpt_path": None, "list": [{"ckpt_path": None, "other": 1}]},
        "b": "ckpt_path",
    }
    assert config["a"]["ckpt_path"] == "x.ckpt"
