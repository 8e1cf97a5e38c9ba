"""A spread's charts are named and set up by their stars."""

from itertools import pairwise

import numpy as np
import pytest
import soundfile

from mug.charts.beatmap import Note, TimingPoint
from mug.errors import PromptError
from mug.generation import SamplingSettings
from mug.generation.request import GeneratedChart
from mug.generation.spread import difficulty_of, set_up
from mug.metrics.onsets import moments_ms
from mug.progress import Progress


@pytest.mark.parametrize(
    ("stars", "name"),
    [
        (1.99, "Easy"), (2.0, "Normal"), (2.7, "Hard"), (4.0, "Insane"), (5.3, "Expert"), (6.5, "Expert+"),
        (None, "Expert+"),
    ],
)  # fmt: skip
def test_difficulties_have_the_names_of_their_stars(stars, name):
    assert difficulty_of(stars).name == name


def chart(stars: float | None, *times_ms: float) -> GeneratedChart:
    notes = [Note(time_ms, column) for time_ms in times_ms for column in (0, 1)]
    return GeneratedChart(4, notes, [TimingPoint(0.0, 400.0)], star_rating=stars)


def test_a_spread_is_in_order_and_its_names_differ():
    spread = set_up([chart(None, 0), chart(3.9, 0, 100, 200, 300), chart(1.0, 0, 150), chart(2.8, 0, 105, 200, 250)])
    assert [each.version for each in spread] == ["Easy", "Hard", "Hard 2", "Expert+"]
    assert [(each.hp_drain, each.overall_difficulty) for each in spread[:2]] == [(7.0, 7.0), (8.0, 7.8)]
    assert [each.in_harder for each in spread] == [0.5, 0.75, 0.25, None]


@pytest.fixture
def song(tmp_path):
    soundfile.write(tmp_path / "audio.wav", np.random.default_rng(0).normal(0, 0.3, 3 * 22050), 22050)
    return tmp_path / "audio.wav"


def test_an_easier_chart_prefers_moments_of_the_harder(tiny_generator, song, monkeypatch):
    asked = []
    write = tiny_generator.writer.write

    def listening(request, prepared, drafts, progress):
        asked.append((float(request.prompt["sr"]), drafts[0].harder_ms))
        written = write(request, prepared, drafts, progress)
        asked[-1] = (*asked[-1], moments_ms(written[0].choice.chart))
        return written

    monkeypatch.setattr(tiny_generator.writer, "write", listening)
    settings = SamplingSettings(steps=2, ensemble=3, attempts=1)
    prompts = [{"sr": 2.0}, {"sr": 5.0}, {"sr": 3.0}]
    charts = tiny_generator.spread(song, prompts, seed=3, settings=settings, progress=Progress())
    assert [stars for stars, *_ in asked] == [5.0, 3.0, 2.0]
    assert asked[0][1] is None
    for (_, _, moments), (_, harder_ms, _) in pairwise(asked):
        assert harder_ms.tolist() == moments.tolist()
    assert len({each.version for each in charts}) == 3
    assert {each.metadata["AISeed"] for each in charts} == {"3"}


@pytest.mark.parametrize(
    ("prompts", "what"),
    [([], "1 to 16 prompts"), ([{"ln": True}], "each with stars"), ([{"sr": "high"}], "give a number")],
)
def test_a_spread_needs_stars(tiny_generator, song, prompts, what):
    with pytest.raises(PromptError, match=what):
        tiny_generator.spread(song, prompts)
