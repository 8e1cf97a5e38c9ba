"""The player in a real Chromium: what the canvas shows at known times, the clock, test play, selections.

The page has the player and a song of clicks, one each half second; each test shows its own chart.
"""

import functools
import io
import json
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest
import soundfile
from chromium import start_chromium
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.webui.chart_player import PLAYER_FOLDER, chart_json

SONG_S, SONG_HZ = 8, 22050
PAGE = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<body style="margin: 0"><div id="player"></div>
<script type="module">
import { mountPlayer } from "./player/player.js";
window.player = await mountPlayer(document.getElementById("player"));
// What has the colour at a place of the playfield: in a column, `ms` in front of the line, and `px` further ahead.
window.seenAt = (column, ms, px, names) => {
  const { layout, context, colours } = player.field;
  const scale = layout.travel / ((11485 / player.settings.scrollSpeed) * player.song.rate);
  const x = Math.round(layout.left + (column + 0.5) * layout.laneWidth);
  const y = Math.round(layout.lineY + layout.direction * ms * scale) + layout.direction * px;
  const rgb = Array.from(context.getImageData(x, y, 1, 1).data.slice(0, 3), (n) => n.toString(16).padStart(2, "0"));
  return names.find((name) => colours[name] === `#${rgb.join("")}`) ?? "-";
};
window.notesAt = (ms, px = 6) =>
  player.chart.columns.map((_, column) => seenAt(column, ms, px, ["outer", "inner", "centre"]));
window.nextFrame = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
window.ready = true;
</script>"""


class Files(SimpleHTTPRequestHandler):
    """Serves the player's folder, and the page and its song from memory."""

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        content = {"/": ("text/html", PAGE.encode()), "/song.wav": ("audio/wav", clicks())}.get(self.path)
        if content is None:
            self.path = self.path.removeprefix("/player")
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", content[0])
        self.send_header("Content-Length", str(len(content[1])))
        self.end_headers()
        self.wfile.write(content[1])


@functools.cache
def clicks() -> bytes:
    samples = np.zeros(SONG_S * SONG_HZ, np.float32)
    for start in range(0, len(samples), SONG_HZ // 2):
        samples[start : start + 60] = 0.9 * np.sin(np.arange(60))
    file = io.BytesIO()
    soundfile.write(file, samples, SONG_HZ, format="WAV")
    return file.getvalue()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=PLAYER_FOLDER))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    driver = start_chromium(tmp_path_factory.mktemp("chromium"))
    driver.set_script_timeout(30)
    try:
        driver.get(f"http://127.0.0.1:{server.server_port}/")
        run(driver, "while (!window.ready) await new Promise((resolve) => setTimeout(resolve, 20));")
        yield driver
        assert [line for line in driver.get_log("browser") if line["level"] == "SEVERE"] == []
    finally:
        driver.quit()
        server.shutdown()
        server.server_close()


def run(driver: webdriver.Chrome, script: str, *args: Any) -> Any:
    """Run an async JavaScript function body with `args` and return what it returns."""
    wrapped = f"""
      const done = arguments[arguments.length - 1];
      const args = JSON.parse(arguments[0]);
      (async () => {{ {script} }})().then(
        (value) => done([true, value ?? null]), (error) => done([false, String(error.stack)]));"""
    is_well, value = driver.execute_async_script(wrapped, json.dumps(args))
    assert is_well, value
    return value


def show(driver: webdriver.Chrome, chart: Beatmap) -> None:
    """Show a chart in a player that is otherwise as new."""
    script = """
      player.pause(); player.select(null); player.setTestPlay(false);
      await player.show({ charts: [args[0]], audioUrl: "song.wav" });
      await player.setRate(1); player.seek(0); await nextFrame();"""
    run(driver, script, chart_json(chart))


def four_keys() -> Beatmap:
    notes = [Note(1000.0, 0), Note(1500.0, 1), Note(2000.0, 2, 2600.0), Note(3000.0, 3)]
    return Beatmap(4, notes, [TimingPoint(0.0, 500.0)])


def test_notes_are_at_the_line_at_their_time(browser: webdriver.Chrome) -> None:
    show(browser, four_keys())
    script = """
      const seen = [];
      for (const ms of args[0]) { player.seek(ms); await nextFrame(); seen.push(notesAt(0)); }
      return seen;"""
    assert run(browser, script, [999, 1499, 1999, 2300, 2999, 3500]) == [
        ["outer", "-", "-", "-"],
        ["-", "inner", "-", "-"],
        ["-", "-", "inner", "-"],
        ["-", "-", "inner", "-"],  # a long note stays while it is held
        ["-", "-", "-", "outer"],
        ["-", "-", "-", "-"],
    ]


def test_notes_ahead_come_from_either_side(browser: webdriver.Chrome) -> None:
    show(browser, four_keys())
    script = """
      const seen = [];
      for (const up of [false, true]) {
        player.settings.upScroll = up; player.applySettings(); player.seek(800); await nextFrame();
        seen.push([player.field.layout.direction, notesAt(200, 6)[0], notesAt(200, -6)[0], notesAt(0, 6)[0]]);
      }
      player.settings.upScroll = false; player.applySettings();
      return seen;"""
    assert run(browser, script) == [[-1, "outer", "-", "-"], [1, "outer", "-", "-"]]


def test_seven_keys_have_seven_lanes(browser: webdriver.Chrome) -> None:
    show(browser, Beatmap(7, [Note(1000.0 + 200 * column, column) for column in range(7)], [TimingPoint(0.0, 500.0)]))
    script = """
      const seen = [];
      for (let i = 0; i < 7; i++) { player.seek(999 + 200 * i); await nextFrame(); seen.push(notesAt(0)); }
      return [seen, player.root.querySelector(".lanes").textContent];"""
    seen, keys = run(browser, script)
    kinds = ["outer", "inner", "outer", "centre", "outer", "inner", "outer"]
    assert seen == [["-"] * i + [kind] + ["-"] * (6 - i) for i, kind in enumerate(kinds)]
    assert keys == "SDFSpaceJKL"


def test_tempo_changes_have_their_own_lines(browser: webdriver.Chrome) -> None:
    points = [TimingPoint(100.0, 500.0), TimingPoint(2100.0, 300.0, 3)]
    show(browser, Beatmap(4, [Note(6000.0, 0)], points))
    script = """
      const seen = [];
      for (const ms of args[0]) {
        player.seek(ms - 100); await nextFrame();
        seen.push(seenAt(1, 100, 0, ["measure", "beat", "lane"]));
      }
      return seen;"""
    times = [600, 1100, 1350, 2100, 2400, 2600, 2700, 3000]
    assert run(browser, script, times) == ["beat", "beat", "lane", "measure", "beat", "lane", "beat", "measure"]


def test_the_picture_is_within_a_frame_of_the_sound(browser: webdriver.Chrome) -> None:
    show(browser, four_keys())
    script = """
      await player.play();
      const off = [];
      while (player.positionMs < 900) {
        await new Promise((resolve) => requestAnimationFrame(resolve));
        const { context } = player.song;
        const heardMs = 1000 * (context.currentTime - context.outputLatency - (player.song.contextTimeOf(0)));
        if (player.positionMs > 200) off.push(player.drawnMs - heardMs);
      }
      player.pause();
      return off;"""
    off = run(browser, script)
    assert len(off) > 5
    assert abs(float(np.median(off))) < 17


@pytest.mark.parametrize("rate", [0.5, 1.5])
def test_at_any_rate_the_chart_follows_the_sound(browser: webdriver.Chrome, rate: float) -> None:
    show(browser, four_keys())
    script = """
      await player.setRate(args[0]); player.seek(1000); await player.play();
      const at = () => [player.song.context.currentTime, player.song.positionMs()];
      await new Promise((resolve) => setTimeout(resolve, 250));
      const [t0, p0] = at();
      await new Promise((resolve) => setTimeout(resolve, 700));
      const [t1, p1] = at();
      player.pause(); player.setRate(1);
      return (p1 - p0) / (1000 * (t1 - t0));"""
    assert run(browser, script, rate) == pytest.approx(rate, abs=0.04)


@pytest.mark.parametrize("rate", [0.5, 0.75, 1.3])
def test_stretching_moves_no_click_and_keeps_the_pitch(browser: webdriver.Chrome, rate: float) -> None:
    script = """
      const { stretch } = await import("./player/stretch.js");
      const hz = 16000;
      const tone = Float32Array.from({ length: 2 * hz }, (_, i) => 0.1 * Math.sin((2 * Math.PI * 440 * i) / hz));
      for (let at = hz / 2; at < tone.length; at += hz / 2)
        for (let i = 0; i < 48; i++) tone[at + i] = i % 8 < 4 ? 1 : -1;
      const [out] = stretch([tone], hz, args[0]);
      const loud = [];
      out.forEach((sample, i) => { if (sample > 0.3 && (!loud.length || i - loud.at(-1) > 1000)) loud.push(i); });
      let crossings = 0;
      for (let i = 1; i < out.length; i++) if (out[i - 1] < 0 && out[i] >= 0) crossings++;
      return [out.length, loud.map((i) => (1000 * i) / hz), crossings / (out.length / hz)];"""
    length, clicks_ms, hz = run(browser, script, rate)
    assert length == round(32000 / rate)
    assert [round(ms * rate / 500) for ms in clicks_ms] == [1, 2, 3]
    assert max(abs(ms * rate - 500 * (i + 1)) for i, ms in enumerate(clicks_ms)) < 10
    assert hz == pytest.approx(440, rel=0.03)


def test_a_drag_selects_from_beat_to_beat(browser: webdriver.Chrome) -> None:
    show(browser, four_keys())
    run(browser, 'window.told = []; player.addEventListener("selection", ({ detail }) => told.push(detail));')
    root = browser.find_element(By.ID, "player").shadow_root
    bar = root.find_element(By.CSS_SELECTOR, ".overview")
    width = bar.size["width"]

    def x_of(ms: float) -> int:  # from the middle
        return round(width * (ms / (1000 * SONG_S) - 0.5))

    actions = ActionChains(browser, duration=50).move_to_element_with_offset(bar, x_of(1040), 10).click_and_hold()
    actions.move_to_element_with_offset(bar, x_of(3030), 10).release().perform()
    root.find_elements(By.CSS_SELECTOR, ".lanes button")[2].click()
    assert run(browser, "return told;") == [
        {"from_ms": 1000, "to_ms": 3000, "columns": []},
        {"from_ms": 1000, "to_ms": 3000, "columns": [2]},
    ]
    ActionChains(browser, duration=50).move_to_element_with_offset(bar, x_of(6000), 10).click().perform()
    assert run(browser, "return player.positionMs;") == pytest.approx(6000, abs=20)
