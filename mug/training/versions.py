"""Records what a run used: versions, the state of the code, devices, the command."""

import platform
import shlex
import subprocess
import sys
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
import yaml
from pytorch_lightning.utilities.rank_zero import rank_zero_only

from mug.config import PROJECT_ROOT
from mug.files import replacing

FILE = "versions.yaml"
PACKAGES = ("mug", "torch", "pytorch-lightning", "numpy", "scipy", "librosa", "einops", "omegaconf", "safetensors")
MAX_PATCH_BYTES = 1_000_000
GIT_SECONDS = 20


class VersionsSaver(pl.Callback):
    """Appends an entry to versions.yaml in the run's folder at every start.

    Uncommitted changes to the code are saved beside it as changes_<time>.patch.
    """

    @rank_zero_only
    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        if stage != "fit":
            return
        folder, started = Path(trainer.default_root_dir), datetime.now().strftime("%Y-%m-%dT%H-%M-%S")
        entry = {"started": started, **versions(), "devices": device_names(trainer)}
        state = git_state(PROJECT_ROOT)
        if state is not None:
            patch = state.pop("patch")
            if patch:
                state["patch"] = f"changes_{started}.patch"
                with replacing(folder / state["patch"]) as temporary:
                    temporary.write_bytes(patch)
            entry["git"] = state
        entry["command"] = shlex.join(sys.argv)
        path = folder / FILE
        before = path.read_text(encoding="utf-8") if path.is_file() else ""
        with replacing(path) as temporary:
            temporary.write_text(before + yaml.safe_dump([entry], sort_keys=False), encoding="utf-8")


def versions() -> dict[str, Any]:
    """Return the versions of Python, PACKAGES (None if not installed), and torch's backends."""
    found: dict[str, Any] = {"python": platform.python_version(), "platform": platform.platform()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return {**found, "cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version()}


def device_names(trainer: pl.Trainer) -> list[str]:
    """Return the names of this machine's devices that the run uses."""
    device = trainer.strategy.root_device
    if device.type == "cuda":
        return [torch.cuda.get_device_name(index) for index in trainer.device_ids]
    return [f"{platform.processor() or platform.machine()} ({device.type})"] * trainer.num_devices


def git_state(folder: Path) -> dict[str, Any] | None:
    """Return the commit checked out in `folder`, the files changed since, and their changes as a patch.

    None if `folder` is not a repository or git is missing. A patch over a megabyte is left out.
    """
    top = _git(folder, "rev-parse", "--show-toplevel")
    if top is None or Path(top.decode().strip()).resolve() != folder.resolve():
        return None
    commit, status = _git(folder, "rev-parse", "HEAD"), _git(folder, "status", "--porcelain")
    patch = _git(folder, "diff", "HEAD", "--no-ext-diff", "--no-color") or b""
    return {
        "commit": None if commit is None else commit.decode().strip(),  # None: no commits yet
        "changed": [line[3:] for line in (status or b"").decode("utf-8", "replace").splitlines()],
        "patch": patch if len(patch) <= MAX_PATCH_BYTES else b"",
    }


def _git(folder: Path, *arguments: str) -> bytes | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, check=True, timeout=GIT_SECONDS
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
