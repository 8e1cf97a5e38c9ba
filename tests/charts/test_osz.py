"""Packages: what is packed comes out, and hostile packages stay shut."""

import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from mug.charts import osz
from mug.charts.beatmap import Beatmap, Note
from mug.charts.osu import read_osu
from mug.charts.osz import extract_osz, pack_song
from mug.errors import ChartError


def beatmap(version: str = "Hard") -> Beatmap:
    return Beatmap(4, [Note(0, 1), Note(500, 2, 900)], [], title="T", artist="A", creator="C", version=version)


@pytest.fixture
def song(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "music.ogg").write_bytes(b"sound")
    (tmp_path / "bg.png").write_bytes(b"image")
    return tmp_path / "music.ogg", tmp_path / "bg.png"


def pack(path: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in files.items():
            package.writestr(name, data)
    return path


def test_what_is_packed_comes_out(tmp_path, song):
    charts = [beatmap("Hard"), beatmap("Easy")]
    pack_song(tmp_path / "a.osz", charts, *song)
    paths = extract_osz(tmp_path / "a.osz", tmp_path / "out" / "a")
    assert [path.name for path in paths] == ["A - T (C) [Easy].osu", "A - T (C) [Hard].osu"]
    assert (tmp_path / "out/a/music.ogg").read_bytes() == b"sound"
    assert (tmp_path / "out/a/bg.png").read_bytes() == b"image"
    again = read_osu(paths[1])
    assert (again.notes, again.audio_filename, again.background) == (charts[0].notes, "music.ogg", "bg.png")
    assert charts[0].audio_filename == "audio.mp3"  # packing changes no chart
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a"]


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        ('What? "Live" 1|2.ogg', "What Live 12.ogg"),
        (" x .ogg", "x.ogg"),
        ("a\\b.ogg", "ab.ogg"),
        ("CON.ogg", "_CON.ogg"),
        ("é" * 110 + ".ogg", "é" * 100 + ".ogg"),
        ("\udcff.ogg", "untitled.ogg"),
    ],
)
def test_a_song_has_a_name_that_windows_takes(tmp_path, name, packed):
    (tmp_path / name).write_bytes(b"sound")
    pack_song(tmp_path / "a.osz", [beatmap()], tmp_path / name)
    with zipfile.ZipFile(tmp_path / "a.osz") as package:
        assert package.namelist() == ["A - T (C) [Hard].osu", packed]
        assert f"AudioFilename: {packed}\n".encode() in package.read("A - T (C) [Hard].osu")


def test_versions_that_case_or_cutting_makes_alike_stay_apart(tmp_path, song):
    charts = [beatmap(version) for version in ("Hard", "hard", "x" * 120 + "1", "x" * 120 + "2")]
    pack_song(tmp_path / "a.osz", charts, song[0])
    with zipfile.ZipFile(tmp_path / "a.osz") as package:
        long = "(C) [" + "x" * 104
        assert package.namelist()[:4] == [
            *["A - T (C) [Hard].osu", "A - T (C) [hard] (2).osu", f"{long}.osu", f"{long} (2).osu"]
        ]


def test_a_package_without_background(tmp_path, song):
    pack_song(tmp_path / "a.osz", [beatmap()], song[0])
    with zipfile.ZipFile(tmp_path / "a.osz") as package:
        assert package.namelist() == ["A - T (C) [Hard].osu", "music.ogg"]


@pytest.mark.parametrize(
    ("charts", "audio", "reason"),
    [
        ([], "music.ogg", "no charts"),
        ([beatmap(), beatmap()], "music.ogg", "two charts are called 'A - T"),
        ([beatmap()], "none.ogg", r"none\.ogg: no such file"),
    ],
)
def test_refuses_to_pack(tmp_path, song, charts, audio, reason):
    with pytest.raises(ChartError, match=reason):
        pack_song(tmp_path / "a.osz", charts, tmp_path / audio)
    assert not (tmp_path / "a.osz").exists()


def test_charts_of_a_song_with_a_long_name_stay_apart(tmp_path, song):
    charts = [replace(beatmap(version), title="あ" * 500) for version in ("AI v1", "AI v2")]
    pack_song(tmp_path / "a.osz", charts, song[0])
    paths = extract_osz(tmp_path / "a.osz", tmp_path / "out")
    assert [path.name[-15:] for path in paths] == ["(C) [AI v1].osu", "(C) [AI v2].osu"]


@pytest.mark.parametrize("name", ["../evil.osu", "/evil.osu", "a/../../evil.osu", "..\\evil.osu", "C:\\evil.osu"])
def test_names_that_lead_out_are_refused(tmp_path, name):
    package = pack(tmp_path / "a.osz", **{"good.osu": b"x", name: b"evil"})
    with pytest.raises(ChartError, match="folder"):
        extract_osz(package, tmp_path / "deep" / "out")
    assert list((tmp_path / "deep").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.osz", "deep"]


def test_a_link_is_unpacked_as_a_file(tmp_path):
    entry = zipfile.ZipInfo("link")
    entry.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.osz", "w") as package:
        package.writestr(entry, "/etc")
    extract_osz(tmp_path / "a.osz", tmp_path / "out")
    assert not (tmp_path / "out/link").is_symlink()


def test_bombs_are_refused(tmp_path, monkeypatch):
    bomb = pack(tmp_path / "bomb.osz", a=bytes(3 * 2**20))
    with pytest.raises(ChartError, match="'a' unpacks to over 200 times its size"):
        extract_osz(bomb, tmp_path / "out")
    monkeypatch.setattr(osz, "MAX_TOTAL_BYTES", 100)
    with pytest.raises(ChartError, match="unpacks to more than"):
        extract_osz(pack(tmp_path / "large.osz", a=bytes(60), b=bytes(60)), tmp_path / "out")
    monkeypatch.setattr(osz, "MAX_FILES", 2)
    with pytest.raises(ChartError, match="3 files"):
        extract_osz(pack(tmp_path / "many.osz", a=b"", b=b"", c=b""), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_without_a_name(tmp_path):
    data = bytearray(pack(tmp_path / "a.osz", a=b"x").read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 28 : at + 30] = b"\0\0"  # the length of its name
    data[at + 32 : at + 34] = b"\1\0"  # so that the directory is as long as before: the name is the comment
    (tmp_path / "a.osz").write_bytes(data)
    with pytest.raises(ChartError, match="cannot be unpacked"):
        extract_osz(tmp_path / "a.osz", tmp_path / "out")


def test_encrypted_packages_are_refused(tmp_path):
    path = pack(tmp_path / "a.osz", **{"a.osu": b"x", "secret.osu": b"y"})
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(ChartError, match=r"a\.osz: 'secret\.osu' is encrypted"):
        extract_osz(path, tmp_path / "out")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.osz"]


@pytest.mark.parametrize("inner", ["b.osz", "b.zip", "picture.png"])
def test_packages_in_packages_are_refused(tmp_path, inner):
    outer = pack(tmp_path / "a.osz", **{"a.osu": b"x", inner: pack(tmp_path / "b.zip", **{"b.osu": b"y"}).read_bytes()})
    with pytest.raises(ChartError, match=f"'{inner}' is a package in a package"):
        extract_osz(outer, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_directory_too_large_to_read_is_not_read(tmp_path, monkeypatch):
    path = pack(tmp_path / "a.osz", **{f"{i:0900}": b"" for i in range(10)})
    monkeypatch.setattr(osz, "MAX_FILES", 5)
    with monkeypatch.context() as context:
        context.setattr(zipfile, "ZipFile", None)
        with pytest.raises(ChartError, match="more than 5 files or 4 GiB"):
            extract_osz(path, tmp_path / "out")
    data = bytearray(pack(tmp_path / "b.osz", a=b"x").read_bytes())
    at = data.index(b"PK\x05\x06")
    (tmp_path / "b.osz").write_bytes(data[:at] + b"PK\x06\x07" + bytes(16) + data[at:])
    with pytest.raises(ChartError, match="4 GiB"):
        extract_osz(tmp_path / "b.osz", tmp_path / "out")


def test_sizes_in_the_headers_are_not_believed(tmp_path):
    path = pack(tmp_path / "a.osz", a=bytes(3 * 2**20))
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 10)  # the central directory says that it unpacks to 10 bytes
    path.write_bytes(data)
    with pytest.raises(ChartError, match=r"a\.osz: "):
        extract_osz(path, tmp_path / "out")


@pytest.mark.parametrize("data", [b"", b"no zip at all", b"PK\x05\x06" + bytes(10)])
def test_what_is_no_package(tmp_path, data):
    (tmp_path / "a.osz").write_bytes(data)
    with pytest.raises(ChartError, match=r"a\.osz: cannot be unpacked"):
        extract_osz(tmp_path / "a.osz", tmp_path / "out")


def test_a_damaged_package(tmp_path, song):
    pack_song(tmp_path / "a.osz", [beatmap()], *song)
    data = bytearray((tmp_path / "a.osz").read_bytes())
    data[80] ^= 0xFF
    (tmp_path / "a.osz").write_bytes(data)
    with pytest.raises(ChartError, match=r"a\.osz: cannot be unpacked"):
        extract_osz(tmp_path / "a.osz", tmp_path / "out")


def test_two_files_of_one_name(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.osz", "w") as package:
        package.writestr("a.osu", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            package.writestr("a.osu", b"2")
    with pytest.raises(ChartError, match="cannot be unpacked"):
        extract_osz(tmp_path / "a.osz", tmp_path / "out")


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    package = pack(tmp_path / "a.osz", **{"a.OSU": b"1"})
    with pytest.raises(ChartError, match="is not empty"):
        extract_osz(package, tmp_path)
    (tmp_path / "empty").mkdir()
    assert extract_osz(package, tmp_path / "empty") == [tmp_path / "empty" / "a.OSU"]
