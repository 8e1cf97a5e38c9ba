"""The earlier import path of `mug.generation`, kept for scripts of users."""

from mug.generation import ChartGenerator

__all__ = ["ChartGenerator"]
