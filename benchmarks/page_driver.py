"""The web page with the shipped model, driven in a headless Chromium: for its figures and for its pictures."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

FLAGS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required")
PATIENCE_S = 900
PLAYER = "document.querySelector('.chart-player')?.shadowRoot"
SHOWS_A_CHART = f"return {PLAYER}?.querySelector('.player.is-empty') === null"
IS_READY = f"return {PLAYER}?.querySelector('.player') != null && document.querySelector('#generate') !== null"
SONG_IS_LOADED = f"return {PLAYER}?.querySelector('.status').textContent === ''"
Found = TypeVar("Found")


@contextmanager
def served(port: int) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run `mug web` with the shipped model: its address and its process."""
    command = [sys.executable, "-m", "mug", "web", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    try:
        said = ""
        for line in process.stdout:
            said += line
            if "Running on local URL" in line:
                break
        else:
            raise RuntimeError(f"mug web did not start: {said}")
        yield f"http://127.0.0.1:{port}/", process
    finally:
        process.terminate()
        process.wait()


@contextmanager
def chromium() -> Iterator[webdriver.Chrome]:
    """A headless Chromium with an empty profile."""
    with tempfile.TemporaryDirectory() as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
        try:
            driver.set_script_timeout(PATIENCE_S)
            yield driver
        finally:
            driver.quit()


def cpu_seconds(process: subprocess.Popen[str]) -> float:
    """Processor time of a running process and its threads (Linux)."""
    fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def until(driver: webdriver.Chrome, condition: Callable[[webdriver.Chrome], Found]) -> Found:
    """Wait for what a function of the browser returns to be true, and return it."""
    return WebDriverWait(driver, PATIENCE_S, poll_frequency=0.05, ignored_exceptions=[WebDriverException]).until(
        condition
    )


def script_says(driver: webdriver.Chrome, script: str) -> Any:
    return until(driver, lambda page: page.execute_script(script))


def resize(driver: webdriver.Chrome, width: int, height: int, ratio: float = 1.0) -> None:
    """Give the page a size in CSS pixels; narrow ones are phones."""
    size = {"width": width, "height": height, "deviceScaleFactor": ratio, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def open_page(driver: webdriver.Chrome, address: str) -> None:
    """Open the page and wait until it can be used."""
    driver.get(address)
    script_says(driver, IS_READY)


def give_song(driver: webdriver.Chrome, song: Path) -> None:
    """Drop a song, and wait until its upload is over."""
    until(driver, lambda page: page.find_element(By.CSS_SELECTOR, "#audio input[type=file]")).send_keys(str(song))
    until(driver, lambda page: page.find_element(By.CSS_SELECTOR, "#audio button[aria-label=Clear]"))


def chart(driver: webdriver.Chrome) -> float:
    """Press the button; return the seconds until a chart can be played to its song."""
    began = time.perf_counter()
    driver.execute_script("document.querySelector('#generate').click()")
    script_says(driver, SHOWS_A_CHART)
    script_says(driver, SONG_IS_LOADED)
    return time.perf_counter() - began


def run_script(driver: webdriver.Chrome, script: str) -> Any:
    """Run an async JavaScript function body that knows the `player` and `rest(ms)`; return what it returns."""
    wrapped = f"""
      const done = arguments[arguments.length - 1];
      const {{ player }} = document.querySelector(".chart-player");
      const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      const run = async () => {{ {script} }};
      run().then((value) => done([true, value ?? null]), (error) => done([false, error.stack]));"""
    is_well, value = driver.execute_async_script(wrapped)
    if not is_well:
        raise RuntimeError(value)
    return value
