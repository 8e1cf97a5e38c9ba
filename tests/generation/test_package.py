"""Packages of charts and their song."""

import re
import zipfile

import numpy as np
import pytest
import soundfile
from PIL import Image

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.data.audio import AudioSettings
from mug.generation.package import polished, write_package
from mug.generation.request import GeneratedChart


def test_packages_replace_none_and_songs_become_playable(tmp_path):
    soundfile.write(tmp_path / "CON.flac", np.zeros(22050), 22050)
    charts = [Beatmap(4, [Note(0, 0)], [], title="T?", artist="A", version="v")]
    paths = []
    for _ in range(2):
        path, said = write_package(tmp_path / "out", charts, tmp_path / "CON.flac")
        assert said == ["CON.flac is flac, which osu! does not play; the package holds it as Ogg Vorbis"]
        with zipfile.ZipFile(path) as package:
            assert package.namelist() == ["A - T () [v].osu", "_CON.ogg", "background.png"]
            assert b"AudioFilename: _CON.ogg\n" in package.read("A - T () [v].osu")
            assert Image.open(package.open("background.png")).size == (1280, 720)
        paths.append(path.name)
    assert paths == ["A - T.osz", "A - T (2).osz"]


@pytest.mark.parametrize(("kind", "charts"), [("qp", "A - T () [v].qua"), ("smzip", "A - T/A - T.ssc")])
def test_packages_of_other_games_with_a_background_of_one_s_own(tmp_path, kind, charts):
    soundfile.write(tmp_path / "a.flac", np.zeros(22050), 22050)
    (tmp_path / "mine.jpg").write_bytes(b"image")
    chart = Beatmap(4, [Note(0, 0)], [], title="T", artist="A", version="v")
    path, _ = write_package(tmp_path, [chart], tmp_path / "a.flac", tmp_path / "mine.jpg", kind)
    folder = charts.rpartition("/")[0]
    with zipfile.ZipFile(path) as package:
        assert package.namelist() == [charts, *(f"{folder}/{name}".lstrip("/") for name in ("a.ogg", "mine.jpg"))]
        assert b"mine.jpg" in package.read(charts)


@pytest.mark.parametrize("title", ["CON", "../../x", "🎵" * 300, "a" * 300, "dots... ", "", "\x00\n/:*?"])
def test_any_title_makes_a_package_that_opens(tmp_path, title):
    soundfile.write(tmp_path / "a.ogg", np.zeros(22050), 22050)
    chart = Beatmap(4, [Note(0, 0)], [], title=title, artist="", version="v" * 300)
    for kind in ("osz", "qp", "mcz", "smzip"):
        path, _ = write_package(tmp_path / "out", [chart], tmp_path / "a.ogg", kind=kind)
        assert path.parent == tmp_path / "out"
        names = [name for part in zipfile.ZipFile(path).namelist() for name in part.split("/")]
        for name in (*names, path.name):
            assert len(name.encode("utf-16-le")) / 2 <= 130
            assert len(name.encode()) <= 255
            assert not re.search(r'[<>:"/\\|?*\x00-\x1f]|[. ]$|^(con|nul)\.', name, re.IGNORECASE)


def test_charts_get_a_preview_and_are_repaired():
    settings = AudioSettings(n_mels=4)
    notes = [Note(0, 0), Note(411, 1), Note(800, 2, 900), Note(850, 2), Note(1200, 0, 1300), Note(1600, 1, 1610)]
    chart = GeneratedChart(4, notes, [TimingPoint(0, 400)], star_rating=1.0)
    spectrum = np.zeros((4, 5000), np.float32)
    spectrum[:, 2000:4000] = 1
    (ready,) = polished([chart], spectrum, settings)
    repaired = [Note(800, 2, 830), Note(850, 2), Note(1200, 0, 1300), Note(1600, 1)]
    assert ready.notes == [Note(0, 0), Note(411, 1), *repaired]
    assert ready.preview_ms in range(9000, 13000)
    assert ready.star_rating != 1.0
    assert (ready.hp_drain, ready.overall_difficulty) == (7.0, 7.0)  # of an easy chart
