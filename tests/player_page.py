"""A page with the chart player and a song of clicks, one each half second, for tests in a real Chromium."""

import functools
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import soundfile
from selenium import webdriver

from mug.charts.beatmap import Beatmap
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
    """Serves the scripts of the page, and the page and its song from memory."""

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        content = {"/": ("text/html", PAGE.encode()), "/song.wav": ("audio/wav", clicks())}.get(self.path)
        if content is None:
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


@contextmanager
def player_page(driver: webdriver.Chrome) -> Iterator[webdriver.Chrome]:
    """Serve the page and open it in a browser."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=PLAYER_FOLDER.parent))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    try:
        driver.set_script_timeout(30)
        driver.get(address)
        run(driver, "while (!window.ready) await new Promise((resolve) => setTimeout(resolve, 20));")
        yield driver
    finally:
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
