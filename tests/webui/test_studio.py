"""Versions in a real Chromium: a part drawn again, two compared, undo, and a person's chart opened."""

import time
from pathlib import Path
from typing import Any

import pytest
import rosu_pp_py as rosu
from selenium import webdriver
from selenium.webdriver.common.by import By
from studio_page import (
    appears,
    download,
    draw_quickly,
    in_player,
    open_tab,
    press,
    set_number,
    until,
    upload,
    versions,
)

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import read_osu
from mug.charts.osz import extract_osz, pack_song

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
def charted(page: webdriver.Chrome, song: Path, tmp_path: Path) -> webdriver.Chrome:
    """The page with a person's chart of the song open, and settings that draw quickly."""
    notes = [Note(500.0, 0), Note(1000.0, 1), Note(1500.0, 2, 2000.0), Note(2500.0, 3)]
    chart = Beatmap(4, notes, [TimingPoint(0.0, 500.0)], title="Clicks", artist="A Metronome", version="Mine")
    pack_song(tmp_path / "mine.osz", [chart], song)
    open_tab(page, "Open a chart")
    upload(page, "#chart-file", tmp_path / "mine.osz")
    count_is(page, 1)
    until(page, lambda page: player(page, "return player.lengthMs > 2999 && player.song.buffer !== null;"))
    until(page, lambda page: page.find_element(By.ID, "copy").is_enabled())
    open_tab(page, "Make")
    draw_quickly(page)
    return page


def test_a_part_is_drawn_again_and_the_rest_stays(charted: webdriver.Chrome) -> None:
    before = notes(charted)
    player(charted, "player.select({ from_ms: 1000, to_ms: 2000, columns: [0, 1, 2] });")
    assert appears(charted, "#studio .part-name").text == "0:01.0 to 0:02.0, columns 1, 2, 3"
    press(charted, "#studio .again")
    count_is(charted, 2)
    after = notes(charted)

    def outside(found: list[tuple[int, float, float]]) -> list[tuple[int, float, float]]:
        return [note for note in found if not (1000 <= note[1] < 2000 and note[0] < 3)]

    assert outside(after) == outside(before)
    assert after != before
    made = charted.find_elements(By.CSS_SELECTOR, f"{STUDIO} .made")[1].text
    assert made.startswith("0:01 to 0:02, columns 1, 2, 3 drawn again, from Mine")
    assert player(charted, "return player.selection.from_ms;") == 1000  # to be drawn once more
    press(charted, "#studio .keep")
    count_is(charted, 3)
    kept = notes(charted)
    assert [note for note in kept if note not in outside(kept)] == [
        note for note in after if note not in outside(after)
    ]
    assert kept != after


def test_downloads_are_the_players_chart_and_its_recipe(
    charted: webdriver.Chrome, downloads: Path, run_mug: Any, tiny_checkpoint: Path, song: Path, tmp_path: Path
) -> None:
    player(charted, "player.select({ from_ms: 1000, to_ms: 2000, columns: [0, 1, 2] });")
    press(charted, "#studio .again")
    count_is(charted, 2)
    shown = sorted(notes(charted))
    chart = download(charted, downloads, "osu! chart")
    parsed = rosu.Beatmap(path=str(chart))
    assert (parsed.mode, parsed.n_objects, parsed.n_holds) == (
        rosu.GameMode.Mania,
        len(shown),
        sum(end > start for _, start, end in shown),
    )
    assert sorted((note.column, note.start_ms, note.last_ms) for note in read_osu(chart).notes) == shown
    recipe = download(charted, downloads, "Recipe")
    done = run_mug(
        *("chart", "--recipe", recipe, "--audio", song, "--checkpoint", tiny_checkpoint, "--outdir", tmp_path / "out")
    )
    assert done.returncode == 0, done.stderr
    (again,) = extract_osz(next((tmp_path / "out").glob("*.osz")), tmp_path / "unpacked")
    assert read_osu(again).notes == read_osu(chart).notes


def test_two_versions_are_compared_while_the_song_plays_on(charted: webdriver.Chrome) -> None:
    press(charted, "#studio .harder")  # of the whole chart
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
    assert 0 <= moved_ms < 250  # a reload of the song would take it back to its start
    assert notes(charted) != second
    stage(charted).send_keys("b", " ")
    assert notes(charted) == second
    assert [mark.text for mark in charted.find_elements(By.CSS_SELECTOR, marks)] == ["B", "A"]


def test_undo_hides_and_redo_and_a_reload_bring_back(charted: webdriver.Chrome) -> None:
    press(charted, "#studio .again")
    count_is(charted, 2)
    second = notes(charted)
    press(charted, f"{STUDIO} .undo")
    count_is(charted, 1)
    assert notes(charted) != second
    press(charted, f"{STUDIO} .redo")
    count_is(charted, 2)
    assert notes(charted) == second
    press(charted, f"{STUDIO} .hide")
    count_is(charted, 1)
    charted.refresh()
    count_is(charted, 1)
    until(charted, lambda page: in_player(page, ".title") == "Clicks")
    assert notes(charted) == second
    press(charted, f"{STUDIO} .undo")
    count_is(charted, 2)


def test_stop_ends_the_drawing_at_once(charted: webdriver.Chrome) -> None:
    set_number(charted, "#steps", "200")
    press(charted, "#studio .again")
    until(charted, lambda page: "%" in page.find_element(By.CSS_SELECTOR, "#studio .part-name").text)
    press(charted, "#studio .stop")
    began = time.monotonic()
    until(charted, lambda page: page.find_element(By.CSS_SELECTOR, "#studio .again").is_enabled())
    assert time.monotonic() - began < 5
    draw_quickly(charted)
    press(charted, "#studio .again")  # the worker is free
    count_is(charted, 2)


def test_a_persons_chart_opens_with_its_notes_at_the_clicks(charted: webdriver.Chrome) -> None:
    script = """
      const { player } = document.querySelector("#studio .chart-player");
      const done = arguments[arguments.length - 1];
      const nextFrame = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      const isNote = (column) => {
        const { layout, context, colours } = player.field;
        const x = Math.round(layout.left + (column + 0.5) * layout.laneWidth);
        const y = Math.round(layout.lineY + 6 * layout.direction);
        const rgb = Array.from(context.getImageData(x, y, 1, 1).data.slice(0, 3));
        const hex = rgb.map((n) => n.toString(16).padStart(2, "0")).join("");
        return ["outer", "inner"].some((name) => colours[name] === `#${hex}`);
      };
      const samples = player.song.buffer.getChannelData(0);
      const isLoud = (ms) => {
        const at = Math.round((ms / 1000) * player.song.buffer.sampleRate);
        return samples.slice(at - 100, at + 100).some((sample) => Math.abs(sample) > 0.3);
      };
      (async () => {
        const seen = [];
        for (const ms of [500, 750, 1000, 1500, 1800, 2500]) {
          player.seek(ms - 1);
          await nextFrame();
          seen.push([ms, isLoud(ms), [0, 1, 2, 3].filter(isNote)]);
        }
        done(seen);
      })();"""
    assert charted.execute_async_script(script) == [
        [500, True, [0]],
        [750, False, []],
        [1000, True, [1]],
        [1500, True, [2]],
        [1800, False, [2]],
        [2500, True, [3]],
    ]
    assert appears(charted, f"{STUDIO} .made").text == "opened"
    open_tab(charted, "Open a chart")
    press(charted, "#copy")
    assert float(appears(charted, "#feature-ln_ratio input[type=number]").get_attribute("value")) == 0.25
