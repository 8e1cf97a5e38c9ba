"""Every rule finds what it is for, at the right place, and nothing in a clean chart."""

import re

import pytest

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import parse_osu
from mug.config import PROJECT_ROOT
from mug.lint.finding import Checked, Finding, Severity, Spot, timestamp
from mug.lint.report import finding_lines, summary
from mug.lint.rules import RULES, lint
from tests.charts.foreign_charts import OSU

BEAT_MS = 400.0
STEADY = [Note(i * BEAT_MS, i % 4) for i in range(100)]  # 40 s


def clean(*notes: Note, keys: int = 4, **changed) -> Beatmap:
    settings = {"preview_ms": 0, "background": "a.png", "overall_difficulty": 7.0, "hp_drain": 7.0}
    metadata = {"Tags": "a", "Source": "b"}
    points = [TimingPoint(0.0, BEAT_MS)]
    return Beatmap(keys, [*STEADY, *notes], points, metadata=metadata, **settings)


def found(chart: Beatmap, stars: float | None = 1.0, audio_ms: float | None = None) -> list[str]:
    return [re.sub(r" - \w+: ", " - ", str(finding)) for finding in lint(Checked(chart, stars, audio_ms))]


def test_a_clean_chart_has_no_findings():
    assert found(clean(), 1.0, 60_000.0) == []


@pytest.mark.parametrize(
    ("notes", "stars", "lines"),
    [
        ([Note(800, 2)], 6.0, ["00:00:800 (800|2,800|2) - two notes in one place [stacked-notes]"]),
        (
            [Note(60_400, 1, 60_800), Note(60_700, 1)],
            6.0,
            ["01:00:700 (60700|1) - starts 100 ms before a long note of its column ends [note-in-hold]"],
        ),
        (
            [Note(50_000, 1, 50_300)],
            1.0,
            ["00:50:000 (50000|1) - a long note of 300 ms, too short for Easy [short-hold]"],
        ),
        (
            [Note(50_000, 0), Note(50_000, 1), Note(50_000, 3)],
            2.5,
            ["00:50:000 (50000|0,50000|1,50000|3) - a chord of 3; Normal has 2 at most [large-chord]"],
        ),
        (
            [Note(50_000, 0), Note(50_080, 0)],
            1.0,
            ["00:50:000 (50000|0,50080|0) - minijack of 80 ms, too fast for Easy [minijack]"],
        ),
        (
            [Note(50_000, 0, 50_390), Note(50_400, 0)],
            6.0,
            ["00:50:400 (50400|0) - starts 10 ms after the long note before it ends [short-gap]"],
        ),
        ([Note(-400, 0)], 6.0, ["-00:00:400 (-400|0) - before the audio begins [before-audio]"]),
    ],
)  # fmt: skip
def test_what_the_notes_show(notes, stars, lines):
    assert [line for line in found(clean(*notes), stars) if "[unsnapped" not in line and "[late" not in line] == lines


def test_more_than_six_keys():
    notes = [*(Note(50_000, column, 50_800) for column in range(5)), *(Note(50_400, column) for column in (5, 6))]
    chart = clean(*notes, keys=7)
    assert found(chart, 5.0) == ["00:50:400 (50400|5,50400|6) - 7 keys at once; up to Insane 6 at most [many-keys]"]
    assert found(chart, 6.0) == []


def test_columns_and_key_counts():
    chart = clean(keys=11)
    assert found(chart, 6.0)[0] == "problem: column 5 of 11 has no notes [empty-column]"
    assert "warning: 11 keys; ranked charts have 4 to 10, 12, 14, 16 or 18 [key-count]" in found(chart, 6.0)


def test_notes_beside_the_beat():
    lines = found(clean(Note(50_005, 0, 50_395), Note(51_203, 1)), 6.0)
    assert lines == [
        "00:50:005 (50005|0) - unsnapped, 5.0 ms late of the nearest snap, 1/1 [unsnapped]",
        "00:50:395 (50005|0) - the long note's end is unsnapped, 5.0 ms early of the nearest snap, 1/1 [unsnapped-end]",
    ]


def test_timing_points():
    chart = clean()
    chart.timing_points = []
    assert found(chart) == ["problem: no timing point (red line) [no-tempo]"]
    chart.timing_points = [TimingPoint(400, 400), TimingPoint(400, 200)]
    assert found(chart) == [
        "00:00:400 - two timing points at one time: 150 and 300 BPM [double-line]",
        "00:00:000 (0|0) - the first note is 400 ms before the first timing point [late-line]",
    ]


def test_the_audio_s_end():
    assert found(clean(), audio_ms=39_000.0) == ["00:39:600 (39600|3) - 600 ms after the audio's end [after-audio]"]


def test_settings_and_metadata():
    chart = clean()
    chart.metadata, chart.preview_ms, chart.background, chart.hp_drain = {}, -1, None, 8.5
    chart.notes = chart.notes[:8]
    assert found(chart) == [
        "warning: 3 s of drain time; a ranked song has 30 s [short-drain]",
        "warning: HP 8.5; Easy has 7 at most [hp-od]",
        "hint: no preview time [no-preview]",
        "hint: no background [no-background]",
        "hint: no tags [no-tags]",
        "hint: no source; leave it so if the song comes from no game, film or the like [no-source]",
    ]


def test_breaks_of_a_file():
    text = OSU.replace('0,0,"bg.jpg",0,0', "2,300,900\nBreak,x,9\n2,90000,99000")
    findings = lint(Checked(parse_osu(text.encode(), "a.osu"), 6.0), {"note-in-break", "short-drain"})
    assert [str(finding) for finding in findings] == [
        "warning: -8 s of drain time; a ranked song has 30 s [short-drain]",
        "00:00:250 (250|1) - problem: a note in a break [note-in-break]",
    ]


def test_the_editor_s_times():
    assert timestamp(Spot("")) == ""
    assert timestamp(Spot("", moment_ms=3_723_004.6)) == "62:03:005"
    assert timestamp(Spot("", (Note(12345, 2), Note(12400.4, 3)))) == "00:12:345 (12345|2,12400|3)"


def test_the_worst_is_shown_first_and_the_rest_counted():
    rules = {rule.id: rule for rule in RULES}
    findings = [Finding(rules["no-tags"], Spot("x")), *(Finding(rules["unsnapped"], Spot(str(i))) for i in range(4))]
    assert finding_lines(findings, 2) == [
        "problem: 0 [unsnapped]",
        "problem: 1 [unsnapped]",
        "... and 2 more: unsnapped note [unsnapped]",
        "hint: x [no-tags]",
    ]
    assert summary({Severity.PROBLEM: 1, Severity.HINT: 2}) == "1 problem, no warnings, 2 hints"


def test_the_page_lists_all_rules():
    page = (PROJECT_ROOT / "docs" / "lint.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([\w-]+)` \| (\w+) \|", page, re.MULTILINE)
    assert listed == [(rule.id, str(rule.severity)) for rule in RULES]
