"""From a song and a prompt to charts. `ChartGenerator` is the entry point to a trained model."""

from typing import TYPE_CHECKING, Any

from mug.generation.settings import SamplingSettings
from mug.generation.song import Song

if TYPE_CHECKING:
    from mug.generation.generator import ChartGenerator

__all__ = ["ChartGenerator", "SamplingSettings", "Song"]


def __getattr__(name: str) -> Any:
    """Import the generator on first use: it imports torch, which takes seconds."""
    if name == "ChartGenerator":
        from mug.generation.generator import ChartGenerator

        return ChartGenerator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
