"""How quickly is the web page there, and how quickly a chart that plays? The shipped model in a headless Chromium.

    python -m benchmarks.page                     a composed song of three minutes
    python -m benchmarks.page --seconds 60
    python -m benchmarks.page --cancel            how soon Cancel frees the worker, in place of these

It starts `mug web` itself and needs chromium and chromedriver. First paint is measured with an empty cache. CPU seconds
are those of the server: on a machine that does other things as well they say more than the time on the clock.
"""

import argparse
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from selenium import webdriver

from benchmarks.measure import aligned
from benchmarks.page_cancel import cancelled
from benchmarks.page_driver import chart, chromium, cpu_seconds, give_song, open_page, served
from mug.commands import synthesize

FIRST_PAINT_MS = "return performance.getEntriesByName('first-contentful-paint')[0].startTime"


def row(what: str, seconds: float, cpu: float | None = None) -> list[str]:
    """A line of the table."""
    return [what, f"{seconds:.1f} s", "" if cpu is None else f"{cpu:.0f} s"]


def composed_song(seconds: int, folder: Path) -> Path:
    """A song of the synthesiser, the same each time."""
    synthesize.main(["-o", str(folder), "-n", "1", "--seed", "7", "--seconds", str(seconds)])
    return next(folder.glob("*/audio.*"))


def charted(driver: webdriver.Chrome, address: str, song: Path, process: subprocess.Popen[str]) -> list[list[str]]:
    """The table of a chart of a song."""
    began = time.perf_counter()
    open_page(driver, address)
    usable_s = time.perf_counter() - began
    lines = [["", "on the clock", "CPU time of the server"]]
    lines.append(row("first paint", driver.execute_script(FIRST_PAINT_MS) / 1000))
    lines.append(row("the page can be used", usable_s))
    give_song(driver, song)
    cpu_before = cpu_seconds(process)
    lines.append(row("click to a chart that plays", chart(driver), cpu_seconds(process) - cpu_before))
    return lines


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=180, help="length of the song")
    parser.add_argument("--cancel", action="store_true", help="press Cancel at several moments of a request")
    parser.add_argument("--port", type=int, default=7899)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        song = composed_song(options.seconds, Path(folder))
        with chromium() as driver, served(options.port) as (address, process):
            lines = (cancelled if options.cancel else charted)(driver, address, song, process)
    cores, load = os.cpu_count(), os.getloadavg()[0]
    print(f"a song of {options.seconds} s, {cores} cores, load {load:.1f} at the end")
    print(aligned(lines))


if __name__ == "__main__":
    main()
