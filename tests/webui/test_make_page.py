"""Making charts in a real Chromium: the example song, another model, sets, and what is pointed out."""

import time

from selenium import webdriver
from selenium.webdriver.common.by import By
from studio_page import appears, in_player, press, set_number, until, value_of, versions


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
    until(page, lambda page: "Composing: chart 1 of 16" in page.find_element(By.ID, "progress").text)
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
    choose(page, "#style", "Taps only")
    until(page, lambda page: shown(page, "#feature-ln_ratio"))
    press(page, "#feature-map-type label:nth-of-type(3)")
    assert "no chart is that at once" in until(page, lambda page: page.find_element(By.ID, "prompt-note").text)
