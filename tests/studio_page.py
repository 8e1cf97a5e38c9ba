"""What tests of the whole web page do in a real Chromium: wait, upload, set, and look into the player."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

PATIENCE_S = 90


def song_of_clicks(path: Path, seconds: int = 3, hz: int = 22050) -> Path:
    """Write clicks, two a second, with a title and an artist."""
    samples = np.random.default_rng(0).normal(0, 0.01, seconds * hz)
    samples[:: hz // 2] = 0.9
    with soundfile.SoundFile(path, "w", hz, 1) as file:
        file.title, file.artist = "Clicks", "A Metronome"
        file.write(samples)
    return path


def visit(driver: webdriver.Chrome, address: str) -> None:
    """Load the page as a visitor who was never here."""
    driver.get(f"{address}player/player.css")  # of the same origin, without scripts
    driver.execute_script("localStorage.clear();")
    driver.get(address)
    appears(driver, "#generate")


def until(driver: webdriver.Chrome, condition: Callable[[webdriver.Chrome], Any]) -> Any:
    """Wait for a condition to be true, and return what it returned."""
    redrawn = [StaleElementReferenceException]  # the page changed while it was looked at
    return WebDriverWait(driver, PATIENCE_S, poll_frequency=0.1, ignored_exceptions=redrawn).until(condition)


def appears(driver: webdriver.Chrome, selector: str) -> WebElement:
    """Wait for an element to be on the page and visible."""
    return until(
        driver, lambda page: next((e for e in page.find_elements(By.CSS_SELECTOR, selector) if e.is_displayed()), None)
    )


def press(driver: webdriver.Chrome, selector: str) -> None:
    """Press a button, even where a message lies over it."""
    driver.execute_script("arguments[0].click();", appears(driver, selector))


def upload(driver: webdriver.Chrome, selector: str, *paths: Path) -> None:
    fields = until(driver, lambda page: page.find_elements(By.CSS_SELECTOR, f"{selector} input[type=file]"))
    fields[0].send_keys("\n".join(map(str, paths)))


def set_number(driver: webdriver.Chrome, selector: str, value: str) -> None:
    appears(driver, f"{selector} input[type=number]").send_keys(Keys.CONTROL, "a", Keys.NULL, value, Keys.TAB)


def open_tab(driver: webdriver.Chrome, name: str) -> None:
    tabs = driver.find_elements(By.CSS_SELECTOR, "button[role=tab]")
    next(tab for tab in tabs if tab.text == name).click()


def ask_for_charts(driver: webdriver.Chrome, song: Path, count: int = 1) -> None:
    """Give a song and quick settings, without starting."""
    upload(driver, "#audio", song)
    appears(driver, "#audio button[aria-label=Clear]")
    draw_quickly(driver)
    set_number(driver, "#count", str(count))


def draw_quickly(driver: webdriver.Chrome) -> None:
    """Have samples of few steps."""
    if not any(field.is_displayed() for field in driver.find_elements(By.CSS_SELECTOR, "#steps input")):
        press(driver, "#sampling button")
    set_number(driver, "#steps", "4")


def value_of(driver: webdriver.Chrome, selector: str) -> str:
    return driver.find_element(By.CSS_SELECTOR, f"{selector} :is(textarea, input)").get_attribute("value")


def messages(driver: webdriver.Chrome) -> str:
    return " ".join(toast.text for toast in driver.find_elements(By.CSS_SELECTOR, ".toast-body"))


def close_messages(driver: webdriver.Chrome) -> None:
    driver.execute_script("document.querySelectorAll('.toast-close').forEach((button) => button.click());")
    until(driver, lambda page: not page.find_elements(By.CSS_SELECTOR, ".toast-body"))


def in_player(driver: webdriver.Chrome, selector: str) -> str:
    """The text of a part of the chart player."""
    script = "return document.querySelector('#studio .chart-player').shadowRoot.querySelector(arguments[0]).textContent"
    return driver.execute_script(script, selector)


def versions(driver: webdriver.Chrome) -> list[str]:
    """The names of the versions in the list, as soon as there are any."""
    appears(driver, "#studio .versions tbody tr")
    return [name.text for name in driver.find_elements(By.CSS_SELECTOR, "#studio .versions .name")]


def download(driver: webdriver.Chrome, folder: Path, kind: str | None = None) -> Path:
    """Download from the page into the browser's folder. kind: the beginning of its name in the list of formats."""
    before = set(folder.iterdir())
    if kind is not None:
        close_messages(driver)  # they lie over the list
        appears(driver, "#take-kind input").click()
        options = "ul[role=listbox] li"
        until(driver, lambda page: [li for li in page.find_elements(By.CSS_SELECTOR, options) if kind in li.text])[
            0
        ].click()
    press(driver, "#take-button")

    def new(_: webdriver.Chrome) -> list[Path]:
        added = [file for file in folder.iterdir() if file not in before and file.stat().st_size]
        return [file for file in added if not file.name.startswith(".") and file.suffix != ".crdownload"]  # Chromium's

    return until(driver, new)[0]
