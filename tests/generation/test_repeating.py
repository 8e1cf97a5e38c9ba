"""A recipe repeats its charts exactly, and notices another song or model."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.errors import AudioError, CheckpointError, ConfigError
from mug.generation.recipe import AudioFile, Charting, Editing, ModelName, Recipe, as_read, chart_text
from mug.generation.recipe_file import parse_recipe, recipe_text
from mug.generation.region import Region, Span
from mug.generation.repeating import edits_of, new_charts, repeat
from mug.generation.settings import SamplingSettings
from mug.generation.song import Song
from mug.progress import Progress

PLAIN = SamplingSettings(steps=2, ensemble=2, attempts=1)
PART = Region((Span(500.0, 1500.0),))


@pytest.fixture(scope="module")
def song(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("song") / "audio.wav"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.3, 2 * 22050), 22050)
    return path


@pytest.fixture
def model(tiny_generator) -> ModelName:
    return ModelName("tiny", tiny_generator.fingerprint)


def again(recipe: Recipe, song: Path, generator) -> list[list[Note]]:
    """The notes of a recipe's charts after it was a file."""
    charts = repeat(parse_recipe(recipe_text(recipe), "x.yaml"), song, lambda _: generator, Progress())
    return [chart.notes for chart in charts]


def test_charts_and_edits_of_edits_come_again(tiny_generator, model, song):
    charting = Charting({"": {"sr": 3.0}}, count=2, seed=5, settings=PLAIN)
    known = Song("T", "A")
    charts = new_charts(tiny_generator, song, known, charting, Progress())
    recipe = Recipe(model, AudioFile.of(song), known, charting)
    assert again(recipe, song, tiny_generator) == [chart.notes for chart in charts]
    assert again(recipe.taking(2), song, tiny_generator) == [charts[1].notes]

    part = Editing(PART, {"ln": True}, count=2, seed=1, settings=PLAIN)
    edits = edits_of(tiny_generator, song, as_read(charts[1]), part, Progress())
    assert edits[1].notes not in (charts[1].notes, edits[0].notes)
    recipe = recipe.taking(2).edited(part).taking(2)
    columns = Editing(Region((Span(0.0, 2000.0, (1, 2)),)), strength=0.5, seed=2, settings=PLAIN, model=model)
    (last,) = edits_of(tiny_generator, song, as_read(edits[1]), columns, Progress())
    assert last.notes != edits[1].notes
    recipe = recipe.edited(columns)
    assert recipe.edits[1].model is None  # the recipe's own
    assert again(recipe, song, tiny_generator) == [last.notes]


def test_a_difficulty_of_a_spread_comes_again(tiny_generator, model, song):
    charting = Charting({"2": {"sr": 2.0}, "4": {"sr": 4.0}}, spread=True, settings=PLAIN)
    charts = new_charts(tiny_generator, song, Song(bpm=150.0), charting, Progress())
    recipe = Recipe(model, AudioFile.of(song), Song(bpm=150.0), charting)
    assert again(recipe.taking(1), song, tiny_generator) == [charts[0].notes]


def test_edits_of_a_persons_chart_come_again(tiny_generator, model, song):
    notes = [Note(200.0 * i, i % 4) for i in range(9)]
    chart = as_read(Beatmap(4, notes, [TimingPoint(0.0, 400.0)], version="Hard"))
    other = replace(chart, notes=[Note(150.0 * i, 3 - i % 4) for i in range(9)])
    for edit in (Editing(PART, settings=PLAIN), Editing(towards=chart_text(other), strength=0.5, settings=PLAIN)):
        (edited,) = edits_of(tiny_generator, song, chart, edit, Progress())
        recipe = Recipe(model, AudioFile.of(song), Song(), chart_text(chart), (edit,))
        assert again(recipe, song, tiny_generator) == [edited.notes]


def test_another_song_or_model_is_noticed(tiny_generator, model, song, tmp_path):
    recipe = Recipe(model, AudioFile.of(song), Song(), Charting({"": {}}, settings=PLAIN))
    other = tmp_path / "other.wav"
    other.write_bytes(b"another")
    with pytest.raises(AudioError, match=r"other.wav: is not the file .* \('audio.wav'\); give that one"):
        again(recipe, other, tiny_generator)
    with pytest.raises(AudioError, match=r"none.wav: cannot be read"):
        again(recipe, tmp_path / "none.wav", tiny_generator)
    with pytest.raises(CheckpointError, match="tiny: its weights are not those that the recipe was made with"):
        again(replace(recipe, model=ModelName("tiny", "00")), song, tiny_generator)
    anyones = replace(recipe, model=ModelName("tiny"), audio=AudioFile("any"))
    assert len(again(anyones, song, tiny_generator)) == 1


def test_a_recipe_has_to_say_which_of_several_charts(tiny_generator, model, song):
    several = Recipe(model, AudioFile.of(song), Song(), Charting({"": {}}, count=2, settings=PLAIN))
    with pytest.raises(ConfigError, match="edit 1 of the recipe: 2 charts before it; set `chart` there, from 1"):
        again(several.edited(Editing(settings=PLAIN)), song, tiny_generator)
    with pytest.raises(ConfigError, match="chart 3 of the recipe: 2 charts were written"):
        again(several.taking(3), song, tiny_generator)
