"""Songs in folders and packages of every game are read, and written as those of every other."""

import zipfile

import pytest

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.chart_files import CHART_SUFFIXES, write_chart
from mug.charts.osz import PACKED_AS, pack_song
from mug.charts.song_files import songs_of, unpacked, write_as
from mug.errors import ChartError
from tests.charts.foreign_charts import EXAMPLES


def chart(version: str = "Hard", keys: int = 4, **named: str) -> Beatmap:
    names = {"title": "T", "artist": "A", "creator": "C", "audio_filename": "music.ogg"} | named
    notes = [Note(0, 0), Note(500, 2, 1000)]
    return Beatmap(keys, notes, [TimingPoint(0, 500)], version=version, background="bg.png", **names)


@pytest.fixture
def folder(tmp_path):
    """A song with two charts, audio and background."""
    folder = tmp_path / "Songs" / "a"
    folder.mkdir(parents=True)
    (folder / "music.ogg").write_bytes(b"sound")
    (folder / "bg.png").write_bytes(b"image")
    write_chart(chart("Hard"), folder / "1.osu")
    write_chart(chart("Easy"), folder / "2.qua")
    return folder


def read(*paths):
    refused: list[ChartError] = []
    with unpacked(paths, refused.append) as groups:
        songs = [song for name, files in groups for song in songs_of(name, files, refused.append)]
        return songs, [str(error) for error in refused], [len(song.charts) for song in songs]


def refuse_nothing(error: ChartError) -> None:
    raise error


@pytest.mark.parametrize("kind", [*PACKED_AS])
def test_packages_of_every_game_come_back(tmp_path, folder, kind):
    (song,), refused, _ = read(folder.parent)
    assert (refused, song.audio, song.background) == ([], folder / "music.ogg", folder / "bg.png")
    path, n_charts, remarks = write_as(song, kind[1:], tmp_path / "out", refuse_nothing)
    assert (path, n_charts, remarks) == (tmp_path / "out" / f"A - T{kind}", 2, ())
    with unpacked([path], refuse_nothing) as [(name, files)]:
        (again,) = songs_of(name, files, refuse_nothing)
        assert (again.audio.read_bytes(), again.background.read_bytes()) == (b"sound", b"image")
        assert sorted(chart.version for chart in again.charts) in (["Easy", "Hard"], ["Hard 2", "Medium 2"])
        assert [[round(note.last_ms) for note in chart.notes] for chart in again.charts] == [[0, 1000]] * 2


@pytest.mark.parametrize("kind", [suffix[1:] for suffix in CHART_SUFFIXES])
def test_a_song_s_folder_holds_all_that_a_game_needs(tmp_path, folder, kind):
    (song,), _, _ = read(folder / "1.osu", folder / "2.qua")
    for name in ("A - T", "A - T (2)"):
        path, _, _ = write_as(song, kind, tmp_path / "out", refuse_nothing)
        assert path == tmp_path / "out" / name
    names = sorted(file.name for file in path.iterdir())
    charts = [f"A - T.{kind}"] if kind in ("sm", "ssc") else [f"A - T (C) [{v}].{kind}" for v in ("Easy", "Hard")]
    assert names == [*charts, "bg.png", "music.ogg"]
    (again,), _, _ = read(path)
    assert (again.audio, len(again.charts)) == (path / "music.ogg", 2)
    assert [file.name for file in (tmp_path / "out").iterdir() if file.name.startswith(".")] == []


def test_a_stepmania_package_has_a_folder_of_the_song(tmp_path, folder):
    pack_song(tmp_path / "a.smzip", [chart(title="../../x")], folder / "music.ogg")
    assert zipfile.ZipFile(tmp_path / "a.smzip").namelist() == ["A - ....x/A - ....x.ssc", "A - ....x/music.ogg"]


def test_charts_that_a_game_does_not_have_are_left_out(tmp_path, folder):
    write_chart(chart("Ten", keys=10), folder / "3.osu")
    write_chart(chart("Three", keys=3), folder / "4.osu")
    (song,), _, _ = read(folder)
    refused: list[ChartError] = []
    assert write_as(song, "mc", tmp_path / "out", refused.append)[1] == 3
    assert [str(error) for error in refused] == [
        f"{folder / '1.osu'}: 'Three': Malody's mode Key has 4 to 10 keys, the chart has 3"
    ]
    song.audio.unlink()
    (silent,), _, _ = read(folder / "1.osu")
    assert write_as(silent, "osz", tmp_path / "out", refused.append) is None
    assert str(refused[-1]) == f"{folder / '1.osu'}: its audio is not beside it, and a package needs it"


def test_difficulties_of_one_name_are_numbered(tmp_path, folder):
    write_chart(chart("Hard"), folder / "3.mc")
    (song,), _, _ = read(folder)
    assert [chart.version for chart in song.charts] == ["Hard", "Easy", "Hard (2)"]


def test_broken_files_are_named_and_the_others_read(tmp_path, folder):
    (folder / "broken.osu").write_text("no chart")
    (folder / "broken.osz").write_bytes(b"no zip")
    with zipfile.ZipFile(folder / "some.mcz", "w") as package:
        package.writestr("0/b.mc", EXAMPLES[".mc"])
        package.writestr("0/c.mc", b"{}")
    with zipfile.ZipFile(folder / "empty.zip", "w") as package:
        package.writestr("music.ogg", b"")
    write_chart(chart(title="Elsewhere", audio_filename="../../x.ogg"), folder / "out.osu")
    songs, refused, counts = read(folder)
    assert counts == [2, 1]
    assert songs[1].source == f"{folder}/some.mcz/b.mc"
    assert [message.removeprefix(str(folder)) for message in refused] == [
        "/broken.osz: cannot be unpacked: File is not a zip file",
        "/empty.zip: holds no chart",
        "/broken.osu: starts with 'no chart', not with 'osu file format v14'; this is not an .osu file",
        f"/out.osu: names a file that is not beside it: {folder}: '../../x.ogg' leads out of this folder; refused",
        "/some.mcz/c.mc: meta is not an object; this is not a .mc file",
    ]


def test_stepmania_charts_of_an_mp3_keep_their_place_in_the_music(tmp_path, folder, monkeypatch):
    monkeypatch.setattr("mug.charts.chart_files.stepmania_delay_ms", lambda audio: 50.0)
    (song,), _, _ = read(folder / "1.osu")
    path, _, _ = write_as(song, "sm", tmp_path / "out", refuse_nothing)
    (again,), _, _ = read(path)
    assert [note.start_ms for note in again.charts[0].notes] == pytest.approx([0, 500], abs=0.01)
    path, _, _ = write_as(again, "qua", tmp_path / "back", refuse_nothing)
    (back,), _, _ = read(path)
    assert [note.start_ms for note in back.charts[0].notes] == [0, 500]
