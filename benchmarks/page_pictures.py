"""The pictures of the web page in README.md and docs/: `python -m benchmarks.page_pictures`

A headless Chromium uses the real page with the shipped model: it charts the example song, plays it, test plays it,
draws a part again, and looks at the page as a phone does. It takes some minutes, and needs chromium and chromedriver.
"""

import argparse
import base64
import io
import time
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from selenium import webdriver

from benchmarks.page_driver import (
    PLAYER,
    chart,
    chromium,
    give_song,
    open_page,
    resize,
    run_script,
    script_says,
    served,
)
from mug.webui.example_song import EXAMPLE_SONG

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"
DESKTOP, TALL, PHONE = (1360, 900), (1360, 1100), (390, 844)
MOST_BYTES = 200_000
TO_THE_BUSIEST_PART = """
  const { stars, step_ms } = player.chart.passages;
  player.seek(Math.max(...stars.keys().filter((i) => stars[i] === Math.max(...stars))) * step_ms - 3000);"""
PLAY_A_MOMENT = "await player.play(); await rest(2600);"
# A person who plays well: each note is hit, some ms early or late.
TEST_PLAY = """
  player.setTestPlay(true);
  await player.play();
  const began = player.positionMs;
  const hits = player.chart.columns.flatMap(({ starts, ends, long }, column) =>
    Array.from(starts, (start, i) => {
      const off = 26 * Math.sin(7.3 * i + 2.1 * column) * Math.cos(3.7 * i);
      return { column, at: start + off, until: long[i] ? ends[i] + off : start + off + 40 };
    }),
  ).filter(({ at }) => at > began).sort((a, b) => a.at - b.at);
  const steps = hits.flatMap(({ column, at, until }) => [[at, "press", column], [until, "release", column]]);
  steps.sort((a, b) => a[0] - b[0]);
  window.testPlayer = setInterval(() => {
    while (steps.length && steps[0][0] <= player.positionMs + 60) {
      const [ms, does, column] = steps.shift();
      player.performer[does](column, ms);
    }
  }, 4);
  await rest(8200);"""
STOP_TEST_PLAY = "player.pause(); clearInterval(window.testPlayer); await rest(300);"
SELECT_A_PART = """
  player.root.activeElement?.blur();
  player.setTestPlay(false);
  const { times } = player.lines;
  const at = times.findIndex((ms) => ms >= player.positionMs);
  player.select({ from_ms: times[at], to_ms: times[Math.min(at + 32, times.length - 1)], columns: [] });"""
DRAWN_AGAIN = "return document.querySelectorAll('.version-table tbody tr').length > 1"


def take(driver: webdriver.Chrome, name: str) -> None:
    """Keep what the window shows as a small picture."""
    png = base64.b64decode(driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"])
    path = FOLDER / f"{name}.webp"
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for quality in (90, 80, 70, 60):
        picture.save(path, quality=quality, method=6)
        if path.stat().st_size < MOST_BYTES:
            break
    print(f"{path.name}: {picture.width} x {picture.height}, {path.stat().st_size / 1000:.0f} kB", flush=True)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=7898)
    options = parser.parse_args(argv)
    with chromium() as driver, served(options.port) as (address, _):
        resize(driver, *DESKTOP)
        open_page(driver, address)
        give_song(driver, EXAMPLE_SONG)
        chart(driver)
        time.sleep(12)  # its messages go away
        driver.execute_script("window.scrollTo(0, 0)")
        run_script(driver, TO_THE_BUSIEST_PART + PLAY_A_MOMENT)
        take(driver, "studio_player")
        run_script(driver, "player.pause();" + TO_THE_BUSIEST_PART + TEST_PLAY)
        take(driver, "studio_testplay")
        run_script(driver, STOP_TEST_PLAY)
        take(driver, "studio_results")
        resize(driver, *TALL)
        run_script(driver, f"{PLAYER}.querySelector('.results .close').click();" + SELECT_A_PART)
        driver.execute_script("document.querySelector('.part-actions .again').click()")
        script_says(driver, DRAWN_AGAIN)
        driver.execute_script("document.querySelector('.versions').scrollIntoView({ block: 'end' })")
        time.sleep(3)
        take(driver, "studio_reroll")
        resize(driver, *PHONE, ratio=2)
        script = "document.querySelector('.chart-player').scrollIntoView(); player.select(null); player.seek(0);"
        run_script(driver, script + TO_THE_BUSIEST_PART + PLAY_A_MOMENT)
        take(driver, "studio_phone")


if __name__ == "__main__":
    main()
