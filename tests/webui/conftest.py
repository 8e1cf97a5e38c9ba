"""One browser and one running page with tiny models for all tests of this folder: a start costs seconds."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import start_chromium
from player_page import player_page
from selenium import webdriver
from studio_page import song_of_clicks, visit


@pytest.fixture(scope="session")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory, downloads: Path) -> Iterator[webdriver.Chrome]:
    prefs = {"download.default_directory": str(downloads)}
    driver = start_chromium(tmp_path_factory.mktemp("chromium"), prefs, logs=("browser", "performance"))
    yield driver
    severe = [entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
    driver.quit()
    no_song = "Waveform load error"  # gradio says that of a file that is no song, as a test drops one
    assert [message for message in severe if no_song not in message] == []


@pytest.fixture(scope="session")
def browser(chromium: webdriver.Chrome) -> Iterator[webdriver.Chrome]:
    """The browser with the player alone in its first tab."""
    with player_page(chromium) as page:
        yield page


@pytest.fixture(scope="session")
def visitors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of what visitors of the page made."""
    return tmp_path_factory.mktemp("visitors")


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory, visitors: Path) -> Iterator[str]:
    """Where the page of two tiny models is served."""
    from tiny_model import FEATURES, save_tiny_checkpoint

    from mug.config import PROJECT_ROOT
    from mug.webui import page as webui
    from mug.webui.models import Models, describe
    from mug.webui.workspaces import Workspaces

    workspaces = Workspaces(visitors)
    folder = tmp_path_factory.mktemp("run")
    fewer = folder / "features.yaml"  # the second model knows no rank status
    lines = (PROJECT_ROOT / FEATURES).read_text(encoding="utf-8").splitlines(keepends=True)
    fewer.write_text("".join(line for line in lines if "rank_status" not in line), encoding="utf-8")
    checkpoints = [
        save_tiny_checkpoint(folder / f"{keys}-keys.ckpt", keys=keys, features=features)
        for keys, features in ((4, FEATURES), (7, str(fewer)))
    ]
    models = Models([describe(checkpoint) for checkpoint in checkpoints])
    page = webui.serve(models, "127.0.0.1", port=None, block=False, workspaces=workspaces)
    yield page.local_url
    page.close()


@pytest.fixture
def page(chromium: webdriver.Chrome, address: str) -> Iterator[webdriver.Chrome]:
    """The browser with the page in a new tab, of a visitor who was never here."""
    first = chromium.current_window_handle
    chromium.switch_to.new_window("tab")
    own = chromium.current_window_handle
    try:
        visit(chromium, address)
        yield chromium
    finally:
        chromium.switch_to.window(own)
        chromium.close()
        chromium.switch_to.window(first)


@pytest.fixture(scope="session")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of clicks, two a second, by A Metronome."""
    return song_of_clicks(tmp_path_factory.mktemp("song") / "clicks.ogg")
