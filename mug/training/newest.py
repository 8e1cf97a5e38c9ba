"""The newest run's checkpoint."""

from pathlib import Path

from mug.config import find_file, load_config
from mug.errors import CheckpointError
from mug.training.runs import CHECKPOINTS, CONFIGS, LAST_CHECKPOINT

DIFFUSION = "mug.diffusion.diffusion.DDPM"


def newest_checkpoint(logdir: str | Path = "logs") -> Path:
    """Return the most recently saved last.ckpt of a diffusion run in `logdir`, at any depth.

    Raises CheckpointError if there is none.
    """
    found = find_file(logdir).glob(f"**/{CHECKPOINTS}/{LAST_CHECKPOINT}")
    for checkpoint in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True):
        configs = sorted((checkpoint.parent.parent / CONFIGS).glob("*.yaml"))  # names start with the time
        if configs and load_config(configs[-1:]).get("model", {}).get("target") == DIFFUSION:
            return checkpoint
    raise CheckpointError(
        f"no trained diffusion model in {logdir}/: `mug demo` trains a small one in minutes, `mug train` with "
        "configs/mug/mug_diffusion.yaml a full one; a checkpoint elsewhere is named with --checkpoint"
    )
