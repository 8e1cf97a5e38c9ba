"""A summary counts every kind of skipped file and names a few of each."""

from mug.report import NAMED_FILES, Report


def test_a_summary_names_a_few_files_of_each_kind():
    report = Report(done=5)
    for i in range(100):
        report.skip("not osu!mania", f"std{i}.osu: its Mode is 0")
    report.skip("unusable", "bad.osu: has no notes")
    text = str(report)
    assert text.startswith("5 charts, 101 skipped: 100 not osu!mania, 1 unusable\n")
    assert "bad.osu: has no notes" in text
    assert text.count("its Mode is 0") == NAMED_FILES
    assert "and 80 more: not osu!mania" in text


def test_remarks_on_charts_that_were_taken_are_named():
    report = Report(done=30)
    for i in range(30):
        report.remark(f"a{i}.qua: mines left out: 2")
    lines = str(report).splitlines()
    assert lines[:3] == ["30 charts", "30 remarks on charts that were used:", "  a0.qua: mines left out: 2"]
    assert (len(lines), lines[-1]) == (3 + NAMED_FILES, f"  and {30 - NAMED_FILES} more")
