"""Versions in a real Chromium: a part drawn again, two compared, undo, and a person's chart opened."""

from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from studio_page import appears, ask_for_charts, in_player, messages, until, versions

STUDIO = "#studio .versions"


def player(driver: webdriver.Chrome, script: str) -> Any:
    """Run the body of a function of `player`, and return what it returns."""
    found = "const player = document.querySelector('#studio .chart-player').player;"
    return driver.execute_script(found + script)


def notes(driver: webdriver.Chrome) -> list[tuple[int, float, float]]:
    """The notes that the player shows: column, start and end."""
    script = """return player.chart.columns.flatMap((column, i) =>
        Array.from(column.starts, (start, n) => [i, start, column.ends[n]]));"""
    return [tuple(note) for note in player(driver, script)]


def stage(driver: webdriver.Chrome) -> Any:
    root = driver.find_element(By.CSS_SELECTOR, "#studio .chart-player").shadow_root
    return root.find_element(By.CSS_SELECTOR, ".stage")


def count_is(driver: webdriver.Chrome, count: int) -> None:
    until(driver, lambda page: len(versions(page)) == count)


@pytest.fixture
def charted(page: webdriver.Chrome, song: Path) -> webdriver.Chrome:
    """The page with a chart of the song."""
    ask_for_charts(page, song)
    appears(page, "#generate").click()
    count_is(page, 1)
    until(page, lambda page: in_player(page, ".status") == "" and player(page, "return player.lengthMs > 3000"))
    return page


def test_a_part_is_drawn_again_and_the_rest_stays(charted: webdriver.Chrome) -> None:
    before = notes(charted)
    player(charted, "player.select({ from_ms: 1000, to_ms: 2000, columns: [0, 1, 2] });")
    assert appears(charted, "#studio .part-name").text == "0:01.0 to 0:02.0, columns 1, 2, 3"
    appears(charted, "#studio .again").click()
    count_is(charted, 2)
    after = notes(charted)

    def outside(found: list[tuple[int, float, float]]) -> list[tuple[int, float, float]]:
        return [note for note in found if not (1000 <= note[1] < 2000 and note[0] < 3)]

    assert outside(after) == outside(before)
    assert after != before
    made = charted.find_elements(By.CSS_SELECTOR, f"{STUDIO} .made")[1].text
    assert made.startswith("0:01 to 0:02, columns 1, 2, 3 drawn again, from AI v1")
    assert player(charted, "return player.selection.from_ms;") == 1000  # to be drawn once more
    charted.find_element(By.CSS_SELECTOR, "#studio .keep").click()
    count_is(charted, 3)
    kept = notes(charted)
    assert [note for note in kept if note not in outside(kept)] == [
        note for note in after if note not in outside(after)
    ]
    assert kept != after


def test_two_versions_are_compared_while_the_song_plays_on(charted: webdriver.Chrome) -> None:
    appears(charted, "#studio .harder").click()  # of the whole chart
    count_is(charted, 2)
    marks = f"{STUDIO} .mark"
    assert [mark.text for mark in charted.find_elements(By.CSS_SELECTOR, marks)] == ["B", "A"]
    second = notes(charted)
    stage(charted).send_keys(" ")
    until(charted, lambda page: player(page, "return player.positionMs > 200;"))
    switched = """
      const before = player.positionMs;
      document.querySelector("#studio .compare").click();
      return [player.song.isPlaying, player.positionMs - before];"""
    plays, moved_ms = player(charted, switched)
    assert plays
    assert 0 <= moved_ms < 50
    assert notes(charted) != second
    stage(charted).send_keys("b", " ")
    assert notes(charted) == second
    assert [mark.text for mark in charted.find_elements(By.CSS_SELECTOR, marks)] == ["B", "A"]
    assert messages(charted) == ""


def test_undo_hides_and_redo_and_a_reload_bring_back(charted: webdriver.Chrome) -> None:
    charted.find_element(By.CSS_SELECTOR, "#studio .again").click()
    count_is(charted, 2)
    second = notes(charted)
    appears(charted, f"{STUDIO} .undo").click()
    count_is(charted, 1)
    assert notes(charted) != second
    appears(charted, f"{STUDIO} .redo").click()
    count_is(charted, 2)
    assert notes(charted) == second
    appears(charted, f"{STUDIO} .hide").click()
    count_is(charted, 1)
    charted.refresh()
    count_is(charted, 1)
    until(charted, lambda page: in_player(page, ".title") == "Clicks")
    assert notes(charted) == second
    appears(charted, f"{STUDIO} .undo").click()
    count_is(charted, 2)
