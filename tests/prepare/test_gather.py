"""A folder of songs becomes a training set, and whatever cannot be used is named, counted and skipped."""

import csv
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing

import numpy as np
import pytest
import soundfile

from mug.charts.osu import read_osu
from mug.commands import features as prepare_features_script
from mug.commands import gather as prepare_beatmap_script
from mug.errors import DatasetError
from mug.prepare import gather
from mug.prepare.chart_list import beatmap_paths
from mug.prepare.describe import prepare_features
from mug.prepare.gather import prepare_beatmap
from mug.prepare.gather_index import INDEX, LOCK
from mug.prepare.gather_set import take_set
from tests.charts.foreign_charts import EXAMPLES, SM_NOTES, notes_of
from tests.prepare.song_folders import FEATURES, Quiet, add_package, add_set, chart, lines, skipped


def prepare(songs, out, keys=4):
    return prepare_beatmap(songs, out, keys, tqdm_class=Quiet)


def test_a_chart_brings_only_its_audio_and_background(tmp_path):
    source = add_set(tmp_path / "songs" / "1 Song", {"hard.osu": chart(background="sub/bg.png")})
    (source / "sub").mkdir()
    (source / "sub" / "bg.png").write_bytes(b"picture")
    (source / "video.mp4").write_bytes(b"film")
    out = tmp_path / "out"
    report = prepare(tmp_path / "songs", out)
    assert (report.done, report.skipped) == (1, [])
    assert lines(out) == ["1 Song/hard.osu"]
    files = {str(file.relative_to(out)) for file in out.rglob("[!.]*") if file.is_file()}
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
    assert (report.done, len(report.without_audio)) == (2, 1)
    assert lines(tmp_path / "out") == ["s/good.osu", "s/lost.osu"]
    assert "1 charts have no audio file" in str(report)
    kinds = skipped(report)
    assert {kind: len(messages) for kind, messages in kinds.items()} == {
        "other key count": 1,
        "another mode": 1,
        "unusable": 6,
        "broken package": 2,
    }
    reasons = {
        "seven.osu": "7K",
        "std.osu": "Mode is 0",
        "cut.osu": "cut off",
        "nothing.osu": "no notes",
        "binary.osu": "",
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
    for name in (*reasons, "10 skipped", "6 unusable"):
        assert name in str(report)
    assert not list(tmp_path.rglob("*secret*"))[1:]
    assert not list(tmp_path.rglob("evil.osu"))


def test_later_runs_also_report_what_was_ignored_in_a_chart(tmp_path):
    rows = "1000\n0100\n" * 20
    add_set(
        tmp_path / "songs" / "s",
        {
            "bad.osu": b"\x7f" + chart() + b"garbage line\n",
            "mine.qua": b"Mode: Keys4\nHitObjects:\n- Lane: 1\n- Lane: 2\n  Type: Mine\n",
            "wide.sm": f"#BPMS:0=120;#NOTES:dance-single::Hard:7:0:{rows}00010;".encode(),
        },
    )
    report = prepare(tmp_path / "songs", tmp_path / "out")
    assert (report.done, report.skipped) == (3, [])
    remarks = "\n".join(report.remarks)
    assert "bad.osu: hit objects passed over, as osu! does: 1 (line " in remarks
    assert "mine.qua: mines left out: 1" in remarks
    assert "wide.sm#Hard 7: rows that are not 4 panels wide" in remarks
    assert prepare(tmp_path / "songs", tmp_path / "out").remarks == report.remarks
    assert prepare_features(tmp_path / "out" / "beatmap.txt", FEATURES, tqdm_class=Quiet).done == 3


@pytest.mark.parametrize(
    ("audio", "mode", "offset_s"),
    [("a.mp3", "CONSTANT", -0.3011), ("a.mp3", "VARIABLE", -0.2751), ("a.ogg", None, -0.25)],
)
def test_a_stepmania_chart_is_at_the_click_that_it_was_made_to(tmp_path, audio, mode, offset_s):
    songs = tmp_path / "songs" / "s"
    add_set(
        songs, {"a.sm": f"#MUSIC:{audio};#OFFSET:{offset_s};#BPMS:0=60;#NOTES:dance-single:::::1000;".encode()}, None
    )
    samples = np.zeros(44100)
    samples[11025:11045] = 0.9
    soundfile.write(songs / audio, samples, 44100, bitrate_mode=mode, compression_level=mode and 0.5)
    prepare(songs.parent, tmp_path / "out")
    (path,) = beatmap_paths(tmp_path / "out" / "beatmap.txt")
    assert read_osu(path).notes[0].start_ms == pytest.approx(250, abs=2)


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
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [INDEX, LOCK, "beatmap.txt", "pack"]


def test_a_song_that_is_there_as_folder_and_package_counts_once(tmp_path):
    songs = tmp_path / "songs"
    folder = add_set(songs / "9 Song", {"a.osu": chart()})
    add_package(songs / "9 Song.osz", {name: (folder / name).read_bytes() for name in ("a.osu", "audio.wav")})
    report = prepare(songs, tmp_path / "out")
    assert lines(tmp_path / "out") == ["9 Song/a.osu"]
    assert list(skipped(report)) == ["there twice"]


def test_file_names_match_regardless_of_case(tmp_path):
    add_set(tmp_path / "songs" / "s", {"A.OSU": chart(audio_filename="Audio.WAV")}, audio="audio.wav")
    assert prepare(tmp_path / "songs", tmp_path / "out").done == 1
    assert (tmp_path / "out" / "s" / "Audio.WAV").is_file()


@pytest.mark.skipif(sys.platform != "linux", reason="names that differ in case only are one file elsewhere")
def test_of_two_names_of_another_case_none_is_taken(tmp_path):
    folder = add_set(tmp_path / "songs" / "s", {"a.osu": chart(), "b.osu": chart(audio_filename="Audio.WAV")})
    shutil.copy(folder / "audio.wav", folder / "AUDIO.wav")
    report = prepare(tmp_path / "songs", tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out" / "s").iterdir()) == ["a.osu", "audio.wav", "b.osu"]
    assert (report.done, len(report.without_audio)) == (2, 1)  # a has the very name


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


def test_a_second_run_changes_nothing(tmp_path):
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


def run(script, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["script", *map(str, arguments)])
    script.main()


def test_the_commands_do_it_all(tmp_path, monkeypatch, capsys):
    add_set(tmp_path / "songs" / "s", {"a.osu": chart(), "7.osu": chart(keys=7)})
    run(prepare_beatmap_script, monkeypatch, "-s", tmp_path / "songs", "-m", 3, "-o", tmp_path / "out", "--cs", 4)
    printed = capsys.readouterr().out
    assert "1 charts, 1 skipped: 1 other key count" in printed
    assert "next: mug features -b" in printed
    run(prepare_features_script, monkeypatch, "-b", tmp_path / "out" / "beatmap.txt", "-f", FEATURES)
    assert "1 charts" in capsys.readouterr().out
    with closing(sqlite3.connect(tmp_path / "out" / "features.db")) as connection:
        assert connection.execute("SELECT name, set_name, sr > 0 FROM Feature").fetchall() == [("a.osu", "s", 1)]


def test_commands_explain_themselves_and_refuse_other_modes(tmp_path, monkeypatch, capsys):
    for script in (prepare_beatmap_script, prepare_features_script):
        with pytest.raises(SystemExit, match="0"):
            run(script, monkeypatch, "--help")
        assert "usage: mug " in capsys.readouterr().out
    with pytest.raises(DatasetError, match="mode 0"):
        run(prepare_beatmap_script, monkeypatch, "-s", tmp_path, "-o", tmp_path / "out", "-m", 0)


def test_charts_of_other_games_become_osu_beside_their_audio(tmp_path):
    folder = add_set(
        tmp_path / "songs" / "s", {f"a{suffix}": data for suffix, data in EXAMPLES.items()}, audio="music.ogg"
    )
    (folder / "bg.png").write_bytes(b"picture")
    report = prepare(tmp_path / "songs", tmp_path / "out")
    assert lines(tmp_path / "out") == [
        "s/a.osu",
        "s/Singer - Yuki (Mapper) [4K Hard Lv.20].osu",
        "s/Café - It's a test (Mapper) [4K #1].osu",
        "s/Nobody - Split (Stepper) [Edit Own timing 12].osu",
        "s/Nobody - Split () [Easy 1].osu",
    ]
    assert skipped(report)["older format"][0].startswith(f"{folder}/a.sm: the same song as the .ssc beside it")
    (folder / "a.ssc").unlink()
    report = prepare(tmp_path / "songs", tmp_path / "out")
    name = "s/Composer - Tempo test (Somebody) [Hard 9].osu"
    assert lines(tmp_path / "out")[-1] == name
    assert (tmp_path / "out/s/music.ogg").samefile(folder / "music.ogg")
    assert (tmp_path / "out/s/bg.png").is_file()
    chart = read_osu(tmp_path / "out" / name)
    assert notes_of(chart) == SM_NOTES
    assert skipped(report)["another mode"][0].startswith(f"{folder}/a.sm: line 39: a dance-double chart")


def test_charts_of_one_name_are_told_apart(tmp_path):
    other = EXAMPLES[".qua"].replace(b"StartTime: 500", b"StartTime: 501")
    add_set(tmp_path / "songs" / "s", {"1.qua": EXAMPLES[".qua"], "2.qua": other, "3.qua": EXAMPLES[".qua"]})
    report = prepare(tmp_path / "songs", tmp_path / "out")
    name = "s/Café - It's a test (Mapper) [4K #1]"
    assert lines(tmp_path / "out") == [f"{name}.osu", f"{name} (2).osu"]
    assert [message.rpartition("/")[2] for message in skipped(report)["there twice"]] == [
        "3.qua: the set already has the same chart"
    ]


def test_packages_of_every_game(tmp_path):
    for suffix, inner in ((".osz", ".osu"), (".qp", ".qua"), (".mcz", ".mc")):
        add_package(
            tmp_path / "songs" / f"song{suffix}", {f"folder/a{inner}": EXAMPLES[inner], "folder/music.mp3": b"x"}
        )
    report = prepare(tmp_path / "songs", tmp_path / "out")
    assert report.skipped == []
    assert [line.partition("folder/")[0] for line in lines(tmp_path / "out")] == ["song/"] * 3


def test_several_sources_of_every_kind(tmp_path):
    one = add_set(tmp_path / "a" / "one", {"a.osu": chart()})
    two = add_set(tmp_path / "b" / "two", {"b.osu": chart(), "c.osu": chart(version="c")})
    add_package(tmp_path / "three.osz", {"d.osu": chart()})
    report = prepare([tmp_path / "a", two / "c.osu", tmp_path / "three.osz", one], tmp_path / "out")
    assert lines(tmp_path / "out") == ["one/a.osu", "three/d.osu", "two/c.osu"]
    assert list(skipped(report)) == ["there twice"]  # one is in a and given once more
    with pytest.raises(DatasetError, match="neither a folder nor"):
        prepare(two / "audio.wav", tmp_path / "out")


def test_another_file_of_one_name_is_not_replaced(tmp_path):
    folder = add_set(tmp_path / "songs" / "9 Song", {"a.osu": chart()})
    add_package(tmp_path / "songs" / "9 Song.osz", {"b.osu": chart(version="b"), "audio.wav": b"another"})
    report = prepare(tmp_path / "songs", tmp_path / "out")
    assert lines(tmp_path / "out") == ["9 Song/a.osu"]
    assert "its 'audio.wav' would replace another of that name" in skipped(report)["there twice"][0]
    assert (tmp_path / "out/9 Song/audio.wav").samefile(folder / "audio.wav")


def test_files_beside_a_package_are_one_set_with_it(tmp_path):
    add_set(tmp_path / "songs" / "9 Song" / "sub", {"a.osu": chart()})
    add_package(tmp_path / "songs" / "9 Song.osz", {"sub/a.osu": chart(), "sub/b.osu": chart(version="b")})
    report = prepare(tmp_path / "songs", tmp_path / "out")
    assert lines(tmp_path / "out") == ["9 Song/sub/a.osu", "9 Song/sub/b.osu"]
    assert list(skipped(report)) == ["there twice"]


def test_links_to_folders_are_named_and_not_followed(tmp_path):
    folder = add_set(tmp_path / "songs" / "s", {"a.osu": chart()})
    (folder / "up").symlink_to(tmp_path / "songs")
    (folder / "dead.osu").symlink_to(tmp_path / "nowhere.osu")
    report = prepare(tmp_path / "songs", tmp_path / "out")
    assert lines(tmp_path / "out") == ["s/a.osu"]
    assert list(skipped(report)) == ["linked folder", "broken link"]


def sm_with(music: str) -> bytes:
    return re.sub(rb"#MUSIC:[^;]*;", f"#MUSIC:{music};".encode(), EXAMPLES[".sm"])


def test_links_to_files_are_followed_inside_the_given_folders(tmp_path):
    store = add_set(tmp_path / "songs" / "store", {"hash": chart()})
    linked = tmp_path / "songs" / "1 Song"
    linked.mkdir()
    (linked / "a.osu").symlink_to("../store/hash")
    (linked / "audio.wav").symlink_to("../store/audio.wav")
    report = prepare(tmp_path / "songs", tmp_path / "out")
    assert (report.done, report.skipped, report.without_audio) == (1, [], [])
    assert lines(tmp_path / "out") == ["1 Song/a.osu"]
    for name, target in (("a.osu", "hash"), ("audio.wav", "audio.wav")):
        assert not (tmp_path / "out" / "1 Song" / name).is_symlink()
        assert (tmp_path / "out" / "1 Song" / name).samefile(store / target)


def test_links_out_of_the_given_folders_say_what_to_give(tmp_path):
    store = add_set(tmp_path / "store", {"other.osu": chart(version="other")})
    songs = add_set(tmp_path / "songs" / "1 Song", {"b.osu": chart()}, audio=None)
    (songs / "a.osu").symlink_to(store / "other.osu")
    (songs / "audio.wav").symlink_to(store / "audio.wav")
    add_set(tmp_path / "songs" / "2 Song", {"c.osu": chart()})
    report = prepare(tmp_path / "songs", tmp_path / "out")
    assert lines(tmp_path / "out") == ["2 Song/c.osu"]
    messages = [message for _, message in report.skipped]
    assert messages[0] == f"{songs / 'a.osu'}: a link to a file outside the given folders; give {store} as well"
    assert messages[1].startswith(f"{songs / 'b.osu'}: names a file that is not beside it")
    assert f"'audio.wav' is a link that leads out of this folder, to {store / 'audio.wav'}" in messages[1]
    report = prepare([tmp_path / "songs", store], tmp_path / "out")
    assert report.skipped == []
    assert lines(tmp_path / "out") == ["1 Song/a.osu", "1 Song/b.osu", "2 Song/c.osu", "store/other.osu"]


def test_zips_of_songs_are_read_and_other_archives_named(tmp_path):
    songs = tmp_path / "songs"
    add_package(songs / "one.olz", {"a.osu": chart(), "audio.wav": b"sound"})
    add_package(songs / "two.zip", {"2 Song/a.osu": chart(), "2 Song/audio.wav": b"sound"})
    add_package(songs / "pack.smzip", {"Pack/Song/a.sm": sm_with("a.ogg"), "Pack/Song/a.ogg": b"sound"})
    add_package(songs / "photos.zip", {"holiday.txt": b"sun"})
    for name in ("songs.rar", "songs.7z", "old.osz2"):
        (songs / name).write_bytes(b"anything")
    report = prepare(songs, tmp_path / "out")
    assert [line.rpartition("/")[0] for line in lines(tmp_path / "out")] == ["one", "pack/Pack/Song", "two/2 Song"]
    assert report.without_audio == []
    kinds = skipped(report)
    assert kinds["broken package"] == [f"{songs / 'photos.zip'}: holds no chart"]
    assert sorted(message.partition(":")[0] for message in kinds["archive"]) == [
        str(songs / name) for name in ("old.osz2", "songs.7z", "songs.rar")
    ]


@pytest.mark.parametrize("name", ["", "wrong.mp3", "sub/audio.ogg"])
def test_the_only_audio_file_replaces_a_missing_one(tmp_path, name):
    folder = tmp_path / "songs" / "s"
    add_set(folder, {"a.osu": chart(audio_filename=name), "b.sm": sm_with(name)}, audio=None)
    (folder / "music.ogg").write_bytes(b"m" * 100_000)
    (folder / "soft-hitclap.wav").write_bytes(b"h" * 100_000)
    (folder / "preview.mp3").write_bytes(b"p" * 1000)  # too small for the song
    report = prepare(tmp_path / "songs", tmp_path / "out")
    assert (report.done, report.without_audio) == (2, [])
    assert [read_osu(tmp_path / "out" / line).audio_filename for line in lines(tmp_path / "out")] == ["music.ogg"] * 2
    assert (tmp_path / "out" / "s" / "music.ogg").is_file()
    shown = f"'{name}', which is not there" if name else "no audio"
    assert report.remarks[0] == f"{folder / 'a.osu'}: names {shown}; using 'music.ogg'"
    assert report.remarks[0] in str(report)


def test_of_several_audio_files_none_is_guessed(tmp_path):
    folder = add_set(tmp_path / "songs" / "s", {"a.osu": chart(audio_filename="gone.mp3")}, audio=None)
    for name in ("one.ogg", "two.mp3"):
        (folder / name).write_bytes(b"m" * 100_000)
    report = prepare(tmp_path / "songs", tmp_path / "out")
    assert report.remarks == []
    assert report.without_audio == [f"{folder / 'a.osu'}: names 'gone.mp3', which is not there"]
    assert report.without_audio[0] in str(report)


def test_accents_may_be_composed_in_two_ways(tmp_path):
    folder = add_set(tmp_path / "songs" / "s", {"a.osu": chart(audio_filename="F\u00fcr.ogg")}, audio=None)
    (folder / "Fu\u0308r.ogg").write_bytes(b"music")  # as macOS writes it
    report = prepare(tmp_path / "songs", tmp_path / "out")
    assert (report.without_audio, report.remarks) == ([], [])


def test_only_what_is_new_is_read(tmp_path, monkeypatch):
    songs, out = tmp_path / "songs", tmp_path / "out"
    first = add_set(songs / "1", {"a.osu": chart(), "seven.osu": chart(keys=7)})
    add_set(songs / "2", {"b.osu": chart()}, audio=None)
    add_package(songs / "3.osz", {"c.osu": chart()})
    report = prepare(songs, out)
    assert (report.new_sets, report.done, len(report.without_audio)) == (3, 3, 2)
    taken = []
    monkeypatch.setattr(gather, "take_set", lambda job: taken.append(job.name) or take_set(job))

    def again(*names):
        taken.clear()
        report = prepare(songs, out)
        assert sorted(taken) == sorted(names)
        return report

    assert str(again()).startswith("nothing new: no song changed since the last run\n3 charts, 1 skipped: 1 other key")
    (first / "new.osu").write_bytes(chart(version="new"))
    assert again("1").done == 4
    (first / "new.osu").write_bytes(chart(version="changed"))
    assert (again("1").done, read_osu(out / "1" / "new.osu").version) == (4, "changed")
    add_set(songs / "2", {})  # the audio came
    assert len(again("2").without_audio) == 1
    (out / "1" / "audio.wav").unlink()  # somebody tidied up
    again("1")
    assert (out / "1" / "audio.wav").is_file()
    (songs / "3.osz").unlink()
    report = again()
    assert (report.done, report.gone_charts) == (3, 1)
    assert "1 charts of the last run no longer exist" in str(report)
    assert lines(out) == ["1/a.osu", "1/new.osu", "2/b.osu"]
    assert again().gone_charts == 0
    (out / "beatmap.txt").unlink()
    again()
    assert len(lines(out)) == 3
    (out / INDEX).write_text("{")  # damaged: all is read again
    again("1", "2")
    assert prepare(songs, out, keys=None).done == 4  # other keys are another preparation


def test_what_an_interrupted_run_left_is_cleaned_up(tmp_path):
    add_set(tmp_path / "songs" / "s", {"a.osu": chart()})
    out = tmp_path / "out"
    (out / "s").mkdir(parents=True)
    (out / ".unpacked").mkdir()
    for name in ("s/.abcd1234.osu", ".abcd1234.json", "s/.keep", ".another8.db", ".unpacked/x"):
        (out / name).write_bytes(b"x")
    (out / LOCK).write_bytes(b"running\n")
    prepare(tmp_path / "songs", out)
    assert sorted(str(file.relative_to(out)) for file in out.rglob(".*")) == [".another8.db", INDEX, LOCK, "s/.keep"]
    assert (out / LOCK).read_bytes() == b""


def test_a_flat_folder_of_hundreds_takes_no_quadratic_work(tmp_path):
    calls = []
    for n in (50, 400):
        folder = add_set(tmp_path / str(n), {}, audio=None)
        for i in range(n):
            (folder / f"{i}.osu").write_bytes(EXAMPLES[".osu"])
        count = 0

        def one_more(frame, event, arg):
            nonlocal count
            count += event in ("call", "c_call")

        sys.setprofile(one_more)
        try:
            report = prepare_beatmap(folder, tmp_path / f"out{n}", tqdm_class=Quiet, jobs=1)
        finally:
            sys.setprofile(None)
        assert len(report.without_audio) == n
        calls.append(count)
    assert calls[1] < 12 * calls[0]


def test_many_processes_do_as_one(tmp_path):
    for i in range(70):
        name = "bad" if i % 10 == 0 else "good"
        add_set(tmp_path / "songs" / str(i), {f"{name}.osu": b"" if name == "bad" else chart(version=str(i))})
    reports = [
        prepare_beatmap(tmp_path / "songs", tmp_path / f"out{jobs}", tqdm_class=Quiet, jobs=jobs) for jobs in (1, 2)
    ]
    assert reports[0] == reports[1]
    assert lines(tmp_path / "out1") == lines(tmp_path / "out2")


COMMAND = [sys.executable, "scripts/prepare_beatmap.py"]


def contents(out):
    """All that is in a prepared folder, but for the index, which knows when files changed."""
    return {
        str(file.relative_to(out)): file.read_bytes()
        for file in out.rglob("*")
        if file.is_file() and file.name != INDEX
    }


@pytest.fixture
def many_songs(tmp_path):
    for i in range(40):
        folder = add_set(tmp_path / "songs" / str(i), {"a.osu": chart(version=str(i))})
        (folder / "b.ssc").write_bytes(EXAMPLES[".ssc"])
        add_package(tmp_path / "songs" / f"p{i}.qp", {"c.qua": EXAMPLES[".qua"], "music.mp3": bytes(10_000)})
    prepare(tmp_path / "songs", tmp_path / "undisturbed")
    return tmp_path / "songs"


def n_files(folder):
    return sum(len(files) for _, _, files in os.walk(folder))


def test_a_run_may_be_killed_at_any_time(many_songs, tmp_path):
    out = tmp_path / "out"
    for n_written in range(0, 200, 40):
        process = subprocess.Popen(
            [*COMMAND, "-s", many_songs, "-o", out],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + 60
        while n_files(out) < n_written and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        process.kill()
        process.wait()
    prepare(many_songs, out)
    assert contents(out) == contents(tmp_path / "undisturbed")
    assert prepare(many_songs, out).new_sets == 0


def test_two_runs_at_once_do_not_disturb_each_other(many_songs, tmp_path):
    out = tmp_path / "out"
    command = [*COMMAND, "-s", many_songs, "-o", out]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    printed = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert sum("nothing new" in output for output, _ in printed) == 1
    assert sum("another run is preparing this folder" in errors for _, errors in printed) <= 1
    assert contents(out) == contents(tmp_path / "undisturbed")


def test_real_songs_are_prepared(shared, tmp_path):
    report = prepare(shared / "data" / "songs", tmp_path)
    kinds = {kind: len(messages) for kind, messages in skipped(report).items()}
    # 27 .osu of 4K; 12 charts of .ssc; the 15 .qua of 4K are what the .osu files beside them were made from
    assert (report.done, report.without_audio) == (39, [])
    assert [remark.rpartition(": ")[2] for remark in report.remarks if "; using " in remark] == [
        "names 'Swan - Left Right.mp3', which is not there; using 'offset.mp3'"
    ]
    assert kinds == {"another mode": 23, "there twice": 15, "older format": 1, "other key count": 8}
    assert prepare_features(tmp_path / "beatmap.txt", FEATURES, tqdm_class=Quiet).done == 39
    assert all(read_osu(path).keys == 4 for path in beatmap_paths(tmp_path / "beatmap.txt"))


@pytest.mark.slow
def test_the_summary_of_real_charts_is_right_to_the_file(shared, tmp_path):
    with (shared / "data" / "charts" / "SOURCES.tsv").open(encoding="utf-8") as file:
        sources = list(csv.DictReader(file, delimiter="\t"))
    usable = [row for row in sources if row["n_objects"] != "0" and "malformed" not in row["keys"]]
    four = {row["path"] for row in usable if row["keys"] in ("4", "4.0")}
    report = prepare(shared / "data" / "charts", tmp_path)
    assert (report.done, len(report.without_audio)) == (len(four), len(four)) == (217, 217)
    assert set(lines(tmp_path)) == four
    kinds = skipped(report)
    assert {kind: len(messages) for kind, messages in kinds.items()} == {"other key count": 88, "unusable": 3}
    assert len(four) + 88 + 3 == len(sources) == 308
    others = {row["path"] for row in usable} - four
    folder = f"{shared / 'data' / 'charts'}/"
    assert {message.removeprefix(folder).partition(": ")[0] for message in kinds["other key count"]} == others
    broken = {row["path"] for row in sources} - four - others
    assert {message.removeprefix(folder).partition(": ")[0] for message in kinds["unusable"]} == broken
    again = prepare(shared / "data" / "charts", tmp_path)
    assert (again.new_sets, again.done, again.skipped) == (0, report.done, report.skipped)
    assert str(again) == "nothing new: no song changed since the last run\n" + str(report)
