"""Does the chart player draw 60 frames a second? Streams and long notes at full speed, in a headless Chromium.

    python -m benchmarks.player                    10,000 notes over three minutes, 4 and 7 keys, ten seconds each
    python -m benchmarks.player --notes 30000 --seconds 3 --throttle 4      a processor four times as slow

It needs chromium and chromedriver. Without a GPU the browser itself paints the canvas on the processor, and the
intervals of its frames include that; "draw" is the time of the player's own code.
"""

import argparse
import base64
import functools
import io
import random
import shutil
import tempfile
import threading
from collections.abc import Sequence
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import soundfile
from selenium import webdriver

from benchmarks.measure import aligned
from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.webui.chart_player import PLAYER_FOLDER, chart_json

SONG_S = 180
FLAGS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required")
SIZE_PX = (1280, 900)
HEAD = ["keys", "notes", "visible", "draw, median", "draw, p99", "frames, median", "frames, p99", "late frames"]
LATE_MS = 25.0  # one of 60 frames a second was skipped
PLAY = """
const [chart, audioUrl, seconds] = arguments;
const done = arguments[arguments.length - 1];
(async () => {
  document.body.innerHTML = '<div id="player"></div>';
  const { mountPlayer } = await import("/player.js");
  const player = await mountPlayer(document.getElementById("player"), { charts: [chart], audioUrl });
  player.seek(20000);
  await player.play();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  player.frames.length = 0;
  await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  const frames = player.frames.slice();
  const ms = player.positionMs;
  const visible = player.chart.columns.reduce((sum, column) => {
    const [first, last] = column.within(ms, ms + 11485 / player.settings.scrollSpeed);
    return sum + last - first;
  }, 0);
  player.close();
  done([frames, visible]);
})().catch((error) => done(String(error.stack)));
"""


def streams(keys: int, notes: int) -> Beatmap:
    """A chart of even chords of two with a long note in every fifth, over the whole song."""
    drawn = random.Random(0)
    step_ms = 2 * 1000 * SONG_S / notes
    chart: list[Note] = []
    for row in range(notes // 2):
        for column in drawn.sample(range(keys), 2):
            start_ms = row * step_ms
            chart.append(Note(start_ms, column, start_ms + 0.8 * step_ms if row % 5 == 0 else None))
    return Beatmap(keys, chart, [TimingPoint(0.0, 500.0)])


def noise_url() -> str:
    """A song of noise, so that the waveform is drawn as well, as a data URL."""
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 8000 * SONG_S)
    file = io.BytesIO()
    soundfile.write(file, samples, 8000, format="WAV", subtype="PCM_U8")
    return f"data:audio/wav;base64,{base64.b64encode(file.getvalue()).decode()}"


def row(keys: int, notes: int, visible: int, frames: Sequence[Sequence[float]]) -> list[str]:
    """A line of the table from [page time, ms of drawing] of each frame."""
    at_ms, draw_ms = np.array(frames).T
    interval_ms = np.diff(at_ms)
    figures = [np.median(draw_ms), np.quantile(draw_ms, 0.99), np.median(interval_ms), np.quantile(interval_ms, 0.99)]
    late = f"{100 * np.mean(interval_ms > LATE_MS):.1f} %"
    return [str(keys), str(notes), str(visible), *(f"{figure:.1f} ms" for figure in figures), late]


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notes", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=10.0, help="measured at each number of keys")
    parser.add_argument("--keys", type=int, nargs="+", default=[4, 7])
    parser.add_argument("--throttle", type=float, default=1.0, help="slow the page's processor by this much")
    options = parser.parse_args(argv)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=PLAYER_FOLDER))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as profile:
        driver = _chromium(profile)
        try:
            driver.set_script_timeout(60 + options.seconds)
            driver.execute_cdp_cmd("Emulation.setCPUThrottlingRate", {"rate": options.throttle})
            lines = []
            for keys in options.keys:
                driver.get(f"http://127.0.0.1:{server.server_port}/")  # a list of files, of the same origin
                chart = chart_json(streams(keys, options.notes))
                frames, visible = driver.execute_async_script(PLAY, chart, noise_url(), options.seconds)
                lines.append(row(keys, options.notes, visible, frames))
        finally:
            driver.quit()
            server.shutdown()
    print(aligned([HEAD, *lines]))


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


def _chromium(profile: str) -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    for flag in [*FLAGS, f"--user-data-dir={profile}", f"--window-size={SIZE_PX[0]},{SIZE_PX[1]}"]:
        options.add_argument(flag)
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))


if __name__ == "__main__":
    main()
