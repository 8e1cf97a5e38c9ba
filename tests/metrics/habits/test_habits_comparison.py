"""Folders of charts side by side."""

from pathlib import Path

import numpy as np
import pytest

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import write_osu
from mug.commands import compare as command
from mug.errors import DatasetError
from mug.metrics.habits import picture
from mug.metrics.habits.comparison import Band, bands_of, comparison_table
from mug.metrics.habits.measured import SPREAD, Measured, measure, measure_folder, overlap


def stream(columns: str, title: str = "song", step_ms: float = 150, long_ms: float = 0, keys: int = 4) -> Beatmap:
    """20 s of single notes that repeat a row of columns."""
    notes = [
        Note(i * step_ms, int(columns[i % len(columns)]), i * step_ms + long_ms if long_ms else None)
        for i in range(int(20_000 / step_ms))
    ]
    return Beatmap(keys, notes, [TimingPoint(0, 600)], title=title)


def measured(stars: float = 2.0, song: str = "a", **figures: float) -> Measured:
    shares = {"chord sizes": {1: 1.0}, "column 2-grams": {18: 1.0}}
    return Measured(4, stars, {"group": figures}, shares, np.array([0.0]), (song,), b"")


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for folder, columns in (("people", "0123"), ("composed", "0213")):
        for number in range(4):
            (tmp_path / folder / str(number)).mkdir(parents=True)
            chart = stream(columns + "0123"[number], f"song {number}", long_ms=75 * (number % 2))
            write_osu(chart, tmp_path / folder / str(number) / "chart.osu")
    return tmp_path / "people", tmp_path / "composed"


def test_the_next_harder_chart_of_a_set_has_the_moments(tmp_path: Path) -> None:
    for name, step_ms in (("easy", 300), ("hard", 150)):
        write_osu(stream("0123", step_ms=step_ms), tmp_path / f"{name}.osu")
    write_osu(stream("0132", "another song"), tmp_path / "alone.osu")
    overlaps = {len(chart.moments_ms): chart.figures["difficulty"][SPREAD] for chart in measure_folder(tmp_path, 1)}
    assert overlaps == pytest.approx({66: 1.0, 133: np.nan}, nan_ok=True)
    assert overlap(np.array([0.0, 100, 200, 300]), np.array([0.0, 90, 209.0])) == 3 / 4


def test_a_chart_at_another_rate_counts_once(tmp_path: Path) -> None:
    for step_ms in (150, 151):
        chart = stream("0123", step_ms=step_ms)
        write_osu(Beatmap(4, chart.notes[:130], chart.timing_points), tmp_path / f"{step_ms}.osu")
    assert len(measure_folder(tmp_path, 1)) == 1


def test_short_charts_and_those_without_a_tempo_are_left_out(tmp_path: Path) -> None:
    chart = stream("0123")
    assert measure(chart, tmp_path) is not None
    assert measure(Beatmap(4, chart.notes[:59], chart.timing_points), tmp_path) is None
    assert measure(Beatmap(4, chart.notes, []), tmp_path) is None
    write_osu(Beatmap(4, chart.notes[:59], chart.timing_points), tmp_path / "short.osu")
    with pytest.raises(DatasetError, match="no charts to measure: a chart needs 60 notes and 15 s"):
        measure_folder(tmp_path, 1)


def test_charts_are_grouped_by_keys_and_stars() -> None:
    people = [measured(stars) for stars in (1.0, 1.4, 1.49, 1.5, 7.0)]
    bands = bands_of(people, {"composed": [measured(1.2), measured(1.6)]}, 4)
    assert {name: [len(side) for side in band.sides] for name, band in bands.items()} == {"below 1.5 stars": [3, 1]}
    assert bands_of(people, {}, 7) == {}


def test_a_median_outside_peoples_quartiles_is_marked() -> None:
    people = [measured(share=share) for share in (0.0, 0.1, 0.2, 0.3, 0.4)]
    composed = {name: [measured(share=share)] * 3 for name, share in (("in", 0.303), ("out", 0.31))}
    band = Band(people, {**composed, "few": [measured(share=0.2)] * 2})
    assert band.within("group", "share") == [True, False, None]
    table = comparison_table({"all": band})
    assert "| share | 0.10 0.20 0.30 / 0.30 / 0.31* / - |" in table
    assert "| **within people's quartiles** | 1 of 1 / 0 of 1 / 0 of 0 |" in table


def test_distances_from_people_and_of_people_from_each_other() -> None:
    alike, other = measured(), Measured(4, 2.0, {}, {"chord sizes": {2: 1.0}}, np.array([0.0]), ("a",), b"")
    band = Band([alike, measured(song="b")], {"same": [alike], "other": [other], "none": []})
    assert band.distances("chord sizes") == pytest.approx([0.0, 0.0, 1.0, np.nan], nan_ok=True)
    mixed = Band([measured(song="b"), Measured(4, 2.0, {}, other.shares, other.moments_ms, ("a",), b"")], {})
    assert mixed.distances("chord sizes") == [1.0]


def test_the_command_writes_a_table_and_a_picture(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    people, composed = folders
    monkeypatch.setattr(picture, "PANELS", {"density": ("notes a second",), "long notes": ("inverse",)})
    command.main(["--charts", str(composed), str(people), "--plot", str(tmp_path / "charts.png"), "--jobs", "1"])
    table = capsys.readouterr().out
    assert "| people's quartiles / composed | 1.5 to 2.5 stars |" in table
    assert "| charts | 4 / 4 |" in table
    assert (tmp_path / "charts.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(DatasetError, match="fewer than three charts of 7 keys; give --keys"):
        command.main(["--charts", str(composed), str(people), "--keys", "7", "--jobs", "1"])
