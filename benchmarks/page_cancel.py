"""How long until Cancel frees the worker? It is pressed on the real page at several moments of a request.

A press is timed until another request has been answered: the features of a chart of four notes, which the same worker
computes in a few hundredths of a second. Both are also given in CPU seconds of the server, which say more on a machine
that does other things as well.
"""

import shutil
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path

from gradio_client import Client, handle_file
from selenium import webdriver
from selenium.webdriver.common.by import By

from benchmarks.page_driver import cpu_seconds, give_song, open_page, until
from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import write_osu

MOMENTS: tuple[float | str, ...] = (0.2, 1.0, 2.0, 3.5, "Composing", "Choosing")  # CPU s after the click; what it says
FOUR_NOTES = Beatmap(4, [Note(500.0 * i, i) for i in range(4)], [TimingPoint(0.0, 500.0)])
HEAD = ["the bar said", "pressed after", "free after", "CPU time of both"]


def press(driver: webdriver.Chrome, name: str) -> None:
    driver.execute_script(f"document.querySelector('#{name}').click()")


def said(driver: webdriver.Chrome) -> str:
    """What the bar says."""
    return driver.find_element(By.ID, "progress").text


def says(driver: webdriver.Chrome, what: str) -> bool:
    return said(driver).startswith(what)


def cancelled(driver: webdriver.Chrome, address: str, song: Path, process: subprocess.Popen[str]) -> list[list[str]]:
    """Press Cancel at several moments, each with a song that the server has not seen; return the table."""
    client = Client(address, verbose=False)
    lines = [HEAD]
    with tempfile.TemporaryDirectory() as folder:
        chart = Path(folder, "chart.osu")
        write_osu(FOUR_NOTES, chart)
        client.predict(handle_file(str(chart)), api_name="/prompt_of")  # what is slow once is over
        for number, moment in enumerate(MOMENTS):
            own = Path(shutil.copy(song, Path(folder, f"{number}{song.suffix}")))
            open_page(driver, address)
            driver.execute_script("localStorage.clear()")  # or the page brings back the song before
            driver.delete_all_cookies()
            open_page(driver, address)
            give_song(driver, own)
            clicked, clicked_cpu = time.perf_counter(), cpu_seconds(process)
            press(driver, "generate")
            if isinstance(moment, float):
                while cpu_seconds(process) < clicked_cpu + moment:
                    time.sleep(0.01)
            else:
                until(driver, partial(says, what=moment))
            what, pressed, pressed_cpu = said(driver), time.perf_counter(), cpu_seconds(process)
            press(driver, "cancel")
            client.predict(handle_file(str(chart)), api_name="/prompt_of")
            free_s, free_cpu = time.perf_counter() - pressed, cpu_seconds(process) - pressed_cpu
            both = f"{pressed_cpu - clicked_cpu:.2f} s, {free_cpu:.2f} s"
            lines.append([what, f"{pressed - clicked:.1f} s", f"{free_s:.2f} s", both])
            print(*lines[-1], sep=" | ", flush=True)
    client.close()
    return lines
