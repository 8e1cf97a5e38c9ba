"""The device that networks run on: a given one, or the best available."""

import argparse
from typing import TYPE_CHECKING

from mug.errors import ConfigError

if TYPE_CHECKING:  # torch takes seconds to import, and --help does not need it
    import torch

AUTO = "auto"


def add_device_argument(group: "argparse._ActionsContainer") -> None:
    """Add --device to a parser or a group of its options."""
    group.add_argument(
        "--device", default=AUTO, help="auto, cpu, cuda, cuda:1 or mps (default: auto: cuda, else mps, else cpu)"
    )


def pick_device(name: "str | torch.device" = AUTO) -> "torch.device":
    """Return the device of this name; "auto" is cuda if available, else mps, else cpu.

    Raises ConfigError for a name that torch does not know. A missing device only fails when it is used.
    """
    import torch

    if name == AUTO:
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        return torch.device(name)
    except RuntimeError as error:
        raise ConfigError(f"device '{name}': unknown; give auto, cpu, cuda, cuda:1 or mps") from error
