"""Packages of charts and their song."""

import zipfile

import numpy as np
import soundfile

from mug.charts.beatmap import Beatmap, Note
from mug.generation.package import write_package


def test_packages_replace_none_and_songs_become_playable(tmp_path):
    soundfile.write(tmp_path / "CON.flac", np.zeros(22050), 22050)
    charts = [Beatmap(4, [Note(0, 0)], [], title="T?", artist="A", version="v")]
    paths = []
    for _ in range(2):
        path, said = write_package(tmp_path / "out", charts, tmp_path / "CON.flac")
        assert said == "CON.flac is flac, which osu! does not play; the package holds it as Ogg Vorbis"
        with zipfile.ZipFile(path) as package:
            assert package.namelist() == ["A - T () [v].osu", "_CON.ogg"]
            assert b"AudioFilename: _CON.ogg\n" in package.read("A - T () [v].osu")
        paths.append(path.name)
    assert paths == ["A - T.osz", "A - T (2).osz"]
