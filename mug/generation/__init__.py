"""From a song and a prompt to charts: `ChartGenerator` is the one door to a trained model."""

from mug.generation.generator import ChartGenerator

__all__ = ["ChartGenerator"]
