"""Files of a visitor -> charts of a song, with its audio."""

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.chart_files import write_chart
from mug.charts.osz import pack_song
from mug.errors import AudioError, ChartError
from mug.webui import song_length
from mug.webui.opening import keep_opened, opened
from mug.webui.workspaces import Workspaces

CHART = Beatmap(
    *(4, [Note(500.0 * i, i % 4) for i in range(6)], [TimingPoint(0.0, 500.0)]),
    title="Clicks",
    artist="A Metronome",
    version="Hard",
    audio_filename="clicks.ogg",
)


def test_a_package_becomes_versions(song: Path, tmp_path: Path) -> None:
    package = tmp_path / "song.osz"
    pack_song(package, [CHART, replace(CHART, version="Easy", notes=CHART.notes[:3])], song)
    workspace = Workspaces(tmp_path / "visitors").enter(None, "page")
    with opened([package]) as (found, said):
        keep_opened(workspace, found)
    assert said == []
    assert [(each.name, each.figures["notes"], each.recipe) for each in workspace.visible] == [
        ("Easy", 3, None),
        ("Hard", 6, None),
    ]
    assert workspace.song is not None
    assert (workspace.song.title, workspace.song.audio.read_bytes()) == ("Clicks", song.read_bytes())


@pytest.mark.parametrize("suffix", [".osu", ".sm", ".ssc", ".qua", ".mc"])
def test_a_chart_of_any_game_finds_audio_of_another_name(suffix: str, song: Path, tmp_path: Path) -> None:
    write_chart(replace(CHART, audio_filename="other.ogg"), tmp_path / f"chart{suffix}")
    with opened([tmp_path / f"chart{suffix}", song]) as (found, _):
        assert found.audio is not None
        assert [note.start_ms for note in found.charts[0].notes] == pytest.approx([500 * i for i in range(6)], abs=1)
    with opened([tmp_path / f"chart{suffix}"]) as (found, _):
        assert found.audio is None


def test_what_cannot_be_opened_says_why(song: Path, tmp_path: Path) -> None:
    hostile = tmp_path / "hostile.osz"
    with zipfile.ZipFile(hostile, "w") as package:
        package.writestr("../out.osu", "osu file format v14")
    with pytest.raises(ChartError, match=r"^hostile\.osz: '\.\./out\.osu' leads out of its folder"), opened([hostile]):
        pass
    with pytest.raises(ChartError, match="give a chart or a package"), opened([song]):
        pass
    (tmp_path / "taiko.osu").write_text("osu file format v14\n\n[General]\nMode: 1\n")
    with pytest.raises(ChartError, match=r"^taiko\.osu: "), opened([tmp_path / "taiko.osu"]):
        pass
    write_chart(replace(CHART, notes=[]), tmp_path / "empty.osu")
    with pytest.raises(ChartError, match="no notes"), opened([tmp_path / "empty.osu"]):
        pass


def test_of_several_songs_the_largest_opens(song: Path, tmp_path: Path) -> None:
    write_chart(CHART, tmp_path / "first.osu")
    write_chart(replace(CHART, audio_filename="gone.ogg", title="Other"), tmp_path / "second.osu")
    write_chart(replace(CHART, version="Easy"), tmp_path / "third.osu")
    (tmp_path / "broken.osu").write_text("osu file format v14\n")
    files = [tmp_path / f"{name}.osu" for name in ("first", "second", "third", "broken")]
    other = tmp_path / "cover.png"
    other.write_bytes(b"")
    with opened([*files, song, other]) as (found, said):
        assert (sorted(chart.version for chart in found.charts), found.charts[0].title) == (["Easy", "Hard"], "Clicks")
        assert found.source == "first.osu"
    assert len(said) == 2
    assert said[0].startswith("broken.osu: ")
    assert said[1] == "2 songs are in it; this is 'A Metronome - Clicks'"


def test_noise_in_place_of_audio_is_refused(tmp_path: Path) -> None:
    (tmp_path / "clicks.ogg").write_bytes(b"this is not music" * 50)
    write_chart(CHART, tmp_path / "chart.osu")
    workspace = Workspaces(tmp_path / "visitors").enter(None, "page")
    with (
        pytest.raises(AudioError, match=r"clicks\.ogg' cannot be read"),
        opened([tmp_path / "chart.osu", tmp_path / "clicks.ogg"]) as (found, _),
    ):
        keep_opened(workspace, found)
    assert workspace.song is None


def test_a_song_that_is_too_long_is_refused(song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack_song(tmp_path / "song.osz", [CHART], song)
    monkeypatch.setattr(song_length, "MAX_SONG_MINUTES", 0.02)
    workspace = Workspaces(tmp_path / "visitors").enter(None, "page")
    too_long = pytest.raises(AudioError, match=r"^song\.osz/.*: this song lasts 0:03; the page takes up to 0\.02")
    with too_long, opened([tmp_path / "song.osz"]) as (found, _):
        keep_opened(workspace, found)
    assert workspace.song is None
