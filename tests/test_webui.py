"""The web page in a real Chromium: a song becomes charts, a chart becomes a prompt, mistakes become messages."""

import json
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from chromium import start_chromium
from gradio_client import Client
from gradio_client.exceptions import AppError
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait
from tiny_model import save_tiny_checkpoint

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import read_osu, write_osu
from mug.charts.osz import extract_osz
from mug.cli import run
from mug.commands import web
from mug.webui import page as webui
from mug.webui.models import Models, describe

PATIENCE_S = 40


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    checkpoints = [save_tiny_checkpoint(tmp_path_factory.mktemp("run") / f"{k}-keys.ckpt", keys=k) for k in (4, 7)]
    page = webui.serve(Models([describe(path) for path in checkpoints]), "127.0.0.1", port=None, block=False)
    yield page.local_url
    page.close()


@pytest.fixture(scope="module")
def downloads(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def browser(tmp_path_factory, downloads) -> Iterator[webdriver.Chrome]:
    prefs = {"download.default_directory": str(downloads)}
    driver = start_chromium(tmp_path_factory.mktemp("chromium"), prefs, log="performance")
    yield driver
    driver.quit()


@pytest.fixture
def page(browser, address) -> webdriver.Chrome:
    """The browser with the page freshly loaded."""
    browser.get(address)
    appears(browser, "#generate")
    return browser


@pytest.fixture(scope="module")
def clicks() -> np.ndarray:
    """Three seconds of clicks, two a second, at 22050 Hz."""
    samples = np.random.default_rng(0).normal(0, 0.01, 3 * 22050)
    samples[:: 22050 // 2] = 0.9
    return samples


def wait(driver) -> WebDriverWait:
    return WebDriverWait(driver, PATIENCE_S, poll_frequency=0.1)


def appears(driver, selector: str):
    """Wait for an element to be on the page and visible."""
    return wait(driver).until(
        lambda page: next((e for e in page.find_elements(By.CSS_SELECTOR, selector) if e.is_displayed()), None)
    )


def upload(driver, selector: str, path: Path) -> None:
    wait(driver).until(lambda page: page.find_elements(By.CSS_SELECTOR, f"{selector} input[type=file]"))[0].send_keys(
        str(path)
    )


def set_number(driver, selector: str, value: str) -> None:
    appears(driver, f"{selector} input[type=number]").send_keys(Keys.CONTROL, "a", Keys.NULL, value, Keys.TAB)


def ask_for_charts(driver, song: Path, count: int = 1) -> None:
    upload(driver, "#audio", song)
    appears(driver, "#audio button[aria-label=Clear]")
    appears(driver, "#sampling button").click()
    set_number(driver, "#steps", "4")
    set_number(driver, "#count", str(count))


def value_of(driver, selector: str) -> str:
    return driver.find_element(By.CSS_SELECTOR, f"{selector} :is(textarea, input)").get_attribute("value")


def in_player(driver, selector: str) -> str:
    """The text of a part of the chart player."""
    script = "return document.querySelector('#player .chart-player').shadowRoot.querySelector(arguments[0]).textContent"
    return driver.execute_script(script, selector)


def messages(driver) -> str:
    return " ".join(toast.text for toast in driver.find_elements(By.CSS_SELECTOR, ".toast-body"))


def test_a_song_becomes_charts_and_a_package(page, clicks, downloads, tmp_path):
    song = tmp_path / "clicks.ogg"
    with soundfile.SoundFile(song, "w", 22050, 1) as file:
        file.title, file.artist = "Clicks", "A Metronome"
        file.write(clicks)
    ask_for_charts(page, song, count=2)
    wait(page).until(lambda page: value_of(page, "#song-title") == "Clicks")
    assert value_of(page, "#song-artist") == "A Metronome"
    set_number(page, "#feature-sr", "5")
    appears(page, "#generate").click()
    table = appears(page, "#results").text
    assert "5.00" in table  # asked
    assert "any" in table  # the ratio of long notes was not given
    assert wait(page).until(lambda page: in_player(page, ".time").endswith("/ 0:04"))  # 3 s of song, or its last note
    assert in_player(page, ".title") == "Clicks"
    assert in_player(page, ".status") == ""  # the song was loaded
    assert in_player(page, ".charts option:checked").startswith("AI v1")
    appears(page, "#package").click()
    wait(page).until(lambda _: list(downloads.glob("*.osz")))
    (package,) = downloads.glob("*.osz")
    charts = [read_osu(path) for path in extract_osz(package, tmp_path / "unpacked")]
    assert [chart.title for chart in charts] == ["Clicks", "Clicks"]
    assert all(chart.metadata["AIMode"] for chart in charts)
    assert (tmp_path / "unpacked" / "clicks.ogg").read_bytes() == song.read_bytes()


def test_two_people_at_once(page, clicks, address, tmp_path):
    song = tmp_path / "clicks.wav"
    soundfile.write(song, clicks, 22050)
    first = page.current_window_handle
    ask_for_charts(page, song)
    page.switch_to.new_window("tab")
    try:
        page.get(address)
        ask_for_charts(page, song)
        appears(page, "#generate").click()
        page.switch_to.window(first)
        appears(page, "#generate").click()
        appears(page, "#results")
        page.switch_to.window(next(handle for handle in page.window_handles if handle != first))
        appears(page, "#results")
    finally:
        page.close()
        page.switch_to.window(first)


def test_mistakes_become_messages(page, tmp_path):
    appears(page, "#generate").click()
    wait(page).until(lambda page: "Drop a song first" in messages(page))
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"this is not music" * 50)
    upload(page, "#audio", broken)
    wait(page).until(lambda page: page.find_elements(By.CSS_SELECTOR, "#audio button[aria-label=Clear]"))
    appears(page, "#generate").click()
    wait(page).until(lambda page: "broken.wav: " in messages(page))
    assert "gradio" not in messages(page)  # the upload folder of this machine
    assert "Traceback" not in page.page_source


def test_a_chart_becomes_a_prompt(page, tmp_path):
    path = tmp_path / "chart.osu"
    notes = [Note(250.0 * i, i % 4, 250.0 * i + 200 if i % 4 == 0 else None) for i in range(120)]
    write_osu(Beatmap(4, notes, [TimingPoint(0.0, 500.0)]), path)
    page.find_elements(By.CSS_SELECTOR, "button[role=tab]")[1].click()
    upload(page, "#chart-file", path)
    assert "Star rating" in appears(page, "#features").text
    wait(page).until(lambda page: page.find_element(By.ID, "copy").is_enabled())
    page.find_element(By.ID, "copy").click()
    ratio = appears(page, "#feature-ln_ratio input[type=number]").get_attribute("value")
    assert float(ratio) == 0.25
    assert value_of(page, "#feature-sr") != "4"


def test_a_broken_chart_becomes_a_message(page, tmp_path):
    path = tmp_path / "broken.osu"
    path.write_text("osu file format v14\n\n[General]\nMode: 0\n")
    page.find_elements(By.CSS_SELECTOR, "button[role=tab]")[1].click()
    upload(page, "#chart-file", path)
    wait(page).until(lambda page: "broken.osu: " in messages(page))
    assert not page.find_element(By.ID, "copy").is_enabled()


def test_scripts_name_inputs_and_hear_of_mistakes(address):
    client = Client(address, verbose=False)
    endpoint = client.view_api(return_format="dict")["named_endpoints"]["/generate"]
    names = [parameter["parameter_name"] for parameter in endpoint["parameters"]]
    assert names[:3] == ["audio", "title", "artist"]
    assert {"use_sr", "sr", "chart_type", "steps", "seed", "count"} <= set(names)
    with pytest.raises(AppError, match="Drop a song first"):
        client.predict(None, "t", "a", api_name="/generate")
    client.close()


def test_a_page_behind_a_proxy_knows_its_place(tiny_checkpoint):
    page = webui.serve(Models([describe(tiny_checkpoint)]), "127.0.0.1", port=None, block=False, root_path="/mug")
    try:
        with urllib.request.urlopen(f"{page.local_url}config") as answer:
            assert json.load(answer)["root"].endswith("/mug")
    finally:
        page.close()


def test_nothing_comes_from_elsewhere(browser, address):
    browser.get_log("performance")
    browser.get(address)
    appears(browser, "#generate")
    time.sleep(0.5)  # late requests
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
    assert len(urls) > 5
    assert [url for url in urls if url.startswith(("http", "ws")) and not url.startswith(address)] == []


def test_a_missing_checkpoint_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["webui.py", "--checkpoint", str(tmp_path / "none.ckpt")])
    with pytest.raises(SystemExit, match="2"):
        run(web.main)
    assert capsys.readouterr().err == f"error: {tmp_path / 'none.ckpt'}: no such checkpoint\n"
