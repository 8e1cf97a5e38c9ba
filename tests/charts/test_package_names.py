"""Names in packages without the flag for UTF-8 are read so that charts find their audio."""

import zipfile

import pytest

from mug.charts.osz import extract_osz


def pack(path, files: dict[bytes, bytes]):
    """A package whose names are these bytes, without the flag."""
    with zipfile.ZipFile(path, "w") as package:
        for number, data in enumerate(files.values()):
            package.writestr(f"{number:03}" + "x" * (len(list(files)[number]) - 3), data)
    packed = path.read_bytes()
    for number, name in enumerate(files):
        packed = packed.replace(f"{number:03}".encode() + b"x" * (len(name) - 3), name)
    path.write_bytes(packed)
    return path


def names(path, tmp_path):
    extract_osz(path, tmp_path / "out")
    return sorted(file.name for file in (tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("encoding", "audio"),
    [
        ("utf-8", "F\u00fcr Elise.ogg"),
        ("utf-8", "\u66f2.ogg"),
        ("cp932", "\u521d\u97f3\u30df\u30af.ogg"),
        ("cp932", "\u8868.ogg"),  # whose second byte is a backslash
        ("gbk", "\u4f60\u597d\u4e16\u754c.ogg"),
        ("cp949", "\uc548\ub155.ogg"),
        ("big5", "\u9ede\u6b4c.ogg"),
        ("cp437", "F\u00fcr Elise.ogg"),
        ("cp1252", "F\u00fcr Elise.ogg"),
    ],
)
def test_the_encoding_is_the_one_in_which_the_audio_is_there(tmp_path, encoding, audio):
    chart = f"osu file format v14\n\n[General]\nAudioFilename: {audio}\n".encode()
    package = pack(tmp_path / "a.osz", {b"chart.osu": chart, audio.encode(encoding): b"sound"})
    assert audio in names(package, tmp_path)


@pytest.mark.parametrize(("encoding", "read"), [("utf-8", "\u66f2 name.txt"), ("cp932", "\u00ef\u255a name.txt")])
def test_without_a_chart_that_names_them_utf8_or_the_standard(tmp_path, encoding, read):
    found = names(pack(tmp_path / "a.osz", {"\u66f2 name.txt".encode(encoding): b"text"}), tmp_path)
    assert found == [read]
