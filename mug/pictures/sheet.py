"""A contact sheet: excerpts of charts side by side in one picture."""

from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from mug.charts.beatmap import Beatmap
from mug.pictures.charts import BACKGROUND, GUTTER_PX, PAD_PX, PX_PER_MS, TEXT, Strip, grid_lines

LANE_PX, CAPTION_PX = 18, 40


class Excerpt(NamedTuple):
    caption: str
    beatmap: Beatmap
    start_ms: float


def draw_sheet(excerpts: Sequence[Excerpt], length_ms: float) -> Image.Image:
    """Draw `length_ms` of each chart, from left to right, with captions of two words or so below, as an RGB picture."""
    widths = [GUTTER_PX + excerpt.beatmap.keys * LANE_PX + PAD_PX for excerpt in excerpts]
    bottom = PAD_PX + round(length_ms * PX_PER_MS)
    picture = Image.new("RGB", (2 * PAD_PX + sum(widths), bottom + CAPTION_PX + PAD_PX), BACKGROUND)
    canvas, left = ImageDraw.Draw(picture), PAD_PX
    for excerpt, width in zip(excerpts, widths, strict=True):
        end_ms = excerpt.start_ms + length_ms
        strip = Strip(canvas, left + GUTTER_PX, bottom, LANE_PX, excerpt.start_ms, end_ms)
        strip.draw(excerpt.beatmap, grid_lines(excerpt.beatmap.timing_points, excerpt.start_ms, end_ms), [])
        middle = left + GUTTER_PX + excerpt.beatmap.keys * LANE_PX // 2
        canvas.text((middle, bottom + CAPTION_PX), excerpt.caption, TEXT, ImageFont.load_default(13), anchor="mm")
        left += width
    return picture
