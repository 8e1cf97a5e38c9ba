"""Demo songs: the same from the same seed, heard where they are charted, harder charts that are harder."""

import re
from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile

from mug.data.osu import read_osu
from mug.errors import ConfigError
from mug.synth.composition import Composition, TempoMap, compose
from mug.synth.instruments import SAMPLE_RATE
from mug.synth.mixing import CEILING, render
from mug.synth.songs import SongSettings, write_audio, write_song, write_songs
from mug.synth.style import GENRES, draw_style

SEED, SECONDS = 5, 13.0


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_songs(tmp_path_factory.mktemp("songs"), SEED, 3, SECONDS, progress=False)


def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def composition_of(index: int, seconds: float = 60.0) -> Composition:
    style_rng, music_rng, *_ = SongSettings(SEED).rngs(index)
    return compose(draw_style(style_rng), seconds, music_rng)


def charts_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.osu")}


# The folder


def test_a_set_folder_holds_audio_a_background_and_charts(songs: list[Path]) -> None:
    for i, folder in enumerate(songs):
        set_id, artist, title = re.fullmatch(r"(\d+) (.+) - (.+)", folder.name).groups()
        beatmaps = [read_osu(path) for path in folder.glob("*.osu")]
        assert 4 <= len({beatmap.version for beatmap in beatmaps}) == len(beatmaps) <= 6
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
        assert 0.3 < np.abs(samples).max() < 1.0


def test_a_song_depends_on_the_seed_and_its_number_alone(songs: list[Path], tmp_path: Path) -> None:
    alone = write_song(tmp_path, SongSettings(SEED, SECONDS), 2)
    assert alone.name == songs[2].name
    assert charts_of(alone) == charts_of(songs[2])
    audio = next(alone.glob("audio.*")).name
    assert np.array_equal(soundfile.read(alone / audio)[0], soundfile.read(songs[2] / audio)[0])
    assert len({folder.name.split(" ", 1)[1] for folder in songs}) == 3
    assert not set(charts_of(songs[0]).values()) & set(charts_of(songs[1]).values())


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


def test_a_song_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("mug.synth.songs.write_osu", full_disk)
    with pytest.raises(OSError, match="no space"):
        write_song(tmp_path, SongSettings(SEED, SECONDS), 0)
    assert list(tmp_path.iterdir()) == []


def test_other_settings_have_other_set_ids() -> None:
    settings_of = [SongSettings(), SongSettings(seed=1), SongSettings(seconds=30), SongSettings(keys=7)]
    ids = [settings.set_id(index) for settings in settings_of for index in (0, 1)]
    assert len(set(ids)) == 8
    assert all(100_000_000 <= set_id < 2**31 for set_id in ids)


@pytest.mark.parametrize(
    ("name", "value"), [("keys", 19), ("keys", 0), ("seed", -1), ("seconds", 2), ("jobs", 0), ("n_songs", 0)]
)
def test_impossible_settings_are_refused(tmp_path: Path, name: str, value: int) -> None:
    with pytest.raises(ConfigError, match=f"{name} is {value}"):
        write_songs(tmp_path, **{name: value})


# The music


def test_ticks_become_seconds_across_a_tempo_change() -> None:
    tempo = TempoMap(first_beat_s=0.5, tempos=((0, 120.0), (96, 60.0)))
    assert [tempo.seconds(tick) for tick in (0, 24, 96, 108, 120)] == [0.5, 1.0, 2.5, 3.0, 3.5]
    assert tempo.tick_s(95) == pytest.approx(0.5 / 24)
    assert tempo.tick_s(96) == pytest.approx(1 / 24)


def test_songs_fit_their_length_and_differ() -> None:
    compositions = [composition_of(i, seconds=47.0) for i in range(60)]
    assert {composition.style.genre for composition in compositions} == set(GENRES)
    for composition in compositions:
        assert 38 < composition.end_s <= 47
        assert min(bpm for _, bpm in composition.tempo.tempos) >= 90
        assert max(bpm for _, bpm in composition.tempo.tempos) <= 210
        assert composition.parts[-1].kind == "outro"
        assert {"kick", "bass", "chord", "crash"} <= {event.layer for event in composition.events}
    assert len({composition.events for composition in compositions}) == 60
    assert 0 < sum(len(composition.tempo.tempos) == 2 for composition in compositions) < 20


def test_rendering_is_reproducible_and_does_not_clip() -> None:
    composition = composition_of(0, SECONDS)
    samples = render(composition, rng())
    assert samples.shape == (int(composition.end_s * SAMPLE_RATE), 2)
    assert samples.dtype == np.float32
    assert np.array_equal(samples, render(composition, rng()))
    assert 0.3 < np.abs(samples).max() <= CEILING


@pytest.mark.parametrize("index", range(5))
@pytest.mark.parametrize("suffix", [".ogg", ".mp3"])
def test_drums_are_heard_where_they_are_charted(tmp_path: Path, index: int, suffix: str) -> None:
    composition = composition_of(index, SECONDS)
    write_audio(tmp_path / f"audio{suffix}", render(composition, rng()), composition.style)
    samples, _ = soundfile.read(tmp_path / f"audio{suffix}", dtype="float32")
    hop_length, n_fft = 64, 512
    frames = np.lib.stride_tricks.sliding_window_view(samples.mean(axis=1), n_fft)[::hop_length]
    spectrum = np.log1p(10 * np.abs(np.fft.rfft(frames * np.hanning(n_fft))))  # [A, Q]
    flux = np.maximum(np.diff(spectrum, axis=0), 0).mean(axis=1)
    # A change is seen when it reaches the middle of the window.
    flux_ms = (np.arange(1, len(flux) + 1) * hop_length + n_fft / 2) / SAMPLE_RATE * 1000
    drum_ms = {composition.tempo.seconds(e.tick) * 1000 for e in composition.events if e.layer in ("kick", "snare")}
    heard = []
    for time_ms in drum_ms:
        around = flux[np.abs(flux_ms - time_ms) < 60]
        peak = flux[np.abs(flux_ms - time_ms) <= 20].max(initial=0)
        heard.append(peak > 2 * np.median(flux) and peak >= 0.5 * around.max(initial=0))
    assert np.mean(heard) >= 0.9
