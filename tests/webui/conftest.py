"""One browser with the player, and one running page, for all tests of this folder: a start costs seconds."""

from collections.abc import Iterator
from pathlib import Path

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


@pytest.fixture(scope="session")
def studio(tiny_checkpoint: Path) -> Iterator[str]:
    """The address of the whole page with a tiny model: one app for all tests of this folder."""
    from mug.webui.models import Models, describe
    from mug.webui.page import serve

    page = serve(Models([describe(tiny_checkpoint)]), "127.0.0.1", port=None, block=False)
    yield page.local_url
    page.close()
