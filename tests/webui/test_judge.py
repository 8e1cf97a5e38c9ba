"""Judgements of test play, from tables of times: osu!mania's ScoreV1 rules as its wiki states them."""

from typing import Any

import pytest
from player_page import run
from selenium import webdriver

TAP, HOLD = [[0, 1000, None]], [[0, 1000, 2000]]
Events = list[tuple[str, float]]


def play(driver: webdriver.Chrome, notes: list[Any], runs: list[Events], od: float = 8, rate: float = 1) -> list[Any]:
    """Play runs of ("press", "release" or "advance", ms) in the first column: [judgements, combo, best combo] each."""
    script = """
      const { Chart } = await import("./player/chart.js");
      const { Judge } = await import("./player/judge.js");
      const [notes, runs, od, rate] = args;
      return runs.map((events) => {
        const judge = new Judge(new Chart({ keys: 2, notes, od }), { rate });
        const said = events.flatMap(([what, ms]) => what === "advance" ? judge.advance(ms) : judge[what](0, ms));
        return [said.map(({ judgement }) => judgement).join(" "), judge.combo, judge.maxCombo];
      });"""
    return run(driver, script, notes, runs, od, rate)


def test_windows_follow_the_difficulty(browser: webdriver.Chrome) -> None:
    script = 'const { hitWindows } = await import("./player/judge.js"); return args[0].map(hitWindows);'
    names = ("max", "300", "200", "100", "50", "miss")
    found = run(browser, script, [0, 5, 8, 9.3, 10])
    assert [[windows[name] for name in names] for windows in found] == [
        [16, 64, 97, 127, 151, 188],
        [16, 49, 82, 112, 136, 173],
        [16, 40, 73, 103, 127, 164],
        [16, 36, 69, 99, 123, 160],
        [16, 34, 67, 97, 121, 158],
    ]


@pytest.mark.parametrize(("od", "rate"), [(5, 1.0), (5, 1.5), (5, 0.5)])
def test_a_press_is_judged_by_its_error_in_real_time(browser: webdriver.Chrome, od: float, rate: float) -> None:
    table = {0: "max", 16: "max", 16.4: "max", 17: "300", 49: "300", 50: "200", 82: "200", 83: "100", 111: "100"}
    early = {-16: "max", -17: "300", -112: "100", -113: "50", -136: "50", -137: "miss", -173: "miss", -174: ""}
    late = {112: "miss", 130: "miss"}  # there is no late 50
    expected = table | early | late
    runs = [[("press", 1000 + error * rate)] for error in expected]
    found = play(browser, TAP, runs, od, rate)
    assert [judgements for judgements, *_ in found] == list(expected.values())


def test_a_note_that_is_not_played_is_missed_after_the_100_window(browser: webdriver.Chrome) -> None:
    runs: list[Events] = [[("advance", 1102)], [("advance", 1103)]]
    assert play(browser, TAP, runs) == [["", 0, 0], ["miss", 0, 0]]


def test_a_press_plays_the_first_note_that_is_left(browser: webdriver.Chrome) -> None:
    notes = [[0, 1000, None], [0, 1080, None], [0, 1300, None]]
    events: Events = [("press", 1050), ("press", 1085), ("press", 1100), ("press", 1290)]
    assert play(browser, notes, [events]) == [["200 max max", 3, 3]]  # the third press is too early for the third note


def test_a_long_note_is_judged_by_press_and_release_together(browser: webdriver.Chrome) -> None:
    table = {  # errors of press and release at OD 8 -> judgement
        (0, 0): "max",
        (19, -19): "max",  # 19 <= 1.2 * 16 and 38 <= 2.4 * 16
        (20, 0): "300",
        (0, 39): "300",
        (44, 44): "300",  # 1.1 * 40 and 2.2 * 40
        (45, 0): "200",
        (0, -89): "200",
        (73, 73): "200",
        (74, 0): "100",
        (90, 102): "100",
        (-110, 0): "50",  # an early 50
        (0, 300): "200",  # still down when the release window closes at 103: 103 <= 2 * 73
        (60, 300): "100",
    }
    runs: list[Events] = [[("press", 1000 + a), ("release", 2000 + b), ("advance", 3000)] for a, b in table]
    assert [judgements for judgements, *_ in play(browser, HOLD, runs)] == list(table.values())


def test_a_long_note_let_go_or_pressed_late_is_a_50_at_best(browser: webdriver.Chrome) -> None:
    runs: list[Events] = [
        [("press", 1000), ("release", 1500), ("press", 1600), ("release", 2000)],
        [("press", 1200), ("release", 2000)],
        [("press", 1000), ("release", 1500), ("advance", 2200)],
        [("advance", 2200)],
    ]
    found = [judgements for judgements, *_ in play(browser, HOLD, runs)]
    assert found == ["50", "50", "miss", "miss"]


def test_misses_and_letting_go_break_the_combo(browser: webdriver.Chrome) -> None:
    notes = [[0, 500, None], [0, 1000, 2000], [0, 3000, None], [0, 4000, None], [0, 5000, None]]
    events: Events = [("press", 500), ("press", 1000), ("release", 1500), ("press", 1700), ("release", 2000)]
    events += [("press", 3000), ("advance", 4500), ("press", 5000)]
    assert play(browser, notes, [events]) == [["max 50 max miss max", 1, 2]]


def test_accuracy_weighs_judgements_as_osu_does(browser: webdriver.Chrome) -> None:
    script = """
      const { accuracyOf, errorStatistics } = await import("./player/judge.js");
      const counts = { max: 2, 300: 1, 200: 1, 100: 1, 50: 1, miss: 1 };
      return [accuracyOf(counts), accuracyOf({}), errorStatistics([-10, 10, 30]), errorStatistics([])];"""
    accuracy, of_none, statistics, none = run(browser, script)
    assert accuracy == pytest.approx((3 * 300 + 200 + 100 + 50) / (7 * 300))
    assert of_none == 1
    assert statistics["mean"] == 10
    assert statistics["unstableRate"] == pytest.approx(163.299, abs=0.001)
    assert none is None


def test_default_keys_are_those_of_osu(browser: webdriver.Chrome) -> None:
    script = """
      const { defaultKeys, keyName } = await import("./player/keys.js");
      return args[0].map((keys) => defaultKeys(keys).map(keyName).join(" "));"""
    assert run(browser, script, [1, 4, 5, 7, 8, 9, 10]) == [
        "Space",
        "D F J K",
        "D F Space J K",
        "S D F Space J K L",
        "A S D F J K L ;",
        "A S D F Space J K L ;",
        "A S D F V N J K L ;",
    ]
    assert run(browser, script, [14, 18]) == ["W E R V I O P D F G B J K L", "Q W E R V I O P [ S D F G B J K L ;"]
    each = run(browser, script, list(range(1, 19)))
    assert [len(set(names.split())) for names in each] == list(range(1, 19))


def test_the_histogram_has_its_middle_at_zero(browser: webdriver.Chrome) -> None:
    script = 'return (await import("./player/results.js")).histogramOf([-30, -9, -1, 0, 1, 2, 4, 99], 4, 12);'
    assert run(browser, script) == [1, 1, 0, 3, 2, 0, 1]
