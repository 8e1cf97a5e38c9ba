"""The timing panel as a part of the whole page: a song's tempo is detected, edited, and charted with."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from studio_page import PATIENCE_S

from mug.charts.beatmap import TimingPoint
from mug.errors import PromptError
from mug.webui.timing_panel import TimingPanel

PANEL = "document.querySelector('#song-timing .song-timing')?.shadowRoot"
FIRST_MS, BEAT_MS = 300, 400


@pytest.fixture
def beats(tmp_path: Path) -> Path:
    """Twelve seconds at 150 BPM from 300 ms on, every fourth beat louder."""
    samples = np.zeros(12 * 22050, dtype=np.float32)
    burst = np.random.default_rng(0).normal(0, 0.3, 1500) * np.exp(-np.arange(1500) / 300)
    for beat in range(28):
        start = round((FIRST_MS + beat * BEAT_MS) * 22.05)
        samples[start : start + 1500] += burst * (1.0 if beat % 4 == 0 else 0.4)
    path = tmp_path / "song.wav"
    soundfile.write(path, samples, 22050)
    return path


def test_a_song_is_heard_and_its_timing_edited(page: webdriver.Chrome, beats: Path, tmp_path: Path) -> None:
    wait = WebDriverWait(page, PATIENCE_S, poll_frequency=0.1)

    def find(selector: str) -> Any:
        return wait.until(lambda _: page.find_elements(By.CSS_SELECTOR, selector))[0]

    def in_panel(expression: str) -> Any:
        return page.execute_script(f"const panel = {PANEL}; return panel && {expression}")

    def fold() -> None:
        find("#timing > button").click()

    find("#audio input[type=file]").send_keys(str(beats))
    wait.until(lambda _: "BPM" in find("#timing > button").text)
    fold()
    wait.until(lambda _: in_panel("panel.querySelector('.heard').textContent.startsWith('Detected: ')"))
    assert float(in_panel("panel.querySelector('.first').value")) % BEAT_MS == pytest.approx(FIRST_MS, abs=5)
    chart = tmp_path / "chart.osu"
    chart.write_text("osu file format v14\n\n[General]\nMode: 3\n\n[TimingPoints]\n300,400,4,2,0,100,1,0\n")
    find("#timing-chart input[type=file]").send_keys(str(chart))
    wait.until(lambda _: in_panel("panel.querySelector('.status').textContent") == "The timing of chart.osu.")
    in_panel("panel.querySelector('.minus-10').click()")
    wait.until(lambda _: find("#timing > button").text.startswith("Timing: 150 BPM, yours"))
    fold()
    fold()
    wait.until(lambda _: in_panel("panel.querySelector('.this-timing').getAttribute('aria-checked')") == "true")
    assert in_panel("panel.querySelector('.first').value") == "290"


def test_the_visitors_timing_goes_into_the_song() -> None:
    editor: Any = "the editor"
    panel = TimingPanel(None, editor, None, None, None)  # type: ignore[arg-type]
    points = [{"time_ms": 300, "beat_ms": 400, "meter": 3}]
    song = panel.song({editor: {"points": points, "song": "x"}}, "T", "A")
    assert song.timing_points == [TimingPoint(300.0, 400.0, 3)]
    for given in (None, {"points": None}, {}):
        assert not panel.song({editor: given}, "T", "A").has_timing
    with pytest.raises(PromptError, match=r"^timing: "):
        panel.song({editor: {"points": "150"}}, "T", "A")
