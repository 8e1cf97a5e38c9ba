"""Checkpoint files of a run: written atomically, and without code in them."""

import os
import shutil
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.plugins import TorchCheckpointIO

from mug.errors import TrainingError
from mug.files import replacing
from mug.model.weights import read_checkpoint


class SafeCheckpointIO(TorchCheckpointIO):
    """Lightning's checkpoint IO with atomic writes and weights_only reading."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Raises TrainingError if the disk refuses it; an earlier file at `path` stays."""
        try:
            with replacing(Path(path)) as temporary, temporary.open("wb") as file:
                torch.save(checkpoint, file)
                file.flush()
                os.fsync(file.fileno())  # some file systems report only here that they are full
        except (OSError, RuntimeError) as error:  # torch's own archive writer raises the latter
            reason = next((e for e in (error, error.__context__) if isinstance(e, OSError)), error)
            why = os.strerror(reason.errno) if isinstance(reason, OSError) and reason.errno else str(reason)
            free = shutil.disk_usage(Path(path).parent).free if Path(path).parent.is_dir() else 0
            raise TrainingError(
                f"{path}: could not be saved: {why.splitlines()[0]} ({free / 1e6:.0f} MB free); "
                "earlier checkpoints are kept"
            ) from error

    def load_checkpoint(
        self, path: str | Path, map_location: Any = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Tensors are loaded onto the CPU, whatever `map_location` says. Raises CheckpointError."""
        return read_checkpoint(path)
