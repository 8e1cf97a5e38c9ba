"""Demo songs: the same from the same seed, heard where they are charted, harder charts that are harder."""

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import mutagen
import numpy as np
import pytest
import rosu_pp_py
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from mug.data.beatmap import Beatmap, Note
from mug.data.osu import format_osu, read_osu
from mug.errors import ConfigError
from mug.synth.charting import DIFFICULTIES, HYBRID, LONG, RICE, Hit, chart, metric_level, thin
from mug.synth.composition import Composition, TempoMap, compose
from mug.synth.instruments import SAMPLE_RATE
from mug.synth.mixing import CEILING, render
from mug.synth.songs import SongSettings, charts, write_audio, write_song, write_songs
from mug.synth.style import GENRES, SUSTAINED, draw_style

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


def assert_playable(notes: list[Note], keys: int, column_gap_ms: float) -> None:
    assert notes == sorted(notes)
    assert {note.column for note in notes} <= set(range(keys))
    for column in range(keys):
        own = [note for note in notes if note.column == column]
        for note, following in pairwise(own):
            assert following.start_ms - note.start_ms >= column_gap_ms - 1.5
            assert following.start_ms > note.last_ms


# The folder


def test_a_set_folder_holds_audio_a_background_and_five_charts(songs: list[Path]) -> None:
    for i, folder in enumerate(songs):
        set_id, artist, title = re.fullmatch(r"(\d+) (.+) - (.+)", folder.name).groups()
        beatmaps = [read_osu(path) for path in folder.glob("*.osu")]
        assert len({beatmap.version for beatmap in beatmaps}) == 5
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


# The charts


def test_places_in_the_bar() -> None:
    levels = {tick: metric_level(tick, bar_ticks=96) for tick in (0, 96, 24, 72, 12, 8, 16, 6, 18, 3, 4)}
    assert levels == {0: 0, 96: 0, 24: 1, 72: 1, 12: 2, 8: 2, 16: 2, 6: 3, 18: 3, 3: 4, 4: 4}


def test_strong_hits_are_kept_first() -> None:
    def hit(time_ms: float, level: int, accent: float = 0.0) -> Hit:
        return Hit(time_ms, level, (), accent)

    hits = [hit(0, 3), hit(100, 0), hit(200, 2, 0.5), hit(300, 2, 1.0), hit(400, 1), hit(500, 4)]
    hard, easy = (replace(DIFFICULTIES[0], gap_ms=gap_ms) for gap_ms in (100, 200))
    assert thin(hits, hard) == hits
    assert [kept.time_ms for kept in thin(hits, easy)] == [100, 400]


@pytest.mark.parametrize("keys", [4, 7])
@pytest.mark.parametrize("style", [RICE, HYBRID])
def test_harder_charts_have_more_notes_and_stars(keys: int, style: str) -> None:
    all_stars = []
    for index in range(8):
        composition = composition_of(index)
        spread = [chart(composition, difficulty, style, keys, rng()) for difficulty in DIFFICULTIES]
        stars = [
            rosu_pp_py.Difficulty().calculate(rosu_pp_py.Beatmap(bytes=format_osu(Beatmap(keys, notes, [])))).stars
            for notes in spread
        ]
        assert (np.diff([len(notes) for notes in spread]) > 0).all()
        assert (np.diff(stars) > 0).all()
        all_stars.append(stars)
        for difficulty, notes in zip(DIFFICULTIES, spread, strict=True):
            assert_playable(notes, keys, difficulty.column_gap_ms)
    easiest, *_, hardest = np.median(all_stars, axis=0)
    assert easiest < 1.0
    assert hardest > 4.0


def test_notes_stand_on_sounds_and_tails_on_their_ends() -> None:
    composition = composition_of(1)
    starts = {composition.tempo.seconds(event.tick) * 1000 for event in composition.events}
    ends = {composition.tempo.seconds(event.tick + event.n_ticks) * 1000 for event in composition.events if event.held}
    notes = chart(composition, DIFFICULTIES[3], LONG, 5, rng())
    assert {note.start_ms for note in notes} <= starts
    assert {note.end_ms for note in notes if note.is_long} <= ends


def test_styles_have_more_and_more_long_notes() -> None:
    songs = [c for c in map(composition_of, range(20)) if c.style.timbres["lead"] in SUSTAINED]

    def ratio(style: str) -> float:
        notes = [note for c in songs for note in chart(c, DIFFICULTIES[4], style, 4, rng())]
        return sum(note.is_long for note in notes) / len(notes)

    assert ratio(RICE) == 0
    assert 0.05 < ratio(HYBRID) < 0.2
    assert ratio(LONG) > 0.4


def test_columns_are_used_evenly() -> None:
    for keys in (4, 7):
        notes = chart(composition_of(3), DIFFICULTIES[4], RICE, keys, rng())
        counts = np.bincount([note.column for note in notes], minlength=keys)
        assert counts.min() > 0.6 * counts.max()


def test_a_tempo_change_is_a_second_timing_point() -> None:
    style_rng, music_rng, *_ = SongSettings(SEED).rngs(0)
    style = replace(draw_style(style_rng), bpm=120.0, later_bpm=150.0, first_beat_s=0.5)
    composition = compose(style, 60.0, music_rng)
    chorus = next(part for part in composition.parts if part.kind == "chorus")
    for beatmap in charts(composition, 4, rng()):
        first, second = beatmap.timing_points
        assert (first.time_ms, first.bpm, first.meter) == (500.0, 120.0, style.meter)
        assert second.bpm == 150.0
        assert second.time_ms == pytest.approx(500 + chorus.bar * style.meter * 500)
        assert beatmap.preview_ms == round(second.time_ms)
        beats = [(note.start_ms - second.time_ms) / second.beat_ms * 24 for note in beatmap.notes]
        assert all(abs(beat - round(beat)) < 1e-6 for beat in beats if beat >= 0)


@given(seed=st.integers(0, 2**32), keys=st.integers(1, 18), seconds=st.floats(10, 40))
@settings(max_examples=25)
def test_every_song_can_be_charted_for_any_number_of_keys(seed: int, keys: int, seconds: float) -> None:
    style_rng, music_rng, _, chart_rng, _ = SongSettings(seed, seconds, keys).rngs(0)
    composition = compose(draw_style(style_rng), seconds, music_rng)
    assert composition.end_s <= seconds
    for beatmap in charts(composition, keys, chart_rng):
        assert beatmap.notes
        assert_playable(beatmap.notes, keys, column_gap_ms=80)
        assert beatmap.last_ms < composition.end_s * 1000
        assert format_osu(beatmap)
