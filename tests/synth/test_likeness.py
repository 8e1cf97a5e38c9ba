"""Distances between folders of songs: zero where there is none, known where it is known by hand."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from mug.charts.beatmap import Beatmap, Note
from mug.charts.osu import write_osu
from mug.commands import compare as command
from mug.errors import DatasetError
from mug.synth.hearing import FRAME_S, SETTINGS, follow, hear, hear_folder, onset_strength
from mug.synth.likeness import compare, compare_folders, distance

REAL_SONGS = Path(__file__).parents[3] / "shared" / "data" / "songs"


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def clicks(times_s: np.ndarray, seconds: float = 12.0, noise: float = 1e-3) -> np.ndarray:
    """Short bursts of noise at those times over soft noise, float32 [S]."""
    samples = noise * rng().standard_normal(int(seconds * SETTINGS.sr))
    for time_s in times_s:
        start = round(time_s * SETTINGS.sr)
        burst = rng().standard_normal(600) * np.exp(-np.arange(600) / 150)
        samples[start : start + 600] += 0.5 * burst[: len(samples) - start]
    return samples.astype(np.float32)


def test_statistics_tell_what_is_heard() -> None:
    beats = hear(clicks(np.arange(0.25, 12, 0.25)))
    assert beats["onsets: a second"] == pytest.approx(4, abs=0.3)
    assert beats["onsets: intervals"].argmax() == 4  # 0.22 to 0.3 s
    assert beats["pulse clarity"] > 0.8
    assert beats["modulation: high bands by rate"].argmax() >= 2  # four times a second and its multiples
    noise = hear((0.1 * rng().standard_normal(12 * SETTINGS.sr)).astype(np.float32))
    time_s = np.arange(12 * SETTINGS.sr) / SETTINGS.sr
    tone = hear((0.1 * np.sin(2 * np.pi * 200 * time_s)).astype(np.float32))
    assert noise["flatness: mean, deviation"][0] > 10 * tone["flatness: mean, deviation"][0]
    assert noise["centroid: mean, deviation"][0] > 5 * tone["centroid: mean, deviation"][0]
    assert noise["level, dB: mean, deviation of seconds"][0] == pytest.approx(-20, abs=0.2)
    crest = "level, dB: crest, range within 20 ms pieces"
    assert beats[crest][0] > noise[crest][0]
    assert {name: values.ndim for name, values in noise.items()} == dict.fromkeys(beats, 1)


def test_onset_strength_rises_where_it_gets_louder() -> None:
    mel = np.zeros((128, 20), dtype=np.float32)
    mel[:64, 10:] = 1.0
    assert onset_strength(mel).tolist() == [0.0] * 9 + [0.5, 0.5] + [0.0] * 9


def test_roc_area_is_1_for_a_match_and_half_for_random() -> None:
    strength = 0.1 * rng().random(3000)
    frames = np.arange(40, 2900, 40)
    strength[frames] = 1.0
    area, ratio = follow(strength, frames * FRAME_S)
    assert area == 1.0
    assert ratio > 8
    assert follow(strength, (frames + 6) * FRAME_S) == pytest.approx((area, ratio))  # a chart that is 35 ms late
    noise = rng().random(20_000)
    area, _ = follow(noise, np.sort(rng().uniform(0, 20_000 * FRAME_S, 400)))
    assert 0.48 < area < 0.6  # a little above one half: it is taken where it fits best


def test_a_shift_of_two_deviations_is_a_distance_of_two() -> None:
    values = rng().normal(5, 3, (500, 2))
    deviation = values.std(axis=0)
    assert distance(values, values, deviation) == 0
    assert distance(values + 2 * deviation, values, deviation) == pytest.approx(2)
    wide = 5 + 2 * (values - 5)  # twice as varied: the mean of |x| of a normal distribution is 0.8 deviations
    assert distance(wide, values, deviation) == pytest.approx(0.8, abs=0.05)


def test_a_comparison_says_how_far_the_reference_is_from_itself() -> None:
    reference = [[{"a": np.array([0.0])}, {"a": np.array([2.0])}], [{"a": np.array([4.0])}, {"a": np.array([6.0])}]]
    comparison = compare([[{"a": np.array([3.0])}]], reference)
    deviation = np.sqrt(5)
    assert comparison.total == pytest.approx(2 / deviation)
    assert comparison.among_reference == pytest.approx(4 / deviation)
    assert "| a | 3.00 | 3.00 | 0.89 | 1.79 |" in comparison.table()
    assert compare(reference, reference).total == 0


def test_the_script_prints_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, step_s in (("even", 0.25), ("slow", 0.5)):
        times_s = np.arange(0.5, 21, step_s)
        song = tmp_path / name / "a song"
        song.mkdir(parents=True)
        soundfile.write(song / "audio.wav", clicks(times_s, 22.0), SETTINGS.sr)
        write_osu(Beatmap(4, [Note(t * 1000, 0) for t in times_s], []), song / "chart.osu")
        (song / "broken.osu").write_text("no chart")
    monkeypatch.setattr("sys.argv", ["compare.py", str(tmp_path / "even"), str(tmp_path / "slow")])
    command.main()
    table = capsys.readouterr().out
    assert "| onsets: a second | 3.9" in table
    assert "| hardest chart: ROC area of flux | 1.00 | 1.00 | 0.00 |" in table
    assert "**total**" in table


def test_a_folder_without_songs_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no songs found"):
        hear_folder(tmp_path)
    with pytest.raises(DatasetError, match="no such folder"):
        hear_folder(tmp_path / "nowhere")


@pytest.mark.slow
@pytest.mark.skipif(not REAL_SONGS.is_dir(), reason="needs the real songs of the workplace")
def test_synthesised_songs_sound_like_real_ones(tmp_path: Path) -> None:
    from mug.synth.songs import write_songs

    write_songs(tmp_path, 3, 8, 40.0, progress=False)
    comparison = compare_folders(tmp_path, REAL_SONGS)
    assert comparison.total < comparison.among_reference
    songs = {row.name: row.songs for row in (*comparison.rows, *comparison.charted)}
    assert 0.82 < songs["median chart: ROC area of flux"][0] < 0.96  # 0.91 of real songs
    assert -15 < songs["level, dB: mean, deviation of seconds"][0] < -9  # -11.3
