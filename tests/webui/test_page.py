"""The web page in a real Chromium: a song becomes charts, a chart becomes a prompt, mistakes become messages."""

import json
import sys
import time
import urllib.request

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from selenium.webdriver.common.by import By
from studio_page import (
    appears,
    ask_for_charts,
    download,
    in_player,
    messages,
    open_tab,
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
from mug.webui import page as webui
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


def test_two_people_at_once(page, song, address):
    first = page.current_window_handle
    ask_for_charts(page, song)
    page.switch_to.new_window("tab")
    second = page.current_window_handle
    try:
        visit(page, address)
        ask_for_charts(page, song)
        appears(page, "#generate").click()
        page.switch_to.window(first)
        appears(page, "#generate").click()
        assert len(versions(page)) == 1
        page.switch_to.window(second)
        assert len(versions(page)) == 1
    finally:
        page.close()
        page.switch_to.window(first)


def test_mistakes_become_messages(page, tmp_path):
    appears(page, "#generate").click()
    until(page, lambda page: "Drop a song first" in messages(page))
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"this is not music" * 50)
    upload(page, "#audio", broken)
    until(page, lambda page: page.find_elements(By.CSS_SELECTOR, "#audio button[aria-label=Clear]"))
    appears(page, "#generate").click()
    until(page, lambda page: "broken.wav: " in messages(page))
    assert "gradio" not in messages(page)  # the upload folder of this machine
    assert "Traceback" not in page.page_source


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


def test_scripts_name_inputs_and_hear_of_mistakes(address):
    client = Client(address, verbose=False)
    endpoint = client.view_api(return_format="dict")["named_endpoints"]["/generate"]
    names = [parameter["parameter_name"] for parameter in endpoint["parameters"]]
    assert names[:3] == ["audio", "title", "artist"]
    assert {"use_sr", "sr", "chart_type", "steps", "seed", "count"} <= set(names)
    with pytest.raises(AppError, match="Drop a song first"):
        client.predict(None, "t", "a", api_name="/generate")
    client.close()


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
