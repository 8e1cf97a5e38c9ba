"""The page and its player as a visitor meets them: contrast, names and the keyboard, in dark and in light."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from player_page import run
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.webui.chart_player import chart_json

LOOKS = (Path(__file__).parent / "looks.js").read_text(encoding="utf-8")
SCHEMES = ("dark", "light")
CONTROLS = (
    *("button", "textbox", "slider", "spinbutton", "checkbox", "radio", "combobox"),
    *("tab", "link", "listbox", "switch"),
)


@pytest.fixture(scope="module")
def page(browser: webdriver.Chrome, address: str) -> Iterator[webdriver.Chrome]:
    """A tab with the whole page: every accordion open, two versions of a chart with findings, a part selected."""
    first = browser.current_window_handle
    browser.switch_to.new_window("tab")
    try:
        browser.get(address)
        mounted = "return !!document.querySelector('.chart-player')?.player"
        WebDriverWait(browser, 60, poll_frequency=0.1).until(lambda driver: driver.execute_script(mounted))
        run(
            browser,
            """
            const blob = URL.createObjectURL(new Blob([args[1]], { type: "text/javascript" }));
            window.looks = await import(blob);
            for (const closed of document.querySelectorAll(".gr-accordion > button:not(.open)")) closed.click();
            const root = (window.gradio_config?.root ?? "").replace(/[/]$/, "");
            const { mountStudio } = await import(root + "/studio/studio.js");
            const studio = await mountStudio(document.querySelector(".studio"), () => {});
            const chart = { url: URL.createObjectURL(new Blob([JSON.stringify(args[0])])) };
            const figures = { stars: 4.2, notes: 201, long: 0.1, skills: ["Streams", "Jacks"], repeats: 0.4 };
            const version = { made: "0:06 to 0:12, columns 1 and 2 drawn again", chart };
            const versions = [1, 2].map((id) => ({
              ...version, id, parent: id > 1 ? id - 1 : null, name: `AI v${id} 4.2*`,
              figures: { ...figures, problems: id, warnings: 2 },
            }));
            await studio.show({ song: "a", audio: null, versions, current: 2, can_undo: true, can_redo: false });
            studio.player.select({ from_ms: 1000, to_ms: 3000, columns: [1] });
            await new Promise((resolve) => setTimeout(resolve, 500));""",
            crowded_chart(),
            LOOKS,
        )
        yield browser
    finally:
        browser.close()
        browser.switch_to.window(first)


def crowded_chart() -> dict[str, Any]:
    notes = sorted([*(Note(1000.0 + 250 * i, i % 4) for i in range(200)), Note(1060.0, 0)])
    return chart_json(Beatmap(4, notes, [TimingPoint(0.0, 500.0)], title="Song", artist="Artist", version="Easy"))


def choose(page: webdriver.Chrome, scheme: str) -> None:
    if page.execute_script("return document.documentElement.dataset.scheme") != scheme:
        page.find_element(By.CSS_SELECTOR, "button.scheme").click()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_texts_and_controls_stand_out_from_their_background(page: webdriver.Chrome, scheme: str) -> None:
    choose(page, scheme)
    run(page, "await new Promise((resolve) => setTimeout(resolve, 300));")  # transitions of colours
    assert page.execute_script("return looks.faintTexts()") == []
    assert page.execute_script("return looks.faintControls()") == []


def nameless(page: webdriver.Chrome) -> list[Any]:
    """The controls without an accessible name: their elements and attributes."""
    nodes = page.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    controls = [node for node in nodes if node.get("role", {}).get("value") in CONTROLS and not node["ignored"]]
    assert len(controls) > 40
    without = [node["backendDOMNodeId"] for node in controls if not node.get("name", {}).get("value", "").strip()]
    found = [page.execute_cdp_cmd("DOM.describeNode", {"backendNodeId": node})["node"] for node in without]
    return [(node["localName"], node["attributes"]) for node in found]


def test_every_control_has_a_name(page: webdriver.Chrome) -> None:
    for _ in range(20):  # what the page restores gets its names a moment later
        found = nameless(page)
        if not found:
            break
        time.sleep(0.25)
    assert found == []


def test_the_keyboard_reaches_everything_and_leaves_it_again(page: webdriver.Chrome) -> None:
    page.execute_script(
        """const start = Object.assign(document.createElement("span"), { tabIndex: -1 });
           document.body.prepend(start); start.focus(); start.remove();"""
    )
    stops: list[Any] = []
    for _ in range(250):
        ActionChains(page).send_keys(Keys.TAB).perform()
        stop = page.execute_script("return looks.focused()")
        if stop is None or (stops and stop[0] == stops[0][0]):
            break
        stops.append(stop)
    ids = [stop[0] for stop in stops]
    assert len(ids) == len(set(ids)), "the focus went in a circle"
    assert [name for _, name, ring, seen in stops if not (ring and seen)] == []
    walked = " ".join(name for _, name, _, _ in stops)
    for part in ("button.scheme", "#generate", "#song-title", "div.stage", "div.overview", "button.play"):
        assert part in walked
    ActionChains(page).key_down(Keys.SHIFT).send_keys(Keys.TAB).send_keys(Keys.TAB).key_up(Keys.SHIFT).perform()
    back = page.execute_script("return looks.focused()")
    assert back is not None
    assert back[0] in ids[-3:]


@pytest.mark.parametrize("width", [360, 768, 1280, 1920])
def test_nothing_is_wider_than_the_window(page: webdriver.Chrome, width: int) -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        assert page.execute_script("return looks.overhang()") == []
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_choice_of_light_is_kept_and_reaches_the_player(page: webdriver.Chrome, address: str) -> None:
    choose(page, "light")
    script = "return document.querySelector('.chart-player').dataset.scheme"
    assert page.execute_script(script) == "light"
    page.get(address)
    assert page.execute_script("return document.documentElement.dataset.scheme") == "light"
    page.execute_script("localStorage.clear()")
    page.get(address)
    assert page.execute_script("return document.documentElement.dataset.scheme") == "dark"
