"""One browser with the player for all tests of this folder: a start costs seconds."""

from collections.abc import Iterator

import pytest
from chromium import start_chromium
from player_page import player_page
from selenium import webdriver


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    driver = start_chromium(tmp_path_factory.mktemp("chromium"))
    try:
        with player_page(driver) as page:
            yield page
    finally:
        driver.quit()
