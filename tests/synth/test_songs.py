"""A Songs folder of composed music: whole sets, the same from the same seed, however many share the work."""

import re
from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile

from mug.charts.osu import read_osu
from mug.errors import ConfigError
from mug.synth.songs import SongSettings, write_song, write_songs
from mug.synth.soundfont import SoundFont

SEED, SECONDS = 5, 13.0
FONT = SoundFont(Path("FluidR3_GM.sf2"), "ea48f771", frozenset())


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_songs(tmp_path_factory.mktemp("songs"), SEED, 3, SECONDS, progress=False)


def charts_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.osu")}


def test_a_set_folder_holds_audio_a_background_and_charts(songs: list[Path]) -> None:
    for i, folder in enumerate(songs):
        set_id, artist, title = re.fullmatch(r"(\d+) (.+) - (.+)", folder.name).groups()
        beatmaps = [read_osu(path) for path in folder.glob("*.osu")]
        assert 1 <= len({beatmap.version for beatmap in beatmaps}) == len(beatmaps) <= 6
        for beatmap in beatmaps:
            duration_ms = soundfile.info(folder / beatmap.audio_filename).duration * 1000
            assert (beatmap.artist, beatmap.title, beatmap.creator, beatmap.keys) == (artist, title, "MuG synth", 4)
            assert beatmap.beatmap_set_id == int(set_id) == SongSettings(SEED, SECONDS).set_id(i)
            assert beatmap.notes[0].start_ms >= 0
            assert beatmap.last_ms <= duration_ms <= SECONDS * 1000
            assert 0 <= beatmap.preview_ms < duration_ms
            assert (folder / beatmap.background).is_file()
        tags = mutagen.File(folder / beatmaps[0].audio_filename, easy=True)
        assert (tags["title"], tags["artist"]) == ([title], [artist])
        samples, _ = soundfile.read(folder / beatmaps[0].audio_filename)
        assert 0.3 < np.abs(samples).max() < 1.1  # with the encoder's ringing


def test_a_song_depends_on_the_seed_and_its_number_alone(songs: list[Path], tmp_path: Path) -> None:
    alone = write_song(tmp_path, SongSettings(SEED, SECONDS), 2)
    assert alone.name == songs[2].name
    assert charts_of(alone) == charts_of(songs[2])
    audio = next(alone.glob("audio.*")).name
    assert np.array_equal(soundfile.read(alone / audio)[0], soundfile.read(songs[2] / audio)[0])
    assert len({folder.name.split(" ", 1)[1] for folder in songs}) == 3
    assert not set(charts_of(songs[0]).values()) & set(charts_of(songs[1]).values())


@pytest.mark.slow
def test_processes_that_share_the_work_write_the_same_songs(songs: list[Path], tmp_path: Path) -> None:
    shared_work = write_songs(tmp_path, SEED, 3, SECONDS, jobs=2, progress=False)
    assert [folder.name for folder in shared_work] == [folder.name for folder in songs]
    assert [charts_of(folder) for folder in shared_work] == [charts_of(folder) for folder in songs]


def test_songs_that_are_there_are_kept_and_leftovers_replaced(tmp_path: Path) -> None:
    song = SongSettings(SEED, SECONDS)
    leftover = tmp_path / f".partial {song.set_id(0)}"
    leftover.mkdir()
    (leftover / "audio.ogg").write_bytes(b"half a file")
    folder = write_song(tmp_path, song, 0)
    assert not leftover.exists()
    written = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert write_song(tmp_path, song, 0) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == written


def test_charts_of_sampled_songs_name_the_soundfont(
    songs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mug.synth.songs.render", lambda *_: np.zeros((32_000, 2), dtype=np.float32))
    sampled = write_song(tmp_path, SongSettings(SEED, SECONDS, fonts=(FONT,)), 0)
    for path in songs[0].glob("*.osu"):
        plain, other = read_osu(path), read_osu(sampled / path.name)
        assert other.notes == plain.notes
        assert other.metadata["Tags"] == plain.metadata["Tags"] + " soundfont-ea48f771"


def test_a_song_has_charts_of_each_key_count_as_if_alone(
    songs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mug.synth.songs.render", lambda *_: np.zeros((32_000, 2), dtype=np.float32))
    folder = write_song(tmp_path, SongSettings(SEED, SECONDS, (7, 4)), 0)
    both = {chart.version: chart for chart in map(read_osu, folder.glob("*.osu"))}
    assert {chart.keys for chart in both.values()} == {4, 7}
    for chart in map(read_osu, songs[0].glob("*.osu")):
        assert both[chart.version].notes == chart.notes


def test_a_song_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("mug.synth.songs.write_chart", full_disk)
    with pytest.raises(OSError, match="no space"):
        write_song(tmp_path, SongSettings(SEED, SECONDS), 0)
    assert list(tmp_path.iterdir()) == []


def test_other_settings_have_other_set_ids() -> None:
    settings_of = [SongSettings(), SongSettings(seed=1), SongSettings(seconds=30), SongSettings(keys=(7,))]
    settings_of.append(SongSettings(fonts=(FONT,)))
    settings_of.append(SongSettings(longest=240))
    ids = [settings.set_id(index) for settings in settings_of for index in (0, 1)]
    assert len(set(ids)) == 12
    assert all(100_000_000 <= set_id < 2**31 for set_id in ids)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("keys", 19),
        ("keys", 0),
        ("keys", (4, 4)),
        ("seed", -1),
        ("seconds", 2),
        ("jobs", 0),
        ("n_songs", 0),
        ("longest", 59),
    ],
)
def test_impossible_settings_are_refused(tmp_path: Path, name: str, value: int) -> None:
    with pytest.raises(ConfigError, match=f"{name} is {' '.join(map(str, np.atleast_1d(value)))}"):
        write_songs(tmp_path, **{name: value})


def test_lengths_are_drawn_song_by_song() -> None:
    lengths = [SongSettings(5, 60, longest=300).length(index) for index in range(200)]
    assert 60 <= min(lengths) < 65 < 270 < max(lengths) <= 300
    assert 0.2 < sum(84 <= length <= 96 for length in lengths) / 200 < 0.4  # cut for TV
    assert {SongSettings(5, 60).length(index) for index in range(3)} == {60}
