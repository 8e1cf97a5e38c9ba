"""A timing that fits the music, whatever its octave, and that of another song. Onsets by hand, on beats of 500 ms."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import write_osu
from mug.metrics.baselines import Peaks
from mug.timing.misfit import MIN_FIT, fit, misfit

SR = 22050


def peaks(beat_ms: float = 500.0, n: int = 128, seed: int = 0) -> Peaks:
    """Onsets on beats and weak ones on half of the halves, up to 8 ms off; and as many strays."""
    rng = np.random.default_rng(seed)
    beats = np.sort(np.concatenate([np.arange(n), rng.choice(n, n // 2, replace=False) + 0.5]))
    times = 137.0 + beats * beat_ms + rng.normal(0, 4, len(beats))
    strays = rng.uniform(0, n * beat_ms, len(times))
    strength = np.concatenate([np.where(beats % 1, 0.4, 1.0), np.full(len(strays), 0.3)])
    return Peaks(np.concatenate([times, strays]), strength)


@pytest.mark.parametrize("beat_ms", [500.0, 250.0, 1000.0, 500 / 3, 1500.0])
def test_beats_of_the_music_fit_in_every_octave(beat_ms):
    assert fit([TimingPoint(0.0, beat_ms)], peaks()) > 2 * MIN_FIT


@pytest.mark.parametrize("beat_ms", [430.0, 470.0, 489.0, 512.0, 541.0, 700.0])
def test_beats_of_another_tempo_do_not_fit(beat_ms):
    assert fit([TimingPoint(0.0, beat_ms)], peaks()) < MIN_FIT


def test_changes_of_tempo_are_followed():
    first, second = peaks(), peaks(420.0, seed=1)
    change_ms = 64_137.0
    both = Peaks(np.concatenate([first.times_ms, second.times_ms + change_ms - 137]), np.tile(first.strength, 2))
    points = [TimingPoint(137.0, 500.0), TimingPoint(change_ms, 420.0)]
    assert fit(points, both) > 2 * max(MIN_FIT, fit(points[:1], both))
    assert fit([TimingPoint(137.0, 470.0), TimingPoint(change_ms, 450.0)], both) < MIN_FIT


@pytest.fixture(scope="module")
def clicks(tmp_path_factory) -> Path:
    """40 s of clicks, 500 ms apart."""
    samples = np.zeros(40 * SR, dtype=np.float32)
    for beat in range(80):
        samples[beat * SR // 2 : beat * SR // 2 + 200] = 0.5
    path = tmp_path_factory.mktemp("clicks") / "clicks.wav"
    soundfile.write(path, samples, SR)
    return path


@pytest.mark.parametrize(
    ("beat_ms", "last_ms", "reason"),
    [
        (500.0, 39_000, ""),
        (500.0, 44_000, ""),
        (500.0, 46_000, "a.osu goes on to 46 s, and the audio ends at 40 s; is it a chart of clicks.wav?"),
        (433.0, 39_000, "the beats of a.osu are not those of the audio; is it a chart of clicks.wav?"),
    ],
)
def test_chart_of_another_song_is_told_by_its_length_or_its_beats(tmp_path, clicks, beat_ms, last_ms, reason):
    points = [TimingPoint(0.0, beat_ms)]
    write_osu(Beatmap(4, [Note(0, 0), Note(last_ms, 0)], points), tmp_path / "a.osu")
    assert misfit(tmp_path / "a.osu", points, clicks) == reason


def test_red_line_after_the_end_tells_another_song_without_any_notes(tmp_path, clicks):
    (tmp_path / "a.osu").write_text("osu file format v14\n")
    points = [TimingPoint(0.0, 500.0), TimingPoint(50_000.0, 500.0)]
    assert misfit(tmp_path / "a.osu", points, clicks).startswith("a.osu goes on to 50 s")


def test_silence_and_short_music_speak_for_no_other_song(tmp_path):
    (tmp_path / "a.osu").write_text("osu file format v14\n")
    for name, samples in (("silence.wav", np.zeros(5 * SR)), ("short.wav", np.ones(SR) * 0.1)):
        soundfile.write(tmp_path / name, samples, SR)
        assert misfit(tmp_path / "a.osu", [TimingPoint(0.0, 433.0)], tmp_path / name) == ""
