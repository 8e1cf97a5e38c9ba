"""The earlier import path of `mug.generation` and of SHIPPED_MODEL, kept for scripts of users."""

from mug.config import SHIPPED_MODEL
from mug.generation import ChartGenerator

__all__ = ["SHIPPED_MODEL", "ChartGenerator"]
