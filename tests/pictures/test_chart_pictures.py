import numpy as np
import pytest
from PIL import ImageColor

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.errors import ChartError
from mug.pictures.charts import (
    BODIES,
    HEADS,
    MAX_WIDTH_PX,
    MEASURE_LINE,
    column_kind,
    draw_chart,
    format_time,
    grid_lines,
    header_facts,
    strip_cuts,
)

BEAT_500 = [TimingPoint(0.0, 500.0)]


def rows_of_color(picture, color: str) -> np.ndarray:
    """Pixel rows, top to bottom, in which the colour occurs."""
    return np.flatnonzero((np.asarray(picture) == ImageColor.getrgb(color)).all(axis=-1).any(axis=1))


def columns_of_color(picture, color: str) -> np.ndarray:
    return np.flatnonzero((np.asarray(picture) == ImageColor.getrgb(color)).all(axis=-1).any(axis=0))


def test_later_notes_stand_higher_and_columns_run_left_to_right():
    chart = Beatmap(4, [Note(0.0, 0), Note(1000.0, 1)], BEAT_500)
    picture = draw_chart(chart)
    early, late = rows_of_color(picture, HEADS["outer"]), rows_of_color(picture, HEADS["inner"])
    assert early.max() - late.max() == 100  # 1000 ms at 0.1 px a ms
    assert len(early) == len(late) == 6
    assert columns_of_color(picture, HEADS["outer"]).max() < columns_of_color(picture, HEADS["inner"]).min()


def test_a_long_note_has_a_body_from_head_to_cap():
    picture = draw_chart(Beatmap(1, [Note(0.0, 0, 1500.0)], BEAT_500))
    body, bright = rows_of_color(picture, BODIES["outer"]), rows_of_color(picture, HEADS["outer"])
    assert len(body) == 150 - 6 - 3 + 1
    assert bright.max() - bright.min() == 150
    assert len(bright) == 6 + 3


def test_a_long_note_runs_on_in_the_next_strip():
    picture = draw_chart(Beatmap(1, [Note(0.0, 0, 12_000.0)], BEAT_500), end_ms=16_000.0)
    body = (np.asarray(picture) == ImageColor.getrgb(BODIES["outer"])).all(axis=-1)
    heights = sorted(set(body.sum(axis=0).tolist()))
    assert heights == [0, 198, 995]  # 10 s less the head below the cut at the measure line, 2 s less the cap above it


def test_measure_lines_stand_where_the_bars_are():
    picture = draw_chart(Beatmap(4, [Note(250.0, 0)], BEAT_500), start_ms=0.0, end_ms=6100.0)
    lines = rows_of_color(picture, MEASURE_LINE)
    assert np.diff(lines).tolist() == [200, 200, 200]  # 6, 4, 2 and 0 s


def test_grid_follows_tempo_changes():
    points = [TimingPoint(1000.0, 500.0, 4), TimingPoint(4000.0, 250.0, 3)]
    grid = grid_lines(points, 0.0, 5600.0)
    assert grid.beats_ms.tolist() == [
        *[0.0, 500.0, 1000.0, 1500.0, 2000.0, 2500.0, 3000.0, 3500.0],
        *[4000.0, 4250.0, 4500.0, 4750.0, 5000.0, 5250.0, 5500.0],
    ]
    assert grid.measures_ms.tolist() == [1000.0, 3000.0, 4000.0, 4750.0, 5500.0]
    assert grid.numbers.tolist() == [1, 2, 3, 4, 5]


def test_grid_leaves_out_tricks():
    points = [TimingPoint(0.0, 1e-310), TimingPoint(0.0, 1e12), TimingPoint(0.0, float("nan")), TimingPoint(0.0, -5.0)]
    assert len(grid_lines(points, 0.0, 1e6).beats_ms) == 0
    assert len(grid_lines([TimingPoint(0.0, 20.0)], 0.0, 1e6).beats_ms) == 0  # 2 px apart
    assert len(grid_lines([TimingPoint(0.0, 20.0)], 0.0, 1e6).measures_ms) == 12_500


def test_strips_are_cut_at_measures_or_else_when_full():
    assert strip_cuts(np.array([0.0, 4000.0, 8000.0, 12_000.0]), 0.0, 13_000.0).tolist() == [0, 8000, 13_000]
    assert strip_cuts(np.array([0.0, 4000.0]), 0.0, 13_000.0).tolist() == [0, 10_000, 13_000]


@pytest.mark.parametrize("keys", range(1, 19))
def test_colouring_is_symmetric_for_every_key_count(keys):
    kinds = [column_kind(column, keys) for column in range(keys)]
    assert kinds == kinds[::-1]
    draw_chart(Beatmap(keys, [Note(100.0 * column, column) for column in range(keys)], BEAT_500))


def test_colouring_of_four_and_seven_keys():
    assert [column_kind(column, 4)[0] for column in range(4)] == ["o", "i", "i", "o"]
    assert [column_kind(column, 7)[0] for column in range(7)] == ["o", "i", "o", "c", "o", "i", "o"]


def test_a_long_song_wraps_to_rows():
    notes = [Note(500.0 * i, i % 4) for i in range(2 * 600)]
    picture = draw_chart(Beatmap(4, notes, BEAT_500))
    assert picture.width <= MAX_WIDTH_PX
    assert 3000 < picture.height < 5000


def test_header_facts():
    chart = Beatmap(7, [Note(0.0, 0), Note(10.0, 3, 61_000.0)], [TimingPoint(0, 500), TimingPoint(900, 400)])
    assert header_facts(chart, 3.456).split("   ·   ") == [
        *["7K", "2 notes", "50 % long", "120 to 150 BPM", "3.46 stars", "01:01"]
    ]


def test_any_title_fits_and_an_empty_chart_is_drawn():
    chart = Beatmap(4, [], [], title="終わりなき旅 é" * 60, artist="ß" * 300, version="]")
    assert draw_chart(chart).width == 640


def test_a_very_long_chart_shows_its_beginning(monkeypatch):
    monkeypatch.setattr("mug.pictures.charts.MAX_PICTURE_MS", 20_000.0)
    chart = Beatmap(4, [Note(0.0, 0), Note(1e9, 0)], BEAT_500)
    assert draw_chart(chart).size == draw_chart(chart, start_ms=0.0, end_ms=20_000.0).size


def test_endless_stretches_are_refused():
    chart = Beatmap(4, [Note(0.0, 0), Note(1e9, 0)], BEAT_500)
    with pytest.raises(ChartError, match=r"16666\.7 minutes"):
        draw_chart(chart, start_ms=0.0, end_ms=1e9)
    with pytest.raises(ChartError):
        draw_chart(chart, start_ms=5.0, end_ms=5.0)


@pytest.mark.parametrize(("time_ms", "text"), [(0, "00:00"), (61_999, "01:01"), (-1500, "-00:01"), (-1, "00:00")])
def test_time_marks(time_ms, text):
    assert format_time(time_ms) == text
