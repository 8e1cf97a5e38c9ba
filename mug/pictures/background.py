"""A background for songs that come without one: their name on a dark gradient."""

import numpy as np
from PIL import Image, ImageDraw

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
