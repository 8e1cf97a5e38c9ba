"""docs/pictures/tensorboard.png from a run: python docs/pictures/make_tensorboard.py logs/<run>

Chromium, driven by selenium (the extra `dev`), looks at TensorBoard: its curves, and a chart beside the human's.
"""

import argparse
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

TAGS = "^(val/(onset_f1_20ms|star_rating_error)|train/(loss|songs_per_second))$"
PAGE_PX, IMAGE_PX = (760, 980), (1700, 1700)  # of the browser's window
PATIENCE_S, REST_S = 60, 5  # to wait for what comes, and for what has come to be drawn
HIDE_RUNS = "document.querySelector('tb-dashboard-layout .sidebar').remove()"  # a list of one
IMAGE_LOADERS = """
    const found = [], walk = root => root.querySelectorAll('*').forEach(element => {
        if (element.localName === 'tf-image-loader') found.push(element);
        if (element.shadowRoot) walk(element.shadowRoot);
    });
    walk(document);
    found.forEach(loader => loader.actualSize = true);
    return found;
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="a run's folder, which holds tensorboard/")
    parser.add_argument("--chart", type=int, default=0, help="which of the charted songs to show (default: 0)")
    parser.add_argument("-o", "--out", type=Path, default=Path(__file__).with_name("tensorboard.png"))
    args = parser.parse_args()
    with tensorboard(args.run / "tensorboard") as address, browser() as driver:
        page, image = curves(driver, address), chart(driver, address, args.chart)
    image = image.resize((image.width * page.height // image.height, page.height), Image.Resampling.LANCZOS)
    whole = Image.new("RGB", (page.width + image.width, page.height))
    whole.paste(page, (0, 0))
    whole.paste(image, (page.width, 0))
    whole.quantize(256).save(args.out, optimize=True)
    print(f"{args.out}: {whole.width} x {whole.height}, {args.out.stat().st_size / 1000:.0f} kB")


@contextmanager
def tensorboard(logdir: Path) -> Iterator[str]:
    """Yield the address of a TensorBoard that has read the logs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(logdir), "--host", "127.0.0.1"]
    served = subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}/"
    try:
        for _ in range(2 * PATIENCE_S):
            try:
                if b"." in urllib.request.urlopen(f"{address}data/plugin/images/tags").read():
                    break
            except OSError:
                pass
            time.sleep(0.5)
        yield address
    finally:
        served.terminate()
        served.wait()


@contextmanager
def browser() -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    with tempfile.TemporaryDirectory() as profile:
        for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"):
            options.add_argument(flag)
        options.add_argument(f"--user-data-dir={profile}")
        driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
        try:
            yield driver
        finally:
            driver.quit()


def curves(driver: webdriver.Chrome, address: str) -> Image.Image:
    """The page "Time series" with the curves of TAGS."""
    driver.set_window_size(*PAGE_PX)
    driver.get(f"{address}?smoothing=0&tagFilter={quote(TAGS, safe='')}#timeseries")
    WebDriverWait(driver, PATIENCE_S).until(lambda _: driver.find_elements(By.CSS_SELECTOR, "scalar-card-component"))
    for setting in ("scalars-step-selector", "scalars-ignore-outliers"):  # off: a table under each curve, cut curves
        driver.find_element(By.CSS_SELECTOR, f".{setting} input").click()
    driver.find_element(By.CSS_SELECTOR, "[aria-label='Close side pane']").click()
    driver.execute_script(HIDE_RUNS)
    time.sleep(REST_S)
    return Image.open(BytesIO(driver.get_screenshot_as_png())).convert("RGB")


def chart(driver: webdriver.Chrome, address: str, number: int) -> Image.Image:
    """The last picture of a charted song, as the page "Images" shows it."""
    driver.set_window_size(*IMAGE_PX)
    driver.get(f"{address}#images")
    driver.refresh()  # another part of the same page is no new page
    loaders = WebDriverWait(driver, PATIENCE_S).until(lambda _: driver.execute_script(IMAGE_LOADERS))
    time.sleep(REST_S)
    return Image.open(BytesIO(loaders[number].screenshot_as_png)).convert("RGB")


if __name__ == "__main__":
    main()
