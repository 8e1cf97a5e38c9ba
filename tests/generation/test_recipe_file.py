"""Recipes as YAML: there and back, changed by hand, and from strangers."""

import json

import pytest

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.errors import ConfigError
from mug.generation.recipe import AudioFile, Charting, Editing, ModelName, Recipe, chart_of, chart_text
from mug.generation.recipe_file import from_values, parse_recipe, read_recipe, recipe_text, to_values, write_recipe
from mug.generation.region import Region, Span
from mug.generation.settings import SamplingSettings
from mug.generation.song import Song

MODEL = ModelName("models/mug-mini", "ab" * 32)
AUDIO = AudioFile("s\u00f6ng: 1.mp3", "cd" * 32)
CHART = Beatmap(4, [Note(100.0 * i, i % 4) for i in range(5)], [TimingPoint(0.0, 400.0)], title="T ${x}: #1")
SHORT = """
recipe: 1
model: {name: x}
song: {file: a.mp3}
charts: {prompt: {sr: 3}}
"""


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(MODEL, AUDIO, Song("1:30", "true", bpm=150.1), Charting({"": {"sr": 3.5, "ln": True, "rc": None}})),
        Recipe(
            MODEL,
            AUDIO,
            Song(timing_points=[TimingPoint(0.1, 400.123456789, 3)]),
            Charting(
                {"a b": {"rank_status": "loved"}, "2": {}},
                {"ln": 1},
                spread=True,
                count=2,
                seed=7,
                settings=SamplingSettings(3, 2.0, guidance_interval=(0.2, 5.0)),
                snap=False,
                jack_interval_ms=1e-5,
                chart=2,
            ),
            (
                Editing(Region((Span(1000.0, 2000.0, (0, 3)), Span(3000.5, 4000.0)), True), {"sr": 2}, 0.5, seed=4),
                Editing(towards=chart_text(CHART), count=3, chart=2, model=ModelName("other")),
            ),
        ),
        Recipe(MODEL, AudioFile("a"), Song(), chart_text(CHART), (Editing(),)),
    ],
)
def test_there_and_back(recipe, tmp_path):
    write_recipe(recipe, tmp_path / "x.yaml")
    assert read_recipe(tmp_path / "x.yaml") == recipe
    assert from_values(json.loads(json.dumps(to_values(recipe))), "x.json") == recipe


def test_a_chart_stays_itself_in_a_recipe():
    text = recipe_text(Recipe(MODEL, AUDIO, Song(), chart_text(CHART), (Editing(),)))
    assert "\nchart: |\n  osu file format v14\n\n  [General]\n" in text  # lines that people can read
    start = parse_recipe(text, "x.yaml").start
    assert isinstance(start, str)
    again = chart_of(start, "x.yaml")
    assert (again.notes, again.timing_points, again.title) == (CHART.notes, CHART.timing_points, CHART.title)


def test_what_is_left_out_has_its_default():
    assert parse_recipe(SHORT, "x.yaml") == Recipe(
        ModelName("x"), AudioFile("a.mp3"), Song(), Charting({"": {"sr": 3}})
    )


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("recipe: 1", "recipe: 0", "a recipe of format 0; this program reads format 1"),
        ("recipe: 1", "recipe: one", "recipe is 'one'; give a whole number"),
        ("recipe: 1", "", "recipe is missing"),
        ("sr: 3", "sr: [", "not readable as YAML in line 5: "),
        ("sr: 3", "sr: [1]", "charts.prompt.sr is [1]; give a number, true, false or text"),
        ("sr: 3", "sr: .nan", "charts.prompt.sr is nan; give a number"),
        ("sr: 3", "1: 3", "charts.prompt.1 is no text; quote it"),
        ("sr: 3}", "sr: 3}, seed: x", "charts.seed is 'x'; give a whole number"),
        ("sr: 3}", "sr: 3}, sampling: {sampler: [x]}", "charts.sampling: sampler '['x']': known are ddim"),
        ("sr: 3}", "sr: 3}, sampling: {step: 3}", "unknown key charts.sampling.'step'; known are attempts"),
        ("file: a.mp3", "file: a.mp3, bpm: 3", "unknown key song.'bpm'; known are artist"),
        ("file: a.mp3", "file: 3", "song.file is 3; give text"),
        ("file: a.mp3", "file: a, timing: [[1, 0, 4]]", "song.timing, line 1, is "),
        ("file: a.mp3", "file: a, timing: {bpm: -3}", "song.timing: "),
        ("{name: x}", "x", "model is 'x'; give lines of 'key: value'"),
        ("charts: {prompt: {sr: 3}}", "chart: a\nedits: []", "a recipe with a person's chart has edits of it"),
        ("charts: {prompt: {sr: 3}}", "charts: {prompts: {}}", "charts.prompts is {}; give at least one"),
        ("charts:", "edits: [{parts: [{start_ms: 2, end_ms: 1}]}]\ncharts:", "edits[0].parts[0]: from 0.002 to"),
        ("charts:", "edits: [{parts: [{start_ms: 2, end_ms: 3, columns: 1}]}]\ncharts:", "columns is 1; give a list"),
        ("charts:", "edits: 3\ncharts:", "edits is 3; give a list"),
        ("charts:", "more: !!python/object:os.system {}\ncharts:", "not readable as YAML in line 5"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_key(before, after, message):
    text = SHORT.replace(before, after)
    assert text != SHORT
    with pytest.raises(ConfigError) as raised:
        parse_recipe(text, "x.yaml")
    assert str(raised.value).startswith("x.yaml: ")
    assert message in str(raised.value)


def test_a_file_that_is_no_recipe_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("mug.yaml_files.MAX_YAML_EVENTS", 50)  # reading as many as are allowed takes a second
    for name, content, message in (
        ("none", None, "no such recipe"),
        ("long", b"#" * (2**21 + 1), "no recipe is that long"),
        ("binary", b"\xff\xfe\x00", "cannot be read"),
        ("aliases", b"a: &a [1]\nb: *a", "aliases"),
        ("much", b"- a\n" * 60, "more than a hundred thousand values"),
    ):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(ConfigError, match=f"{name}: .*{message}"):
            read_recipe(tmp_path / name)
