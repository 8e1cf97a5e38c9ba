"""A visitor's request: how long it is likely to take, and sets of charts."""

from dataclasses import replace

import pytest
from tiny_model import save_tiny_checkpoint

from mug.generation.settings import SamplingSettings
from mug.generation.song import Song
from mug.progress import Progress, Stage
from mug.webui.charting import Wanted, prompt_of, size_of, write_charts
from mug.webui.example_song import EXAMPLE_SONG
from mug.webui.jobs import Job
from mug.webui.models import Models, describe
from mug.webui.request_bar import RequestBar
from mug.webui.time_left import Pace, Size, TimeLeft

FAST = SamplingSettings(steps=2, ensemble=1, attempts=2)
WANTED = Wanted("tiny", EXAMPLE_SONG, Song(), {"sr": 3.0}, {}, FAST, True, 90.0, count=2, seed=1)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    return Models([describe(save_tiny_checkpoint(tmp_path_factory.mktemp("model") / "tiny.ckpt", start_bias=-1.0))])


def test_a_request_has_a_size() -> None:
    size = size_of(WANTED)
    assert (size.stars, size.together, size.samples, size.passes) == ([3.0, 3.0], True, 1, 2)
    assert size.seconds == pytest.approx(44.1, abs=0.1)
    spread = size_of(replace(WANTED, spread=(1.5, 3.3), settings=replace(FAST, guidance=2.0)))
    assert (spread.stars, spread.together, spread.passes) == ([3.3, 1.5], False, 4)
    assert size_of(replace(WANTED, prompt={})).stars == [None, None]


def test_a_set_has_a_chart_for_each_star_rating_and_a_bar(models: Models) -> None:
    shown: list[str] = []
    wanted = replace(WANTED, spread=(1.5, 3.3))
    bar = RequestBar(TimeLeft(size_of(wanted), models.pace("tiny")))

    def further(progress: Progress) -> None:
        bar.follow(progress)
        shown.append(bar.html)

    job = Job(further)
    charts = write_charts(models, wanted, job)
    assert sorted(prompt_of(chart)["sr"] for chart in charts) == [1.5, 3.3]
    assert job.progress.stage is Stage.FINISHING
    assert any("<p>Composing: chart 2 of 2, once more for the stars, about " in html for html in shown)
    assert "<p>Finishing, about " in shown[-1]


def test_a_bar_says_how_full_it_is_to_all() -> None:
    now = 0.0
    bar = RequestBar(TimeLeft(Size(100.0, [None], True, 1, 10), Pace(), lambda: now))
    assert bar.html.endswith('<div style="width: 0%"></div></div><p>Starting</p>')
    now = 3.0
    progress = Progress()
    progress.enter(Stage.READING)
    bar.follow(progress)
    assert 'role="progressbar" aria-label="Charting"' in bar.html
    assert 'aria-valuenow="32" aria-valuetext="Reading the song, about 6 s left"' in bar.html
