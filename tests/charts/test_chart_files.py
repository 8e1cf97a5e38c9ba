"""Files of every kind are found and read by their endings."""

import pytest

from mug.charts.chart_files import CHART_SUFFIXES, find_charts, open_charts, read_charts
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
