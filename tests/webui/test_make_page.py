"""Making charts in a real Chromium: the example song, another model, sets, and what is pointed out."""

import time
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from studio_page import appears, ask_for_charts, in_player, press, set_number, until, value_of, versions, visit


def choose(driver: webdriver.Chrome, selector: str, text: str) -> None:
    """Choose an entry of a drop-down list."""
    driver.execute_script("arguments[0].scrollIntoView({ block: 'center' });", appears(driver, selector))
    appears(driver, f"{selector} input").click()
    until(driver, lambda page: [e for e in page.find_elements(By.CSS_SELECTOR, "[role=option]") if e.text == text])[
        0
    ].click()


def shown(driver: webdriver.Chrome, selector: str) -> bool:
    return any(element.is_displayed() for element in driver.find_elements(By.CSS_SELECTOR, selector))


def test_the_example_becomes_a_chart(page: webdriver.Chrome) -> None:
    press(page, "#example")
    until(page, lambda page: value_of(page, "#song-title") == "Horshancol")
    assert "0:44" in appears(page, "#song-about").text
    press(page, "#sampling button")
    set_number(page, "#steps", "2")
    set_number(page, "#ensemble", "1")
    press(page, "#generate")
    assert len(versions(page)) == 1
    assert in_player(page, ".title") == "Horshancol"
    until(page, lambda page: not appears(page, "#cancel").is_enabled())


def test_cancel_frees_the_worker_for_the_next_request(page: webdriver.Chrome) -> None:
    press(page, "#example")
    until(page, lambda page: value_of(page, "#song-title") == "Horshancol")
    assert not appears(page, "#cancel").is_enabled()
    press(page, "#sampling button")
    set_number(page, "#steps", "200")
    set_number(page, "#count", "16")
    press(page, "#generate")
    until(page, lambda page: "Composing: 16 charts" in page.find_element(By.ID, "progress").text)
    assert "left" in page.find_element(By.ID, "progress").text
    assert appears(page, "#progress [role=progressbar]").get_attribute("aria-valuetext")
    began = time.monotonic()
    press(page, "#cancel")
    until(page, lambda page: not appears(page, "#cancel").is_enabled())
    assert page.find_element(By.ID, "progress").text == ""
    set_number(page, "#count", "1")
    set_number(page, "#steps", "2")
    set_number(page, "#ensemble", "1")
    press(page, "#generate")
    assert len(versions(page)) == 1
    assert time.monotonic() - began < 30  # what was cancelled would take minutes


def test_another_model_changes_the_controls(page: webdriver.Chrome) -> None:
    set_number(page, "#feature-sr", "4.4")
    assert shown(page, "#feature-rank_status")
    choose(page, "#model", "7K: 7-keys")
    until(page, lambda page: not shown(page, "#feature-rank_status"))
    assert appears(page, "#feature-sr input[type=number]").get_attribute("value") == "4.4"
    choose(page, "#model", "4K: 4-keys")
    until(page, lambda page: shown(page, "#feature-rank_status"))


def test_a_set_has_difficulties_in_place_of_stars(page: webdriver.Chrome) -> None:
    press(page, "#what label:nth-of-type(2)")
    until(page, lambda page: shown(page, "#difficulties"))
    until(page, lambda page: not shown(page, "#count") and not shown(page, "#feature-sr"))
    ticked = page.find_elements(By.CSS_SELECTOR, "#difficulties input:checked")
    assert len(ticked) == 3


def test_wishes_that_exclude_each_other_are_pointed_out(page: webdriver.Chrome) -> None:
    choose(page, "#preset", "Taps only")
    until(page, lambda page: shown(page, "#feature-ln_ratio"))
    press(page, "#feature-map-type label:nth-of-type(3)")
    assert "no chart is that at once" in until(page, lambda page: page.find_element(By.ID, "prompt-note").text)


def in_timing(driver: webdriver.Chrome, expression: str) -> Any:
    """What a script says of the timing panel, `panel`; None while there is none."""
    found = "document.querySelector('#song-timing .song-timing')?.shadowRoot?.querySelector('.timing')"
    return driver.execute_script(f"const panel = {found}; return panel && {expression}")


def test_a_reload_brings_the_form_back(page: webdriver.Chrome, song: Path, address: str) -> None:
    def number(selector: str) -> str:
        return appears(page, f"{selector} input[type=number]").get_attribute("value")

    def timing() -> str:
        return appears(page, "#timing > button").text

    choose(page, "#model", "7K: 7-keys")
    until(page, lambda page: not shown(page, "#feature-rank_status"))
    ask_for_charts(page, song, count=2)
    until(page, lambda page: value_of(page, "#song-title") == "Clicks")
    choose(page, "#preset", "Taps only")
    until(page, lambda page: shown(page, "#feature-ln_ratio"))
    set_number(page, "#feature-sr", "5.2")
    set_number(page, "#seed", "77")
    appears(page, "#song-title :is(textarea, input)").send_keys(" again", Keys.TAB)
    press(page, "#timing > button")
    until(page, lambda page: in_timing(page, "panel.querySelector('.first').value !== ''"))
    in_timing(page, "panel.querySelector('.plus-10').click()")
    until(page, lambda page: "yours" in timing())
    first_beat = in_timing(page, "panel.querySelector('.first').value")
    page.refresh()
    until(page, lambda page: value_of(page, "#song-title") == "Clicks again")
    assert value_of(page, "#song-artist") == "A Metronome"
    until(page, lambda page: "yours" in timing())
    press(page, "#timing > button")
    until(page, lambda page: in_timing(page, "panel.querySelector('.first').value") == first_beat)
    assert value_of(page, "#model") == "7K: 7-keys"
    assert not shown(page, "#feature-rank_status")
    assert (number("#feature-sr"), number("#feature-ln_ratio")) == ("5.2", "0")
    press(page, "#sampling button")
    assert [number(name) for name in ("#seed", "#count", "#steps")] == ["77", "2", "4"]
    visit(page, address)  # as somebody else
    until(page, lambda page: page.execute_script("return window.mugFormIsBack"))
    assert (value_of(page, "#song-title"), value_of(page, "#model")) == ("", "4K: 4-keys")
    assert not page.find_elements(By.CSS_SELECTOR, "#audio button[aria-label=Clear]")
    assert "yours" not in timing()
