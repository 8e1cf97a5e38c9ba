"""The web page in a real Chromium: a song becomes charts, a chart becomes a prompt, mistakes become messages."""

import json
import sys
import threading
import time
import urllib.request

import pytest
from chromium import start_chromium
from selenium import webdriver
from selenium.webdriver.common.by import By
from studio_page import (
    PATIENCE_S,
    appears,
    ask_for_charts,
    close_messages,
    download,
    in_player,
    messages,
    open_tab,
    press,
    set_number,
    until,
    upload,
    value_of,
    versions,
    visit,
)

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import read_osu, write_osu
from mug.charts.osz import extract_osz
from mug.cli import run
from mug.commands import web
from mug.webui import make_tab
from mug.webui import page as webui
from mug.webui.charting import write_charts
from mug.webui.models import Models, describe
from mug.webui.workspaces import Workspaces


def test_a_song_becomes_charts_and_downloads(page, song, downloads, run_mug, tiny_checkpoint, tmp_path):
    ask_for_charts(page, song, count=2)
    until(page, lambda page: value_of(page, "#song-title") == "Clicks")
    assert value_of(page, "#song-artist") == "A Metronome"
    set_number(page, "#feature-sr", "5")
    appears(page, "#generate").click()
    assert [name[:5] for name in versions(page)] == ["AI v1", "AI v2"]
    assert until(page, lambda page: in_player(page, ".time").endswith("/ 0:04"))  # 3 s of song, or its last note
    assert in_player(page, ".title") == "Clicks"
    assert in_player(page, ".status") == ""  # the song was loaded
    assert in_player(page, ".charts option:checked").startswith("AI v1")
    package = download(page, downloads)
    charts = [read_osu(path) for path in extract_osz(package, tmp_path / "unpacked")]
    assert [chart.title for chart in charts] == ["Clicks", "Clicks"]
    assert all(chart.metadata["AIMode"] for chart in charts)
    assert (tmp_path / "unpacked" / "clicks.ogg").read_bytes() == song.read_bytes()
    recipe = download(page, downloads, "Recipe")  # of the first chart
    words = ("--recipe", recipe, "--audio", song, "--checkpoint", tiny_checkpoint, "--outdir", tmp_path / "out")
    assert run_mug("chart", *words).returncode == 0
    (again,) = extract_osz(*(tmp_path / "out").glob("*.osz"), tmp_path / "again")
    assert read_osu(again).notes == next(chart.notes for chart in charts if chart.version.startswith("AI v1"))


def test_two_visitors_at_once_get_their_own_charts(page, song, address, monkeypatch, tmp_path):
    second_waits = threading.Event()

    def write(*request):
        assert second_waits.wait(3 * PATIENCE_S)  # a second browser starts meanwhile
        return write_charts(*request)

    monkeypatch.setattr(make_tab, "write_charts", write)
    ask_for_charts(page, song)
    press(page, "#generate")
    until(page, lambda page: "Starting" in page.find_element(By.ID, "progress").text)
    with start_chromium(tmp_path / "profile") as other:
        try:
            visit(other, address)
            ask_for_charts(other, song, count=2)
            press(other, "#generate")
            until(other, lambda page: "queue: 1/1" in page.find_element(By.ID, "progress").text)
        finally:
            second_waits.set()  # or the worker stays blocked for the tests that follow
        for visitor, own in ((other, 2), (page, 1)):
            assert len(versions(visitor)) == own
            visitor.refresh()
            assert len(versions(visitor)) == own


def test_a_request_needs_a_song(page):
    press(page, "#generate")
    until(page, lambda page: "Drop a song first" in messages(page))


def the_message(page: webdriver.Chrome) -> str:
    """The one message on the page, which is closed then."""
    until(page, messages)
    time.sleep(0.5)  # for a second one
    (message,) = page.find_elements(By.CSS_SELECTOR, ".toast-body")
    text = message.text
    assert "gradio" not in text  # the upload folder of this machine
    close_messages(page)
    return text


def test_bad_files_are_one_message_each_and_the_page_goes_on(page, song, tmp_path):
    text, package = tmp_path / "text.mp3", tmp_path / "broken.osz"
    text.write_text("this is not music\n" * 50)
    package.write_bytes(b"PK\x03\x04 this is no package" * 50)
    upload(page, "#audio", text)
    appears(page, "#audio button[aria-label=Clear]")
    press(page, "#generate")
    assert "text.mp3: " in the_message(page)
    open_tab(page, "Open a chart")
    upload(page, "#chart-file", package)
    assert "broken.osz: " in the_message(page)
    assert "Traceback" not in page.page_source
    open_tab(page, "Make")
    press(page, "#audio button[aria-label=Clear]")
    ask_for_charts(page, song)
    press(page, "#generate")
    assert len(versions(page)) == 1


def test_a_chart_becomes_a_prompt(page, tmp_path):
    path = tmp_path / "chart.osu"
    notes = [Note(250.0 * i, i % 4, 250.0 * i + 200 if i % 4 == 0 else None) for i in range(120)]
    write_osu(Beatmap(4, notes, [TimingPoint(0.0, 500.0)]), path)
    open_tab(page, "Open a chart")
    upload(page, "#chart-file", path)
    assert "Star rating" in appears(page, "#features").text
    until(page, lambda page: page.find_element(By.ID, "copy").is_enabled())
    page.find_element(By.ID, "copy").click()
    ratio = appears(page, "#feature-ln_ratio input[type=number]").get_attribute("value")
    assert float(ratio) == 0.25
    assert value_of(page, "#feature-sr") != "4"


def test_a_broken_chart_becomes_a_message(page, tmp_path):
    path = tmp_path / "broken.osu"
    path.write_text("osu file format v14\n\n[General]\nMode: 0\n")
    open_tab(page, "Open a chart")
    upload(page, "#chart-file", path)
    until(page, lambda page: "broken.osu: " in messages(page))
    assert not page.find_element(By.ID, "copy").is_enabled()


def test_a_page_behind_a_proxy_knows_its_place(tiny_checkpoint, tmp_path):
    workspaces = Workspaces(tmp_path)
    models = Models([describe(tiny_checkpoint)])
    page = webui.serve(models, "127.0.0.1", port=None, block=False, root_path="/mug", workspaces=workspaces)
    try:
        with urllib.request.urlopen(f"{page.local_url}config") as answer:
            assert json.load(answer)["root"].endswith("/mug")
    finally:
        page.close()


def test_nothing_comes_from_elsewhere(page, address):
    page.get_log("performance")
    page.get(address)
    appears(page, "#generate")
    time.sleep(0.5)  # late requests
    events = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    urls = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
    assert len(urls) > 5
    assert [url for url in urls if url.startswith(("http", "ws")) and not url.startswith(address)] == []


def test_a_missing_checkpoint_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["webui.py", "--checkpoint", str(tmp_path / "none.ckpt")])
    with pytest.raises(SystemExit, match="2"):
        run(web.main)
    assert capsys.readouterr().err == f"error: {tmp_path / 'none.ckpt'}: no such checkpoint\n"
