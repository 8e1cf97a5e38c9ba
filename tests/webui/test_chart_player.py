"""Charts as the JSON of the player, and the player as a part of a gradio page."""

import urllib.request
from collections.abc import Iterator

import gradio as gr
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.shadowroot import ShadowRoot
from selenium.webdriver.support.ui import WebDriverWait

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.webui.chart_player import PLAYER_FOLDER, chart_json, chart_player, player_routes, player_value


def test_a_chart_is_json_of_plain_numbers() -> None:
    notes = [Note(1000.0, 2), Note(500.0, 0, 900.0)]
    chart = Beatmap(4, notes, [TimingPoint(0.0, 500.0, 3)], title="T", artist="A", version="V", overall_difficulty=7.0)
    found = chart_json(chart)
    assert found["notes"] == [[0, 500.0, 900.0], [2, 1000.0, None]]
    assert found["timing_points"] == [{"time_ms": 0.0, "beat_ms": 500.0, "meter": 3}]
    assert [found[name] for name in ("keys", "od", "title", "artist", "version")] == [4, 7.0, "T", "A", "V"]
    assert found["passages"]["density"] == [1.25, 1.25]
    assert len(found["passages"]["stars"]) == 2


def test_findings_come_with_the_chart() -> None:
    notes = sorted([*(Note(1000.0 + 250 * i, i % 4) for i in range(200)), Note(1060.0, 0)])
    findings = chart_json(Beatmap(4, notes, [TimingPoint(0.0, 500.0)]))["findings"]
    assert findings[0] == {"time_ms": 1000.0, "text": "minijack of 60 ms, too fast for Easy", "severity": "warning"}


def test_scroll_tricks_are_no_tempo() -> None:
    points = [TimingPoint(0.0, 500.0), TimingPoint(100.0, 1e-9), TimingPoint(200.0, 1e9)]
    assert len(chart_json(Beatmap(4, [Note(0.0, 0)], points))["timing_points"]) == 1


def test_a_player_without_a_song_has_no_audio() -> None:
    assert player_value([], None) == {"charts": [], "audio": None, "selected": 0}


def test_every_script_of_the_player_is_short_and_local() -> None:
    scripts = sorted(PLAYER_FOLDER.glob("*.js"))
    assert len(scripts) > 10
    for path in scripts:
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 300, path
        assert max(map(len, text.splitlines())) <= 120, path
        assert "http" not in text.replace("https://osu.ppy.sh/wiki/", ""), path


@pytest.fixture
def gradio_page(browser: webdriver.Chrome) -> Iterator[webdriver.Chrome]:
    """A tab with a page that has a player, a button for a new version, and what Python heard of the player."""

    def versions(names: str) -> dict[str, object]:
        notes = [Note(250.0 * i, i % 4) for i in range(40)]
        charts = [Beatmap(4, notes, [TimingPoint(0.0, 500.0)], title="Song", version=name) for name in names.split()]
        return player_value(charts, None, selected=len(charts) - 1)

    def heard(event: gr.EventData) -> str:
        return f"{event.from_ms} {event.to_ms} {event.columns}"

    with gr.Blocks(analytics_enabled=False) as page:
        player = chart_player()
        said = gr.Textbox(elem_id="heard")
        again = gr.Button(elem_id="again")
        page.load(lambda: versions("first"), None, player)
        again.click(lambda: versions("first second"), None, player)
        player.selection(heard, None, said)
    page.launch(prevent_thread_lock=True, quiet=True, ssr_mode=False, app_kwargs={"routes": player_routes()})
    first = browser.current_window_handle
    browser.switch_to.new_window("tab")
    try:
        browser.get(page.local_url)
        yield browser
    finally:
        browser.close()
        browser.switch_to.window(first)
        page.close()


def test_python_hears_of_selections_and_new_versions_leave_the_position(gradio_page: webdriver.Chrome) -> None:
    wait = WebDriverWait(gradio_page, 20, poll_frequency=0.1)

    def player(driver: webdriver.Chrome) -> ShadowRoot | None:
        found = driver.find_elements(By.CSS_SELECTOR, "#player .chart-player")
        loaded = "return arguments[0].shadowRoot?.querySelector('.title')?.textContent === 'Song'"
        return found[0].shadow_root if found and driver.execute_script(loaded, found[0]) else None

    root = wait.until(player)
    assert root is not None
    with urllib.request.urlopen(gradio_page.current_url + "player/player.js") as answer:
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.headers["Content-Type"].startswith("text/javascript")
    stage = root.find_element(By.CSS_SELECTOR, ".stage")
    stage.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, "[")
    root.find_elements(By.CSS_SELECTOR, ".lanes button")[3].click()
    heard = gradio_page.find_element(By.CSS_SELECTOR, "#heard textarea")
    wait.until(lambda _: heard.get_attribute("value") == "1000 11250 [3]")
    gradio_page.find_element(By.ID, "again").click()
    wait.until(lambda _: len(root.find_elements(By.CSS_SELECTOR, ".charts option")) == 2)
    assert root.find_element(By.CSS_SELECTOR, ".charts option:checked").text == "second"
    assert root.find_element(By.CSS_SELECTOR, ".time").text == "0:01.0 / 0:11"
    assert root.find_elements(By.CSS_SELECTOR, ".lanes button")[3].get_attribute("aria-pressed") == "true"
