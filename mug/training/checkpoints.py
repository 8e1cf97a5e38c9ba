"""Checkpoint files of a run: whole or absent, and without code in them."""

from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.plugins import TorchCheckpointIO

from mug.files import replacing
from mug.model.weights import read_checkpoint


class SafeCheckpointIO(TorchCheckpointIO):
    """Lightning's way to checkpoint files, through a temporary file beside them and weights_only reading."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        with replacing(Path(path)) as temporary:
            torch.save(checkpoint, temporary)

    def load_checkpoint(
        self, path: str | Path, map_location: Any = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Tensors arrive on the CPU whatever `map_location` says. Raises CheckpointError."""
        return read_checkpoint(path)


def without_ckpt_paths(config: Any) -> Any:
    """Return a copy of a configuration in which no model starts from another checkpoint.

    It belongs beside weights that are complete: whoever builds the model again needs that file alone.
    """
    if isinstance(config, dict):
        return {key: None if key == "ckpt_path" else without_ckpt_paths(value) for key, value in config.items()}
    if isinstance(config, list):
        return [without_ckpt_paths(value) for value in config]
    return config
