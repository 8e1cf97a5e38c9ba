"""Backgrounds: one for songs that come without, their name on a dark gradient; and what games can show."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from mug.errors import ConfigError
from mug.pictures.charts import DIM_TEXT, TEXT, draw_fitting, drawable

SIZE_PX = (1280, 720)
TOP, BOTTOM = (38, 42, 58), (12, 13, 18)
LEFT_PX = 96


def draw_background(title: str, artist: str) -> Image.Image:
    """Return an RGB picture of 1280 x 720 with title and artist, dark enough for notes in front of it."""
    width, height = SIZE_PX
    shade = np.linspace(TOP, BOTTOM, height)[:, None].repeat(width, axis=1)  # [height, width, 3]
    picture = Image.fromarray(shade.astype(np.uint8), "RGB")
    canvas = ImageDraw.Draw(picture)
    draw_fitting(canvas, (LEFT_PX, height // 2 - 60), drawable(title), 64, TEXT, width - 2 * LEFT_PX)
    draw_fitting(canvas, (LEFT_PX, height // 2 + 30), drawable(artist), 32, DIM_TEXT, width - 2 * LEFT_PX)
    return picture


def check_background(path: Path) -> None:
    """Raise ConfigError for a background that games do not show."""
    if not path.is_file():
        raise ConfigError(f"{path}: no such picture; leave --background out to have one drawn")
    try:
        with Image.open(path) as picture:
            kind = picture.format
    except (OSError, ValueError, Image.DecompressionBombError):
        kind = None
    if kind not in ("PNG", "JPEG"):
        raise ConfigError(f"{path}: not a PNG or JPEG picture; leave --background out to have one drawn")
