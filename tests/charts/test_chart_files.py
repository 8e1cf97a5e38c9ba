"""Files of every kind are found and read by their endings."""

import pytest

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.chart_files import (
    CHART_SUFFIXES,
    TIMING_READERS,
    WRITERS,
    find_charts,
    open_charts,
    read_charts,
    read_timing,
    write_chart,
)
from mug.charts.osu import OtherModeError, format_osu, parse_osu
from mug.errors import ChartError
from tests.charts.foreign_charts import EXAMPLES, OSU, SM


@pytest.mark.parametrize(("suffix", "n_charts"), [(".osu", 1), (".sm", 1), (".ssc", 2), (".qua", 1), (".mc", 1)])
def test_a_file_of_every_kind(tmp_path, suffix, n_charts):
    path = tmp_path / f"a{suffix.upper()}"
    path.write_bytes(EXAMPLES[suffix])
    assert [chart.keys for chart in read_charts(path)] == [4] * n_charts
    assert suffix in CHART_SUFFIXES


def test_why_a_file_has_no_charts(tmp_path):
    with pytest.raises(ChartError, match=r"a\.txt: not a chart file; known are \.osu, "):
        read_charts(tmp_path / "a.txt")
    for suffix in CHART_SUFFIXES:
        with pytest.raises(ChartError, match=f"none{suffix}: cannot be read"):
            read_charts(tmp_path / f"none{suffix}")
    (tmp_path / "double.sm").write_text("#BPMS:0=60;#NOTES:dance-double:::::10000000;")
    with pytest.raises(OtherModeError, match="double"):
        read_charts(tmp_path / "double.sm")


def test_good_charts_come_with_the_reasons_against_the_others(tmp_path):
    (tmp_path / "a.sm").write_text(SM, encoding="utf-8")
    charts, errors = open_charts(tmp_path / "a.sm")
    assert (len(charts), len(errors)) == (1, 1)
    assert open_charts(tmp_path / "a.mc")[0] == []


def test_charts_are_found_once_and_the_newer_of_two_formats(tmp_path):
    (tmp_path / "b" / "c").mkdir(parents=True)
    for name in ("b/x.osu", "b/x.sm", "b/x.ssc", "b/y.SM", "b/c/z.qua", "b/music.ogg", "a.mc"):
        (tmp_path / name).write_text(OSU)
    (tmp_path / "b" / "folder.osu").mkdir()
    (tmp_path / "b" / "c" / "up").symlink_to(tmp_path / "b")  # a circle
    found = find_charts([tmp_path, tmp_path / "b" / "x.sm", tmp_path / "b"])
    assert [path.relative_to(tmp_path).as_posix() for path in found] == [
        "a.mc", "b/c/z.qua", "b/x.osu", "b/x.sm", "b/x.ssc", "b/y.SM"
    ]  # fmt: skip
    assert [path.name for path in find_charts([tmp_path / "b"])] == ["z.qua", "x.osu", "x.ssc", "y.SM"]
    with pytest.raises(ChartError, match="no such file or folder"):
        find_charts([tmp_path / "none"])


def test_every_example_can_be_written_and_read_again(tmp_path):
    for suffix in CHART_SUFFIXES:
        path = tmp_path / f"a{suffix}"
        path.write_bytes(EXAMPLES[suffix])
        for chart in read_charts(path):
            again = parse_osu(format_osu(chart), "again")
            assert [(note.column, note.start_ms) for note in again.notes] == [
                (note.column, round(note.start_ms)) for note in chart.notes
            ]
            assert (again.title, again.artist, again.version) == (chart.title, chart.artist, chart.version)
            assert again.metadata.get("TitleUnicode") == chart.metadata.get("TitleUnicode")


@pytest.mark.parametrize("suffix", CHART_SUFFIXES)
def test_timing_is_read_from_every_format(tmp_path, suffix):
    path = tmp_path / f"a{suffix.upper()}"
    path.write_bytes(EXAMPLES[suffix])
    if suffix == ".ssc":  # the song's tempo, which its first chart does not have
        assert read_timing(path) == [TimingPoint(-250.0, 1000.0)]
    else:
        assert read_timing(path) == read_charts(path)[0].timing_points
    assert set(TIMING_READERS) == set(CHART_SUFFIXES)


@pytest.mark.parametrize(
    ("name", "text", "points"),
    [
        ("a.sm", "#OFFSET:-0.5;#BPMS:0=120,40=165;", [(500, 500), (20500, 60_000 / 165)]),
        ("a.sm", "#OFFSET:-0.5;#BPMS:0=120;#NOTES:pump-single::Hard:5:0:\n10000;", [(500, 500)]),
        ("a.ssc", "#OFFSET:-1;#NOTEDATA:;#STEPSTYPE:dance-double;#BPMS:0=240;#NOTES:0;", [(1000, 250)]),
        ("a.osu", OSU.partition("64,192")[0], [(0, 500)]),  # no notes yet
        ("a.osu", OSU.partition("[HitObjects]")[0], [(0, 500)]),
        ("a.osu", OSU.replace("Mode: 3", "Mode: 0").replace("64,192", "100,50"), [(0, 500)]),
        (
            "a.osu",
            OSU.replace("0,500,4", "9,250,4,1,0,100,1,0\n5,500,4").replace("CircleSize:4", ""),
            [(5, 500), (9, 250)],
        ),
        ("a.qua", "Mode: Keys12\nTimingPoints:\n- StartTime: 7\n  Bpm: 120\n- Bpm: 60\n", [(0, 1000), (7, 500)]),
        ("a.mc", '{"time": [{"beat": [0, 0, 1], "bpm": 120}], "note": [], "meta": {"mode": 5}}', [(0, 500)]),
    ],
)
def test_timing_is_read_without_notes_and_for_any_mode(tmp_path, name, text, points):
    (tmp_path / name).write_text(text)
    found = [(point.time_ms, point.beat_ms) for point in read_timing(tmp_path / name)]
    assert found == [pytest.approx(point) for point in points]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.osu", "osu file format v14\n[TimingPoints]\n5,-100,4,1,0,50,0,0\n", "a.osu: no tempo in it"),
        ("a.osu", "text", "not an .osu file"),
        ("a.sm", "#TITLE:x;", "a.sm: no tempo is given"),
        ("a.qua", "Mode: Keys4\n", "a.qua: no tempo in it"),
        ("a.qua", "- 1", "a.qua: no tempo in it"),
        ("a.mc", "{}", "a.mc: has no list 'note'"),
        ("a.txt", "", "a.txt: not a chart file"),
    ],
)
def test_a_file_without_tempo_is_refused(tmp_path, name, text, reason):
    (tmp_path / name).write_text(text)
    with pytest.raises(ChartError, match=reason):
        read_timing(tmp_path / name)


def test_timing_of_the_reported_files(shared):
    points = read_timing(shared / "cases" / "unfinished_mania.osu")
    assert [(point.time_ms, point.beat_ms) for point in points] == [(600, 500), (30100, 375)]
    assert [point.time_ms for point in read_timing(shared / "cases" / "timing_of.sm")] == [500, 20500]


def test_a_new_export_format_is_a_line_in_the_table(tmp_path, monkeypatch):
    def write_columns(chart, remarks):
        remarks.add("times left out")
        return " ".join(str(note.column) for note in chart.notes).encode()

    monkeypatch.setitem(WRITERS, ".columns", write_columns)
    chart = Beatmap(4, [Note(0, 1), Note(500, 3)], [])
    assert write_chart(chart, tmp_path / "a.COLUMNS") == ("times left out: 1",)
    assert (tmp_path / "a.COLUMNS").read_text() == "1 3"
    write_chart(chart, tmp_path / "a.osu")
    assert read_charts(tmp_path / "a.osu")[0].notes == chart.notes
    with pytest.raises(
        ChartError, match=r"charts are written as \.osu, \.qua, \.mc, \.columns, \.sm, \.ssc, not as '\.txt'"
    ):
        write_chart(chart, tmp_path / "a.txt")
