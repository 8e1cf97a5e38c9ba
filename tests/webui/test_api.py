"""The endpoints for scripts, and what visitors cannot reach, at the running page with tiny models."""

import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio_client
import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from mug.charts.beatmap import TimingPoint
from mug.charts.osu import read_osu
from mug.config import PROJECT_ROOT
from mug.webui import api
from mug.webui.example_song import EXAMPLE_SONG
from mug.webui.workspaces import Workspaces

VISITORS = 20
QUICK: dict[str, Any] = {"steps": 1, "ensemble": 1}
LONG: dict[str, Any] = {"count": 16, "steps": 200, "ensemble": 24}


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[Client]:
    client = Client(address, verbose=False)
    yield client
    client.close()


def test_the_example_of_the_docs_runs(
    address: str, song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (PROJECT_ROOT / "docs/api.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "song.ogg").write_bytes(song.read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(gradio_client, "Client", lambda _: Client(address, verbose=False))
    monkeypatch.setattr(api, "_settings", lambda own, **_: replace(own, ensemble=2, attempts=1))
    found: dict[str, Any] = {}
    exec(example, found)
    found["client"].close()
    assert len(found["made"]["charts"]) == 2
    before, after = (read_osu(answer["charts"][0]["file"]) for answer in (found["made"], found["again"]))
    outside = [[note for note in chart.notes if not 1000 <= note.start_ms < 2000] for chart in (before, after)]
    assert outside[0] == outside[1]
    assert before.notes != after.notes
    assert before.timing_points == [TimingPoint(250.0, 500.0), TimingPoint(2250.0, 400.0, 3)]
    assert ".osz" in capsys.readouterr().out


def test_parameters_are_typed(client: Client) -> None:
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(endpoints) == {"/chart", "/reroll", "/timing", "/prompt_of"}
    types = {each["parameter_name"]: each["python_type"]["type"] for each in endpoints["/reroll"]["parameters"]}
    assert (types["chart"], types["from_ms"], types["columns"]) == ("filepath", "None | float", "None | list[int]")


def test_mistakes_are_one_line(client: Client, tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"this is not music" * 50)
    with pytest.raises(AppError, match=r"^broken\.wav: "):
        client.predict(handle_file(str(broken)), api_name="/timing")
    tempos = [{"time_ms": 0, "bpm": -5}]
    with pytest.raises(AppError, match=r"timing: .*-5.* is no tempo"):
        client.predict(handle_file(str(EXAMPLE_SONG)), tempos=tempos, api_name="/chart")
    with pytest.raises(AppError, match="17 charts: ask for 1 to 16"):
        client.predict(handle_file(str(broken)), count=17, api_name="/chart")


def test_only_uploaded_files_are_read(client: Client) -> None:
    for path in ("/etc/passwd", str(PROJECT_ROOT / "README.md"), "/tmp", "", "../../etc/passwd"):
        with pytest.raises(AppError, match="not a file that was uploaded"):
            client.predict({"path": path}, api_name="/prompt_of")


def inputs(uploaded: str, **given: Any) -> list[Any]:
    """What /chart takes, in its order."""
    words, sampling = dict.fromkeys(("model", "title", "artist"), ""), ("steps", "guidance", "ensemble")
    names = ("prompt", "avoid", *words, "bpm", "offset_ms", "tempos", "count", "spread", "seed", *sampling)
    values = {**dict.fromkeys(names), **words, "count": 1, "seed": 0, **given}
    return [{"path": uploaded, "meta": {"_type": "gradio.FileData"}}, *values.values()]


def test_visitors_at_once_get_their_own_charts(address: str, song: Path) -> None:
    with httpx.Client(base_url=f"{address}gradio_api", timeout=60) as web:
        (uploaded,) = web.post("/upload", files={"files": ("clicks.ogg", song.read_bytes())}).json()

        def visit(number: int) -> Path:
            data = inputs(uploaded, title=f"Song {number}", seed=number, **QUICK)
            event = web.post("/call/chart", json={"data": data}).json()["event_id"]
            lines = web.get(f"/call/chart/{event}").text.splitlines()
            answer = json.loads(lines[lines.index("event: complete") + 1].removeprefix("data: "))
            return Path(answer[0]["charts"][0]["file"]["path"])

        with ThreadPoolExecutor(VISITORS) as visitors:
            charts = [read_osu(path) for path in visitors.map(visit, range(VISITORS))]
    assert [chart.title for chart in charts] == [f"Song {number}" for number in range(VISITORS)]
    assert [chart.metadata["AISeed"] for chart in charts] == [str(number) for number in range(VISITORS)]


def wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_others_wait_and_a_cancelled_request_frees_the_worker(client: Client, song: Path) -> None:
    audio = handle_file(str(song))
    long = client.submit(audio, **LONG, api_name="/chart")
    wait_until(lambda: long.status().code.name == "PROCESSING")
    waiting = client.submit(audio, **QUICK, api_name="/chart")
    wait_until(lambda: waiting.status().rank == 0)  # the next one
    began = time.monotonic()
    long.cancel()
    assert len(waiting.result(timeout=20)["charts"]) == 1
    assert time.monotonic() - began < 10  # 2 s on a quiet machine, and the chart


def test_closing_a_page_frees_the_worker(address: str, client: Client, song: Path) -> None:
    audio, session = handle_file(str(song)), {"session_hash": "closed"}
    web = httpx.Client(base_url=f"{address}gradio_api", timeout=60)
    with web, web.stream("GET", "/heartbeat/closed"):  # a page has it open as long as it is open itself
        uploaded = web.post("/upload", files={"files": ("clicks.ogg", song.read_bytes())}).json()
        web.post("/call/chart", json={"data": inputs(uploaded[0], **LONG), **session}).raise_for_status()
        waiting = client.submit(audio, **QUICK, api_name="/chart")
        wait_until(lambda: waiting.status().rank == 0)
        began = time.monotonic()
    assert len(waiting.result(timeout=20)["charts"]) == 1
    assert time.monotonic() - began < 10


def test_folders_of_visitors_are_not_served(address: str, visitors: Path, song: Path) -> None:
    own = Workspaces(visitors).enter(None, "someone else's page")
    kept = own.set_song(song)
    paths = [visitors, own.folder, own.folder / "workspace.json", kept.audio, kept.folder / "song.json"]
    ways = ["gradio_api/file={}", "gradio_api/file/{}", "file={}", "static/{}", "player/{}", "scripts/..{}"]
    ways += ["gradio_api/file=/tmp/gradio/../..{}", "gradio_api/file=/tmp/gradio/%2e%2e/%2e%2e{}", "assets/..%2f..{}"]
    for path in paths:
        for way in ways:
            for text in (str(path), urllib.parse.quote(str(path), safe="")):
                with pytest.raises(urllib.error.HTTPError) as refused:
                    urllib.request.urlopen(address + way.format(text))
                assert refused.value.code in (400, 403, 404, 405, 422), (way, text)
