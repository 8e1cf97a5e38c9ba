"""Versions of charts as files for games, as pictures and as recipes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.chart_files import read_charts
from mug.charts.osu import read_osu, write_osu
from mug.charts.osz import extract_osz
from mug.errors import ChartError, StudioError
from mug.generation.recipe import AudioFile, Charting, ModelName, Recipe
from mug.generation.recipe_file import read_recipe, to_values
from mug.generation.song import Song
from mug.webui.own_song import OwnSong
from mug.webui.take import take
from mug.webui.versions import Version

RECIPE = Recipe(ModelName("models/x"), AudioFile("a.mp3"), Song(), Charting({"": {"sr": 3.0}}))
NOTES = [Note(100.0 * i, i % 4, 100.0 * i + 50 if i % 3 == 0 else None) for i in range(20)]


@pytest.fixture
def song(tmp_path) -> OwnSong:
    audio = tmp_path / "song" / "audio" / "a.ogg"
    audio.parent.mkdir(parents=True)
    soundfile.write(audio, np.random.default_rng(0).normal(0, 0.1, 3 * 8000), 8000)
    return OwnSong("song", audio)


@pytest.fixture
def versions(tmp_path) -> list[Version]:
    """Two versions of one name, with a name of ../ and / in the song's title."""
    charts = []
    for number in (1, 2):
        path = tmp_path / f"{number}.osu"
        chart = Beatmap(4, NOTES[number:], [TimingPoint(0.0, 400.0)], title="../T/x", artist="A", creator="MuG")
        write_osu(replace(chart, version="AI v1"), path)
        charts.append(Version(number, None, "Mine", path, {}, to_values(RECIPE)))
    return charts


@pytest.fixture
def out(tmp_path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def test_a_package_holds_the_song_and_all_versions(song, versions, out):
    path, notes = take("osz", versions, song, out)
    assert (path, notes) == (out / "A - ..Tx.osz", [])
    charts = {chart.version: chart for chart in map(read_osu, extract_osz(path, out / "unpacked"))}
    assert {name: chart.notes for name, chart in charts.items()} == {"Mine": NOTES[1:], "Mine 2": NOTES[2:]}
    assert (out / "unpacked" / charts["Mine"].audio_filename).read_bytes() == song.audio.read_bytes()


@pytest.mark.parametrize("kind", ["osu", "sm", "qua", "mc"])
def test_a_chart_for_each_game(song, versions, out, kind):
    path, _ = take(kind, versions[:1], song, out)
    assert path == out / f"A - ..Tx (MuG) [Mine].{kind}"
    (chart,) = read_charts(path)
    assert chart.audio_filename == "a.ogg"
    assert [(note.start_ms, note.column, note.end_ms) for note in chart.notes] == [
        (pytest.approx(note.start_ms, abs=1), note.column, note.end_ms and pytest.approx(note.end_ms, abs=1))
        for note in NOTES[1:]
    ]


def test_all_versions_in_one_sm(song, versions, out):
    path, _ = take("sm", versions, song, out)
    assert path == out / "A - ..Tx.sm"
    assert [len(chart.notes) for chart in read_charts(path)] == [19, 18]


def test_what_a_format_cannot_hold_is_said(song, versions, out):
    chart = Beatmap(4, NOTES, [TimingPoint(0.0, 400.0, 7)], version="x")
    write_osu(chart, versions[0].chart)
    _, notes = take("qua", versions[:1], song, out)
    assert notes == ("bars of other than 3 or 4 beats, which Quaver counts as 4: 1 (7 beats)",)
    wide = Beatmap(12, [Note(0.0, 11)], [TimingPoint(0.0, 400.0)])
    write_osu(wide, versions[0].chart)
    with pytest.raises(ChartError, match="12"):
        take("qua", versions[:1], song, out)


def test_a_picture_and_a_recipe(song, versions, out):
    path, _ = take("png", versions[:1], song, out)
    with Image.open(path) as picture:
        assert picture.width >= 640
    path, _ = take("yaml", versions[:1], song, out)
    assert path == out / "A - ..Tx (MuG) [Mine].recipe.yaml"
    assert read_recipe(path) == RECIPE


def test_what_cannot_be_taken_is_said(song, versions, out):
    opened = replace(versions[0], recipe=None)
    for kind, chosen, message in (
        ("yaml", [opened], "'Mine' was opened, not made here, so it has no recipe"),
        ("osu", versions, "holds one chart; choose a single version"),
        ("exe", versions, "not given out as 'exe'; choose one of osz, osu"),
    ):
        with pytest.raises(StudioError, match=message):
            take(kind, chosen, song, out)
    assert list(out.iterdir()) == []
