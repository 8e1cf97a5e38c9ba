"""Taps and edits of the grid, in the timing panel's own scripts."""

from typing import Any

import numpy as np
import pytest
from player_page import run
from selenium import webdriver

Point = dict[str, float]


def fit(driver: webdriver.Chrome, taps: list[float]) -> dict[str, float] | None:
    found = run(driver, 'const { fitTaps } = await import("./timing/taps.js"); return fitTaps(args[0]);', taps)
    return None if found is None else {**found, "bpm": 60_000 / found["beat_ms"]}


def edited(driver: webdriver.Chrome, points: list[Point], name: str, *args: Any) -> list[Point]:
    script = 'const grid = await import("./timing/grid.js"); return grid[args[1]](args[0], ...args[2]);'
    return run(driver, script, points, name, args)


def point(time_ms: float, beat_ms: float, meter: int = 4) -> Point:
    return {"time_ms": time_ms, "beat_ms": beat_ms, "meter": meter}


@pytest.mark.parametrize(("bpm", "seed"), [(174, 0), (90, 1), (128, 2), (222, 3)])
def test_taps_of_a_hand_give_the_round_tempo(browser: webdriver.Chrome, bpm: float, seed: int) -> None:
    errors = np.random.default_rng(seed).normal(0, 12, 32)
    found = fit(browser, [1234 + i * 60_000 / bpm + float(error) for i, error in enumerate(errors)])
    assert found is not None
    assert found["bpm"] == pytest.approx(bpm, abs=0.51)
    assert abs(found["bpm"] - bpm) <= found["doubt_bpm"] + 0.5
    assert found["first_ms"] == pytest.approx(1234, abs=15)


def test_slips_double_taps_and_missed_beats_do_not_count(browser: webdriver.Chrome) -> None:
    beats = [0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15]  # two are missed
    taps = sorted([1000 + 400 * beat for beat in beats] + [2265, 5040])  # 265 ms late, and 40 ms after another tap
    found = fit(browser, taps)
    assert found is not None
    assert found["beat_ms"] == pytest.approx(400)
    assert found["first_ms"] == pytest.approx(1000, abs=1)
    assert found["used"] == len(beats)


def test_three_taps_or_one_moment_again_give_no_tempo(browser: webdriver.Chrome) -> None:
    assert fit(browser, [0, 500, 1000]) is None
    assert fit(browser, [0, 2, 3, 5]) is None or fit(browser, [0, 2, 3, 5])["bpm"] > 10_000


def test_taps_begin_anew_after_a_pause_or_a_step_back(browser: webdriver.Chrome) -> None:
    script = """
      const { Taps } = await import("./timing/taps.js");
      const taps = new Taps();
      return args[0].map(([ms, page]) => taps.add(ms, page).count);"""
    moments = [(0, 0), (500, 500), (1000, 1000), (5000, 5000), (5500, 5500), (900, 6000), (1400, 6500)]
    assert run(browser, script, moments) == [1, 2, 3, 1, 2, 1, 2]


def test_taps_move_the_first_measure_and_keep_later_changes(browser: webdriver.Chrome) -> None:
    points = [point(3000, 500), point(8100, 400, 3)]
    taps = {"beat_ms": 600, "first_ms": 5000}
    assert edited(browser, points, "withTaps", 0, taps) == [point(200, 600), points[1]]  # 2 measures of 2400 ms earlier
    assert edited(browser, points, "withTaps", 1, taps) == [points[0], point(8600, 600, 3)]  # 2 measures of 1800 later


def test_edits_of_the_grid(browser: webdriver.Chrome) -> None:
    one, two = [point(100, 500)], [point(100, 500), point(2100, 250)]
    expected: list[tuple[list[Point], str, tuple[Any, ...], list[Point]]] = [
        (two, "nudged", (None, -10), [point(90, 500), point(2090, 250)]),
        (two, "nudged", (1, 1), [point(100, 500), point(2101, 250)]),
        (two, "nudged", (0, 2000), two),  # it would pass the next one
        (one, "withBpm", (0, 150), [point(100, 400)]),
        (one, "withBpm", (0, 20_000), one),
        (one, "withBpm", (0, None), one),
        (one, "withMeter", (0, 7), [point(100, 500, 7)]),
        (one, "timesTempo", (0, 2), [point(100, 250)]),
        (one, "timesTempo", (0, 0.5), [point(100, 1000)]),
        (one, "withTime", (0, 777.5), [point(777.5, 500)]),
        (one, "dragged", (100, 130), [point(130, 500)]),  # its own line: the grid moves
        (one, "dragged", (4100, 4180), [point(100, 510)]),  # eight beats on: the tempo changes
        (one, "dragged", (-400, -380), [point(100, 480)]),
        (two, "dragged", (2600, 2610), [point(100, 500), point(2100, 255)]),
        (two, "withPointAt", (1600,), [point(100, 500), point(1600, 500), point(2100, 250)]),
        (two, "withPointAt", (2100.4,), two),
        (two, "withoutPoint", (0,), [point(2100, 250)]),
        (one, "withoutPoint", (0,), one),
    ]
    script = """
      const grid = await import("./timing/grid.js");
      return args[0].map(([points, name, given]) => grid[name](points, ...given));"""
    found = run(browser, script, [case[:3] for case in expected])
    for got, (points, name, given, wanted) in zip(found, expected, strict=True):
        assert got == wanted, (name, points, given)
