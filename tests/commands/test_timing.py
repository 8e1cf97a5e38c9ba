"""mug timing: what it prints and writes, and which files it takes."""

import csv

import numpy as np
import pytest

from mug.charts.beatmap import TimingPoint
from mug.commands.timing import description, find_songs, main, write_csv
from mug.errors import ConfigError, DatasetError
from mug.timing.clicks import BEAT_HZ, DOWNBEAT_HZ, with_clicks
from mug.timing.detected import Alternative, DetectedTiming, without_pulse

TWO_TEMPOS = DetectedTiming(
    [TimingPoint(498.4, 500.0), TimingPoint(9998.4, 60_000 / 165, 3)],
    0.9,
    [Alternative("half", 60.0, 0.06), Alternative("double", 240.0, 0.01)],
)


def test_a_song_has_a_line_for_each_tempo(tmp_path):
    assert description(tmp_path / "a.ogg", TWO_TEMPOS).splitlines() == [
        f"{tmp_path}/a.ogg: 120 BPM from 498 ms, 4/4, confidence 0.90; or 60 (half, 0.06)",
        "  165 BPM from 9998 ms",
    ]
    assert description(tmp_path / "b.ogg", without_pulse("silence")) == (
        f"{tmp_path}/b.ogg: silence: no beat was found, so the grid is a constant 120 BPM from the start"
    )


def test_the_csv_has_a_row_for_each_tempo(tmp_path):
    write_csv(tmp_path / "t.csv", [(tmp_path / "a, b.ogg", TWO_TEMPOS)])
    with (tmp_path / "t.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["path", "time_ms", "bpm", "meter", "confidence"],
        [f"{tmp_path}/a, b.ogg", "498.400", "120", "4", "0.900"],
        [f"{tmp_path}/a, b.ogg", "9998.400", "165", "3", "0.900"],
    ]


def test_folders_are_searched_for_songs(tmp_path):
    (tmp_path / "one").mkdir()
    for name in ("one/a.mp3", "one/b.txt", "one/soft-hitnormal.wav", "c.ogg"):
        (tmp_path / name).touch()
    assert find_songs([tmp_path, tmp_path / "c.ogg"]) == [tmp_path / "c.ogg", tmp_path / "one/a.mp3"]


def test_no_songs_and_clicks_for_many_are_said(tmp_path):
    with pytest.raises(DatasetError, match="no such file or folder"):
        find_songs([tmp_path / "none"])
    with pytest.raises(DatasetError, match="no audio files in"):
        find_songs([tmp_path])
    for name in ("a.ogg", "b.ogg"):
        (tmp_path / name).touch()
    with pytest.raises(ConfigError, match="--clicks is for one song, and these are 2"):
        main([str(tmp_path), "--clicks", str(tmp_path / "c.wav")])


def test_clicks_are_on_the_beats_and_higher_where_measures_start():
    mixed = with_clicks(np.zeros(22_050 * 3, np.float32), 22_050, [TimingPoint(250.0, 500.0)])
    loud = np.abs(mixed) > 0.02
    starts = np.flatnonzero(loud & ~np.roll(np.maximum.accumulate(loud), 1))[:1] / 22.05
    assert starts[0] == pytest.approx(250, abs=1)

    def hertz(at_ms: float) -> float:
        part = mixed[int(at_ms * 22.05) :][:1000]
        return float(np.abs(np.fft.rfft(part)).argmax() * 22_050 / 1000)

    assert [hertz(ms) for ms in (250, 750, 1250, 1750, 2250)] == pytest.approx(
        [DOWNBEAT_HZ, BEAT_HZ, BEAT_HZ, BEAT_HZ, DOWNBEAT_HZ], abs=45
    )
