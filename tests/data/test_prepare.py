"""A folder of songs becomes a training set, and whatever cannot be used is named, counted and skipped."""

import os
import shutil
import sqlite3
import stat
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tqdm import tqdm

from mug.data.beatmap import Beatmap, Note, TimingPoint
from mug.data.feature_db import FeatureDB
from mug.data.features import FeatureSpec
from mug.data.osu import format_osu, read_osu
from mug.data.prepare import NAMED_FILES, Report, beatmap_paths, prepare_beatmap, prepare_features, read_ranked_map
from mug.errors import DatasetError
from scripts import prepare_beatmap as prepare_beatmap_script
from scripts import prepare_beatmap_features as prepare_features_script

FEATURES = "configs/mug/mania_beatmap_features.yaml"


class Quiet(tqdm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs, disable=True)


def chart(keys=4, **changes) -> bytes:
    notes = [Note(250.0 * i, i % keys, 250.0 * i + 100 if i % 4 == 0 else None) for i in range(40)]
    return format_osu(Beatmap(keys, notes, [TimingPoint(0.0, 500.0)], **{"audio_filename": "audio.wav", **changes}))


def add_set(folder: Path, charts: dict[str, bytes], audio: str | None = "audio.wav") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in charts.items():
        (folder / name).write_bytes(data)
    if audio is not None:
        soundfile.write(str(folder / audio), np.zeros(100), 22050)
    return folder


def add_package(path: Path, files: dict[str, bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as package:
        for name, data in files.items():
            package.writestr(name, data)


def prepare(songs, out, keys=4):
    return prepare_beatmap(songs, out, keys, tqdm_class=Quiet)


def lines(out: Path) -> list[str]:
    return (out / "beatmap.txt").read_text(encoding="utf-8").split("\n")[:-1]


def skipped(report: Report) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for kind, message in report.skipped:
        kinds.setdefault(kind, []).append(message)
    return kinds


def test_a_chart_comes_with_its_audio_and_background_and_nothing_else(tmp_path):
    source = add_set(tmp_path / "songs" / "1 Song", {"hard.osu": chart(background="sub/bg.png")})
    (source / "sub").mkdir()
    (source / "sub" / "bg.png").write_bytes(b"picture")
    (source / "video.mp4").write_bytes(b"film")
    out = tmp_path / "out"
    report = prepare(tmp_path / "songs", out)
    assert (report.done, report.skipped) == (1, [])
    assert lines(out) == ["1 Song/hard.osu"]
    files = {str(file.relative_to(out)) for file in out.rglob("*") if file.is_file()}
    assert files == {"beatmap.txt", "1 Song/hard.osu", "1 Song/audio.wav", "1 Song/sub/bg.png"}
    assert (out / "1 Song/hard.osu").samefile(source / "hard.osu")  # linked on one disk
    assert beatmap_paths(out / "beatmap.txt") == [out / "1 Song" / "hard.osu"]


def test_linked_files_keep_their_permissions(tmp_path):
    source = add_set(tmp_path / "songs" / "1 Song", {"hard.osu": chart()})
    (source / "hard.osu").chmod(0o640)
    prepare(tmp_path / "songs", tmp_path / "out")
    assert (tmp_path / "out/1 Song/hard.osu").samefile(source / "hard.osu")
    assert stat.S_IMODE((source / "hard.osu").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "out/beatmap.txt").stat().st_mode) != 0o600  # as any new file's, not mkstemp's


def test_files_are_copied_where_the_disk_does_not_link(tmp_path, monkeypatch):
    def refuse(source, target):
        raise OSError("another disk")

    monkeypatch.setattr(os, "link", refuse)
    source = add_set(tmp_path / "songs" / "s", {"a.osu": chart()})
    prepare(tmp_path / "songs", tmp_path / "out")
    copy = tmp_path / "out" / "s" / "a.osu"
    assert not copy.samefile(source / "a.osu")
    assert copy.read_bytes() == (source / "a.osu").read_bytes()


def test_everything_unusable_is_named_with_its_reason(tmp_path):
    songs = tmp_path / "songs"
    good = chart()
    add_set(
        songs / "s",
        {
            "good.osu": good,
            "seven.osu": chart(keys=7),
            "std.osu": good.replace(b"Mode: 3", b"Mode: 0"),
            "cut.osu": good[: good.index(b"[HitObjects]")],
            "nothing.osu": good[: good.index(b"[HitObjects]")] + b"[HitObjects]\r\n",
            "binary.osu": bytes(range(256)),
            "lost.osu": chart(audio_filename="gone.mp3"),
            "escape.osu": chart(audio_filename="../../secret.wav"),
            "windows.osu": chart(audio_filename="C:\\Windows\\tada.wav"),
            "absolute.osu": chart(audio_filename="/etc/passwd"),
        },
    )
    (tmp_path / "secret.wav").write_bytes(b"secret")
    (songs / "broken.osz").write_bytes(b"PK\x03\x04 no zip")
    add_package(songs / "evil.osz", {"../../../evil.osu": good})
    report = prepare(songs, tmp_path / "out")
    assert report.done == 1
    assert lines(tmp_path / "out") == ["s/good.osu"]
    kinds = skipped(report)
    assert {kind: len(messages) for kind, messages in kinds.items()} == {
        "other key count": 1,
        "not osu!mania": 1,
        "unusable": 7,
        "broken package": 2,
    }
    reasons = {
        "seven.osu": "7K",
        "std.osu": "Mode is 0",
        "cut.osu": "cut off",
        "nothing.osu": "no notes",
        "binary.osu": "",
        "lost.osu": "'gone.mp3' is missing",
        "escape.osu": "leads out of this folder",
        "windows.osu": "not a file name inside this folder",
        "absolute.osu": "not a file name inside this folder",
        "broken.osz": "cannot be unpacked",
        "evil.osz": "leads out of its folder",
    }
    messages = [message for _, message in report.skipped]
    for name, reason in reasons.items():
        found = [message for message in messages if name in message]
        assert len(found) == 1, name
        assert reason in found[0]
    for name in (*reasons, "11 skipped", "7 unusable"):
        assert name in str(report)
    assert not list(tmp_path.rglob("*secret*"))[1:]
    assert not list(tmp_path.rglob("evil.osu"))


def test_packages_are_unpacked_and_known_by_their_own_name(tmp_path):
    songs = tmp_path / "songs"
    sound = add_set(tmp_path / "elsewhere", {}) / "audio.wav"
    add_package(
        songs / "pack" / "9 Song.osz",
        {"a.osu": chart(), "B.OSU": chart(), "bad.osu": b"nothing", "audio.wav": sound.read_bytes()},
    )
    report = prepare(songs, tmp_path / "out")
    assert lines(tmp_path / "out") == ["pack/9 Song/B.OSU", "pack/9 Song/a.osu"]
    assert (tmp_path / "out/pack/9 Song/audio.wav").read_bytes() == sound.read_bytes()
    assert skipped(report)["unusable"][0].startswith(f"{songs}/pack/9 Song.osz/bad.osu: ")
    assert not list((tmp_path / "out").glob(".*"))


def test_a_song_that_is_there_as_folder_and_package_counts_once(tmp_path):
    songs = tmp_path / "songs"
    folder = add_set(songs / "9 Song", {"a.osu": chart()})
    add_package(songs / "9 Song.osz", {name: (folder / name).read_bytes() for name in ("a.osu", "audio.wav")})
    report = prepare(songs, tmp_path / "out")
    assert lines(tmp_path / "out") == ["9 Song/a.osu"]
    assert list(skipped(report)) == ["there twice"]


def test_names_of_another_case_are_found_and_prepared_as_the_chart_has_them(tmp_path):
    add_set(tmp_path / "songs" / "s", {"A.OSU": chart(audio_filename="Audio.WAV")}, audio="audio.wav")
    assert prepare(tmp_path / "songs", tmp_path / "out").done == 1
    assert (tmp_path / "out" / "s" / "Audio.WAV").is_file()


@pytest.mark.skipif(sys.platform != "linux", reason="names that differ in case only are one file elsewhere")
def test_of_two_names_of_another_case_none_is_taken(tmp_path):
    folder = add_set(tmp_path / "songs" / "s", {"a.osu": chart(), "b.osu": chart(audio_filename="Audio.WAV")})
    shutil.copy(folder / "audio.wav", folder / "AUDIO.wav")
    report = prepare(tmp_path / "songs", tmp_path / "out")
    assert lines(tmp_path / "out") == ["s/a.osu"]  # the very name is there
    assert "'Audio.WAV' is missing" in skipped(report)["unusable"][0]


def test_hidden_folders_and_files_are_left_out(tmp_path):
    songs = tmp_path / ".osu" / "songs"  # where it lies does not matter
    add_set(songs / "s", {"a.osu": chart(), "._a.osu": b"of a Mac"})
    add_set(songs / ".partial 7", {"b.osu": chart()})
    add_set(songs / ".unpacked-x" / "s", {"c.osu": chart()})
    report = prepare(songs, tmp_path / "out")
    assert lines(tmp_path / "out") == ["s/a.osu"]
    assert [message.partition(": ")[0] for message in skipped(report)["hidden"]] == [
        f"{songs}/{name}" for name in (".partial 7/b.osu", ".unpacked-x/s/c.osu", "s/._a.osu")
    ]


@pytest.mark.parametrize("name", [" leading", "next\x85line", "line\u2028separator", "曲 é", "tab\tbed"])
def test_odd_names_survive_the_list(tmp_path, name):
    add_set(tmp_path / "songs" / name, {"a.osu": chart()})
    prepare(tmp_path / "songs", tmp_path / "out")
    assert beatmap_paths(tmp_path / "out" / "beatmap.txt") == [tmp_path / "out" / name / "a.osu"]
    assert prepare_features(tmp_path / "out" / "beatmap.txt", FEATURES, tqdm_class=Quiet).skipped == []


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux only")
@pytest.mark.parametrize("name", [b"caf\xe9", b"two\nlines"])
def test_names_that_cannot_be_listed_are_skipped(tmp_path, name):
    add_set(tmp_path / "songs" / "good", {"a.osu": chart()})
    folder = add_set(tmp_path / "songs" / "bad", {"a.osu": chart()})
    folder.rename(folder.with_name(os.fsdecode(name)))
    (tmp_path / "songs" / os.fsdecode(name + b".osz")).write_bytes(b"no package")
    report = prepare(tmp_path / "songs", tmp_path / "out")
    assert report.done == 1
    assert {kind: len(messages) for kind, messages in skipped(report).items()} == {"unusable": 1, "broken package": 1}
    assert "rename it" in skipped(report)["unusable"][0]
    assert str(report).encode()  # so that it can be printed


def test_an_unreadable_file_does_not_end_the_job(tmp_path, monkeypatch):
    add_set(tmp_path / "songs" / "s", {"a.osu": chart()})
    add_set(tmp_path / "songs" / "t", {"b.osu": chart()})
    link = os.link

    def fail_for_s(source, target):
        if "/s/" in str(source):
            raise OSError("no")
        link(source, target)

    def copy(source, target):
        raise PermissionError(13, "Permission denied", str(source))

    monkeypatch.setattr(os, "link", fail_for_s)
    monkeypatch.setattr(shutil, "copyfile", copy)
    report = prepare(tmp_path / "songs", tmp_path / "out")
    assert lines(tmp_path / "out") == ["t/b.osu"]
    assert "a.osu" in skipped(report)["unreadable"][0]


def test_a_second_run_changes_nothing_and_leaves_the_prepared_folder_out(tmp_path):
    songs = tmp_path / "songs"
    add_set(songs / "s", {"a.osu": chart()})
    out = songs / "out"
    prepare(songs, out)
    before = sorted(out.rglob("*"))
    report = prepare(songs, out)
    assert (report.done, report.skipped) == (1, [])
    assert sorted(out.rglob("*")) == before


def test_charts_in_the_very_folder_belong_to_a_set_of_its_name(tmp_path):
    add_set(tmp_path / "My Song", {"a.osu": chart()})
    prepare(tmp_path / "My Song", tmp_path / "out")
    assert lines(tmp_path / "out") == ["My Song/a.osu"]


def test_all_key_counts_can_be_taken(tmp_path):
    add_set(tmp_path / "songs" / "s", {"4.osu": chart(), "7.osu": chart(keys=7)})
    assert prepare(tmp_path / "songs", tmp_path / "out", keys=None).done == 2


def test_a_folder_with_nothing_usable_is_an_error(tmp_path):
    with pytest.raises(DatasetError, match="no such folder"):
        prepare(tmp_path / "missing", tmp_path / "out")
    add_set(tmp_path / "songs" / "s", {"seven.osu": chart(keys=7)})
    with pytest.raises(DatasetError, match=r"no usable chart.*1 other key count"):
        prepare(tmp_path / "songs", tmp_path / "out")
    assert not (tmp_path / "out" / "beatmap.txt").exists()


def test_a_summary_names_a_few_files_of_each_kind():
    report = Report(done=5)
    for i in range(100):
        report.skip("not osu!mania", f"std{i}.osu: its Mode is 0")
    report.skip("unusable", "bad.osu: has no notes")
    text = str(report)
    assert text.startswith("5 charts, 101 skipped: 100 not osu!mania, 1 unusable\n")
    assert "bad.osu: has no notes" in text
    assert text.count("its Mode is 0") == NAMED_FILES
    assert "and 80 more: not osu!mania" in text


def test_a_list_may_be_written_by_hand(tmp_path):
    absolute = tmp_path / "elsewhere" / "b.osu"
    (tmp_path / "beatmap.txt").write_bytes(f"\ufeff s/a.osu \r\n\r\n{absolute}\r\n".encode())
    assert beatmap_paths(tmp_path / "beatmap.txt") == [tmp_path / " s/a.osu", absolute]
    (tmp_path / "beatmap.txt").write_bytes(b" \n")
    with pytest.raises(DatasetError, match="lists no charts"):
        beatmap_paths(tmp_path / "beatmap.txt")
    (tmp_path / "beatmap.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DatasetError, match="UTF-8"):
        beatmap_paths(tmp_path / "beatmap.txt")
    with pytest.raises(DatasetError, match=r"prepare_beatmap\.py"):
        beatmap_paths(tmp_path / "missing.txt")


def test_features_are_rated_and_unknown_ones_not_given(tmp_path):
    add_set(tmp_path / "songs" / "7 Song", {"a.osu": chart(beatmap_set_id=7), "b.osu": chart(beatmap_set_id=8)})
    prepare(tmp_path / "songs", tmp_path / "out")
    (tmp_path / "ranked.txt").write_text("7 ranked\n\n9 loved\n")
    list_path = tmp_path / "out" / "beatmap.txt"
    report = prepare_features(list_path, FEATURES, tmp_path / "ranked.txt", tqdm_class=Quiet)
    assert (report.done, report.skipped) == (2, [])
    with FeatureDB(tmp_path / "out" / "features.db", FeatureSpec.from_yaml(FEATURES)) as database:
        first, second = database.get("a.osu", "7 Song"), database.get("b.osu", "7 Song")
    assert first["sr"] == pytest.approx(1.0, abs=0.9)
    assert first["sr"] > 0
    assert (first["ln_ratio"], first["rc"], first["hb"], first["ln"]) == (0.25, 0, 1, 0)
    assert (first["rank_status"], second["rank_status"]) == ("ranked", None)
    assert first["ett"] is first["stream_ett"] is first["technical"] is None


def test_features_may_be_computed_twice(tmp_path):
    folder = add_set(tmp_path / "s", {"a.osu": chart(), "b.osu": chart()})
    list_path = tmp_path / "beatmap.txt"
    list_path.write_text("s/a.osu\ns/b.osu\n")
    prepare_features(list_path, FEATURES, tqdm_class=Quiet)
    (folder / "a.osu").write_bytes(format_osu(Beatmap(4, [Note(100.0 * i, i % 4) for i in range(9)], [])))
    with ThreadPoolExecutor(2) as pool:  # at once, too
        reports = list(pool.map(lambda _: prepare_features(list_path, FEATURES, tqdm_class=Quiet), range(6)))
    assert [(report.done, report.skipped) for report in reports] == [(2, [])] * 6
    with FeatureDB(tmp_path / "features.db", FeatureSpec.from_yaml(FEATURES)) as database:
        assert {name: row["ln_ratio"] for (name, _), row in database.all().items()} == {"a.osu": 0.0, "b.osu": 0.25}
    assert sorted(file.name for file in tmp_path.iterdir()) == ["beatmap.txt", "features.db", "s"]


def test_charts_without_features_are_reported(tmp_path):
    add_set(tmp_path, {"a.osu": chart(), "bad.osu": b"nothing"})
    (tmp_path / "beatmap.txt").write_text("a.osu\nbad.osu\ngone.osu\n")
    report = prepare_features(tmp_path / "beatmap.txt", FEATURES, tqdm_class=Quiet)
    assert report.done == 1
    assert [message.split(":")[0].rpartition("/")[2] for _, message in report.skipped] == ["bad.osu", "gone.osu"]


@pytest.mark.parametrize("text", ["seven ranked", "7", "7 ranked now", "-7 ranked", "7 famous", "9" * 5000 + " ranked"])
def test_a_wrong_line_of_the_ranked_list_is_named(tmp_path, text):
    add_set(tmp_path, {"a.osu": chart()})
    (tmp_path / "beatmap.txt").write_text("a.osu\n")
    (tmp_path / "ranked.txt").write_text(f"1 loved\n{text}\n")
    with pytest.raises(DatasetError, match=r"ranked\.txt, line 2"):
        prepare_features(tmp_path / "beatmap.txt", FEATURES, tmp_path / "ranked.txt", tqdm_class=Quiet)


def test_a_missing_ranked_list_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"none\.txt"):
        read_ranked_map(tmp_path / "none.txt", FeatureSpec.from_yaml(FEATURES))


def run(script, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["script", *map(str, arguments)])
    script.main()


def test_the_commands_do_it_all(tmp_path, monkeypatch, capsys):
    add_set(tmp_path / "songs" / "s", {"a.osu": chart(), "7.osu": chart(keys=7)})
    run(prepare_beatmap_script, monkeypatch, "-s", tmp_path / "songs", "-m", 3, "-o", tmp_path / "out", "--cs", 4)
    printed = capsys.readouterr().out
    assert "1 charts, 1 skipped: 1 other key count" in printed
    assert "prepare_beatmap_features.py" in printed
    run(prepare_features_script, monkeypatch, "-b", tmp_path / "out" / "beatmap.txt", "-f", FEATURES)
    assert "1 charts" in capsys.readouterr().out
    with closing(sqlite3.connect(tmp_path / "out" / "features.db")) as connection:
        assert connection.execute("SELECT name, set_name, sr > 0 FROM Feature").fetchall() == [("a.osu", "s", 1)]


def test_commands_explain_themselves_and_refuse_other_modes(tmp_path, monkeypatch, capsys):
    for script in (prepare_beatmap_script, prepare_features_script):
        with pytest.raises(SystemExit, match="0"):
            run(script, monkeypatch, "--help")
        assert "python scripts/" in capsys.readouterr().out
    with pytest.raises(DatasetError, match="mode 0"):
        run(prepare_beatmap_script, monkeypatch, "-s", tmp_path, "-o", tmp_path / "out", "-m", 0)


def test_real_songs_are_prepared(shared, tmp_path):
    report = prepare(shared / "data" / "songs", tmp_path)
    assert report.done == 26
    kinds = skipped(report)
    assert len(kinds["other key count"]) == 4  # 7K
    assert ["'Swan - Left Right.mp3' is missing" in message for message in kinds["unusable"]] == [True]
    assert prepare_features(tmp_path / "beatmap.txt", FEATURES, tqdm_class=Quiet).done == 26
    assert all(read_osu(path).keys == 4 for path in beatmap_paths(tmp_path / "beatmap.txt"))
