"""Checkpoint files that ask for more memory than they hold, which a few kilobytes can do, and those that may."""

import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from mug.errors import CheckpointError
from mug.model.weights import read_checkpoint, read_state


def saved(path: Path, state: dict[str, torch.Tensor], **options: object) -> Path:
    torch.save({"state_dict": state}, path, **options)
    return path


@pytest.mark.parametrize("is_archive", [True, False])
def test_numbers_that_are_repeated_are_refused(tmp_path, is_archive):
    state = {"fine": torch.ones(2), "large": torch.zeros(1).expand(1000, 1000)}
    path = saved(tmp_path / "x.ckpt", state, _use_new_zipfile_serialization=is_archive)
    with pytest.raises(CheckpointError, match=r"x\.ckpt: 'large' is a small tensor expanded to \[1000, 1000\]"):
        read_state(path)


def test_memory_under_many_names_is_refused(tmp_path):
    whole = torch.zeros(100_000)
    path = saved(tmp_path / "x.ckpt", {f"w{index}": whole for index in range(100)})
    with pytest.raises(CheckpointError, match=r"x\.ckpt: its tensors share memory: they would take 40000000 bytes"):
        read_state(path)
    overlapping = {f"w{index}": whole[index:] for index in range(100)}
    with pytest.raises(CheckpointError, match="share memory"):
        read_state(saved(tmp_path / "x.ckpt", overlapping))


def test_tied_weights_and_slices_of_one_memory_are_read(tmp_path):
    whole = torch.arange(30_000.0)
    state = {"encoder": whole, "decoder": whole, "low": torch.arange(4.0)[:2], "turned": torch.ones(2, 3).T}
    read = read_state(saved(tmp_path / "x.ckpt", state))
    assert all(torch.equal(read[name], value) for name, value in state.items())


@pytest.mark.parametrize("lazily", [True, False])
def test_an_archive_that_unpacks_to_more_than_itself_is_refused(tmp_path, lazily):
    path = saved(tmp_path / "plain.ckpt", {"w": torch.zeros(100_000)})
    with (
        zipfile.ZipFile(path) as plain,
        zipfile.ZipFile(tmp_path / "x.ckpt", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in plain.namelist():
            packed.writestr(name, plain.read(name))
    with pytest.raises(CheckpointError, match=r"x\.ckpt: not a readable checkpoint of tensors: it is compressed"):
        read_checkpoint(tmp_path / "x.ckpt", mmap=lazily)


def test_an_archive_with_a_damaged_directory_is_named(tmp_path):
    path = saved(tmp_path / "x.ckpt", {"w": torch.zeros(3)})
    path.write_bytes(path.read_bytes().replace(b"PK\x01\x02", b"PK\x07\x07"))
    with pytest.raises(CheckpointError, match=r"x\.ckpt: not a readable checkpoint of tensors"):
        read_state(path)


def test_a_file_of_tensors_is_read_whole(tmp_path):
    state = {"w": torch.ones(3, 2), "none": torch.ones(0), "half": torch.ones(5).half()}
    save_file(state, tmp_path / "x.safetensors")
    assert read_state(tmp_path / "x.safetensors").keys() == state.keys()
    assert read_state(saved(tmp_path / "x.ckpt", state)).keys() == state.keys()
