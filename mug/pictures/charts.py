"""Charts as pictures: vertical strips side by side, time flowing upward like in the game.

A strip holds about ten seconds and is cut at a measure line; strips run left to right and wrap to further rows.
"""

import itertools
import math
import unicodedata
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mug.charts.beatmap import Beatmap, TimingPoint
from mug.charts.tempo_map import Lines, TempoMap, is_tempo
from mug.errors import ChartError

MAX_PICTURE_MS = 30 * 60_000.0  # a longer range would need hundreds of megabytes of pixels
MAX_WIDTH_PX, MIN_WIDTH_PX = 3000, 640
MIN_PICTURE_MS, MARGIN_MS = 2_000.0, 150.0  # shortest picture; margin after the last note
STRIP_MS, PX_PER_MS = 10_000.0, 0.1
HEAD_PX, CAP_PX, ROW_GAP_PX = 6, 3, 18
GUTTER_PX, GAP_PX = 44, 10  # left of a strip: measure numbers; right of it: empty space
PAD_PX, HEADER_PX, FOOTER_PX, LABEL_PX = 24, 100, 24, 11
MIN_BEAT_MS = 10.0
MIN_BEAT_PX, MIN_MEASURE_PX = 4.0, 8.0  # denser lines would be a grey blur

BACKGROUND, PLAYFIELD, LANE_EDGE, LANE_LINE = "#14161d", "#0a0b10", "#4a5164", "#1c2029"
BEAT_LINE, MEASURE_LINE = "#2b303d", "#737c92"
TEXT, DIM_TEXT, TEMPO_TEXT = "#f2f4f8", "#98a1b5", "#ff8f6b"
HEADS = {"outer": "#f4f6fb", "inner": "#55b4ff", "centre": "#ffd24a"}
BODIES = {"outer": "#8f96a6", "inner": "#2c6ea6", "centre": "#a3842a"}


def draw_chart(
    beatmap: Beatmap,
    title: str | None = None,
    start_ms: float | None = None,
    end_ms: float | None = None,
    star_rating: float | None = None,
) -> Image.Image:
    """Draw the notes between `start_ms` and `end_ms` as an RGB picture.

    By default it shows the whole chart, of a longer one the first 30 minutes.
    `title` replaces the first header line, "Artist - Title [Version]". Raises ChartError for a range that is empty
    or longer than 30 minutes.
    """
    first_ms = min((note.start_ms for note in beatmap.notes), default=0.0)
    if start_ms is None:
        earlier = grid_lines(beatmap.timing_points, first_ms - STRIP_MS, first_ms + 1.0).measures_ms
        start_ms = float(earlier[-1]) if len(earlier) else first_ms
    if end_ms is None:
        end_ms = max(beatmap.last_ms + MARGIN_MS, start_ms + MIN_PICTURE_MS)
        end_ms = min(end_ms, start_ms + MAX_PICTURE_MS)
    if not 0 < end_ms - start_ms <= MAX_PICTURE_MS:
        raise ChartError(
            f"cannot draw {(end_ms - start_ms) / 60_000:.1f} minutes of a chart: give a range of 0 to 30 minutes"
        )

    grid, changes = grid_lines(beatmap.timing_points, start_ms, end_ms), _tempo_changes(beatmap.timing_points)
    cuts_ms = strip_cuts(grid.measures_ms, start_ms, end_ms)
    lane_px = max(8, min(18, round(104 / beatmap.keys)))
    strip_width = GUTTER_PX + beatmap.keys * lane_px + GAP_PX
    per_row = max(1, min(len(cuts_ms) - 1, (MAX_WIDTH_PX - 2 * PAD_PX) // strip_width))
    rows = math.ceil((len(cuts_ms) - 1) / per_row)
    row_px = round(float(np.diff(cuts_ms).max()) * PX_PER_MS) + FOOTER_PX + ROW_GAP_PX

    size = (max(MIN_WIDTH_PX, per_row * strip_width + 2 * PAD_PX), HEADER_PX + rows * row_px + PAD_PX)
    picture = Image.new("RGB", size, BACKGROUND)
    _draw_header(ImageDraw.Draw(picture), beatmap, title, star_rating, size[0] - 2 * PAD_PX)
    for index, (low_ms, high_ms) in enumerate(itertools.pairwise(cuts_ms)):
        row, place = divmod(index, per_row)
        left = PAD_PX + place * strip_width + GUTTER_PX
        bottom = HEADER_PX + (row + 1) * row_px - FOOTER_PX - ROW_GAP_PX
        strip = Strip(ImageDraw.Draw(picture), left, bottom, lane_px, float(low_ms), float(high_ms))
        strip.draw(beatmap, grid, changes)
    return picture


def grid_lines(timing_points: list[TimingPoint], start_ms: float, end_ms: float) -> Lines:
    """Return the lines in [start_ms, end_ms) of every timing point; the first one also reaches back before its time.

    Lines too dense to be told apart are left out, and so are points that are tricks rather than tempi.
    """
    points = _usable(timing_points)
    if not points:
        return Lines(np.zeros(0), np.zeros(0), np.zeros(0, np.int64))
    return TempoMap.of_points(points).lines(start_ms, end_ms, MIN_BEAT_PX / PX_PER_MS, MIN_MEASURE_PX / PX_PER_MS)


def _usable(timing_points: list[TimingPoint]) -> list[TimingPoint]:
    """The points that are tempi, in time order; charts also carry beats of 1e-9 ms or 1e9 ms for scroll effects."""
    usable = (point for point in timing_points if is_tempo(point) and point.beat_ms >= MIN_BEAT_MS)
    return sorted(usable, key=lambda point: point.time_ms)


def strip_cuts(measures_ms: np.ndarray, start_ms: float, end_ms: float) -> np.ndarray:
    """Start times of strips, and the end of the last: at a measure line if the upper half of a strip has one."""
    cuts = [start_ms]
    while end_ms - cuts[-1] > STRIP_MS:
        full_ms = cuts[-1] + STRIP_MS
        index = int(np.searchsorted(measures_ms, full_ms + 1e-6)) - 1
        at_measure = index >= 0 and measures_ms[index] > full_ms - STRIP_MS / 2
        cuts.append(float(measures_ms[index]) if at_measure else full_ms)
    return np.array([*cuts, end_ms])


def column_kind(column: int, keys: int) -> str:
    """The colour name of a column: alternating from both edges inwards; odd key counts have a centre."""
    from_edge = min(column, keys - 1 - column)
    if keys % 2 and keys > 1 and column == keys // 2:
        return "centre"
    return "inner" if from_edge % 2 else "outer"


@dataclass(frozen=True)
class Strip:
    """One strip of the playfield: `left`, `bottom` are the pixel of column 0 at `low_ms`."""

    canvas: ImageDraw.ImageDraw
    left: int
    bottom: int
    lane_px: int
    low_ms: float
    high_ms: float

    def y(self, time_ms: float) -> int:
        return self.bottom - round((time_ms - self.low_ms) * PX_PER_MS)

    def draw(self, beatmap: Beatmap, grid: Lines, changes: list[TimingPoint]) -> None:
        right = self.left + beatmap.keys * self.lane_px
        top = self.y(self.high_ms)
        self.canvas.rectangle((self.left, top, right, self.bottom), fill=PLAYFIELD)
        for column in range(1, beatmap.keys):
            x = self.left + column * self.lane_px
            self.canvas.line((x, top, x, self.bottom), fill=LANE_LINE)
        for time_ms in self._inside(grid.beats_ms):
            self.canvas.line((self.left, self.y(time_ms), right, self.y(time_ms)), fill=BEAT_LINE)
        for time_ms in self._inside(grid.measures_ms):
            self.canvas.line((self.left - 5, self.y(time_ms), right, self.y(time_ms)), fill=MEASURE_LINE)
        for x in (self.left - 1, right):
            self.canvas.line((x, top, x, self.bottom), fill=LANE_EDGE)
        self.canvas.line((self.left - 1, self.bottom, right, self.bottom), fill=LANE_EDGE)
        self._draw_notes(beatmap)
        self._draw_labels(beatmap, grid, changes)

    def _inside(self, times_ms: np.ndarray) -> np.ndarray:
        return times_ms[(times_ms >= self.low_ms - 1e-6) & (times_ms < self.high_ms - 1e-6)]

    def _draw_notes(self, beatmap: Beatmap) -> None:
        visible = [note for note in beatmap.notes if note.start_ms < self.high_ms and note.last_ms >= self.low_ms]
        for note in visible:  # bodies first, so that they cover no heads
            if note.is_long:
                kind = column_kind(note.column, beatmap.keys)
                x = self.left + note.column * self.lane_px
                inset = max(2, self.lane_px // 5)
                top, bottom = self.y(min(note.last_ms, self.high_ms)), self.y(max(note.start_ms, self.low_ms))
                self.canvas.rectangle((x + inset, top, x + self.lane_px - inset, bottom), fill=BODIES[kind])
                if note.last_ms < self.high_ms:
                    self.canvas.rectangle((x + inset, top, x + self.lane_px - inset, top + CAP_PX - 1), HEADS[kind])
        for note in visible:
            if note.start_ms >= self.low_ms:
                x, y = self.left + note.column * self.lane_px, self.y(note.start_ms)
                color = HEADS[column_kind(note.column, beatmap.keys)]
                self.canvas.rectangle((x + 1, y - HEAD_PX + 1, x + self.lane_px - 1, y), fill=color)

    def _draw_labels(self, beatmap: Beatmap, grid: Lines, changes: list[TimingPoint]) -> None:
        font = ImageFont.load_default(LABEL_PX)
        free_y = float(self.bottom) + LABEL_PX + 1  # labels go from the bottom up, without overlaps
        shown = (grid.measures_ms >= self.low_ms - 1e-6) & (grid.measures_ms < self.high_ms - 1e-6)
        labels = [(time_ms, str(n)) for time_ms, n in zip(grid.measures_ms[shown], grid.numbers[shown], strict=True)]
        for time_ms, text in labels:
            y = self.y(time_ms)
            if y <= free_y - LABEL_PX - 1:
                self.canvas.text((self.left - 8, y), text, fill=DIM_TEXT, font=font, anchor="rm")
                free_y = y
        free_y = float(self.bottom) + LABEL_PX
        for point in (point for point in changes if self.low_ms <= point.time_ms < self.high_ms):
            y = self.y(point.time_ms) - LABEL_PX
            if y <= free_y - LABEL_PX:
                text = f"{point.bpm:.4g}"
                self.canvas.text((self.left - 8, y), text, fill=TEMPO_TEXT, font=font, anchor="rm")
                free_y = y
        text, middle = format_time(self.low_ms), self.left + beatmap.keys * self.lane_px // 2
        self.canvas.text((middle, self.bottom + 8), text, TEXT, ImageFont.load_default(13), anchor="mt")


def _tempo_changes(timing_points: list[TimingPoint]) -> list[TimingPoint]:
    """The points whose tempo differs audibly from the previous one; the first tempo is in the header."""
    points = _usable(timing_points)
    return [after for before, after in itertools.pairwise(points) if abs(after.bpm - before.bpm) > 0.05]


def format_time(time_ms: float) -> str:
    """Return mm:ss."""
    seconds = int(abs(time_ms) // 1000)
    return f"{'-' if time_ms <= -1000 else ''}{seconds // 60:02d}:{seconds % 60:02d}"


def header_facts(beatmap: Beatmap, star_rating: float | None = None) -> str:
    """One line of facts: keys, notes, share of long notes, tempo, stars, length."""
    tempi = [point.bpm for point in _usable(beatmap.timing_points)]
    facts = [f"{beatmap.keys}K", f"{len(beatmap.notes)} notes"]
    if beatmap.notes:
        facts.append(f"{100 * beatmap.n_long_notes / len(beatmap.notes):.0f} % long")
    if tempi and max(tempi) - min(tempi) > 0.05:
        facts.append(f"{min(tempi):.4g} to {max(tempi):.4g} BPM")
    elif tempi:
        facts.append(f"{tempi[0]:.4g} BPM")
    if star_rating is not None:
        facts.append(f"{star_rating:.2f} stars")
    return "   ·   ".join([*facts, format_time(beatmap.last_ms)])


def _draw_header(
    canvas: ImageDraw.ImageDraw, beatmap: Beatmap, title: str | None, star_rating: float | None, width_px: int
) -> None:
    names = " - ".join(name for name in (beatmap.artist, beatmap.title) if name) or "Untitled"
    heading = title if title is not None else f"{names}  [{beatmap.version}]"
    draw_fitting(canvas, (PAD_PX, 20), drawable(heading), 26, TEXT, width_px)
    draw_fitting(canvas, (PAD_PX, 58), header_facts(beatmap, star_rating), 16, DIM_TEXT, width_px)


def drawable(text: str) -> str:
    """Convert to a line of ASCII for Pillow's built-in font: accents are dropped, others become question marks."""
    text = " ".join(text.split())
    bare = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return bare.encode("ascii", "replace").decode()


def draw_fitting(
    canvas: ImageDraw.ImageDraw, place: tuple[int, int], text: str, size: int, color: str, width_px: int
) -> None:
    """Draw `text` in the largest size up to `size` that fits the width; below 13 px it is truncated instead."""
    while size > 13 and canvas.textlength(text, ImageFont.load_default(size)) > width_px:
        size -= 1
    font = ImageFont.load_default(size)
    while len(text) > 4 and canvas.textlength(text, font) > width_px:
        text = text[: -max(4, len(text) // 20)] + "..."
    canvas.text(place, text, fill=color, font=font)
