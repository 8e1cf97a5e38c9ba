"""Charts as the JSON of the player."""

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.webui.chart_player import chart_json


def test_a_chart_is_json_of_plain_numbers() -> None:
    notes = [Note(1000.0, 2), Note(500.0, 0, 900.0)]
    chart = Beatmap(4, notes, [TimingPoint(0.0, 500.0, 3)], title="T", artist="A", version="V", overall_difficulty=7.0)
    found = chart_json(chart)
    assert found["notes"] == [[0, 500.0, 900.0], [2, 1000.0, None]]
    assert found["timing_points"] == [{"time_ms": 0.0, "beat_ms": 500.0, "meter": 3}]
    assert [found[name] for name in ("keys", "od", "title", "artist", "version")] == [4, 7.0, "T", "A", "V"]
    assert found["passages"]["density"] == [1.25, 1.25]
    assert len(found["passages"]["stars"]) == 2


def test_findings_come_with_the_chart() -> None:
    notes = sorted([*(Note(1000.0 + 250 * i, i % 4) for i in range(200)), Note(1060.0, 0)])
    findings = chart_json(Beatmap(4, notes, [TimingPoint(0.0, 500.0)]))["findings"]
    assert findings[0] == {"time_ms": 1000.0, "text": "minijack of 60 ms, too fast for Easy", "severity": "warning"}


def test_scroll_tricks_are_no_tempo() -> None:
    points = [TimingPoint(0.0, 500.0), TimingPoint(100.0, 1e-9), TimingPoint(200.0, 1e9)]
    assert len(chart_json(Beatmap(4, [Note(0.0, 0)], points))["timing_points"]) == 1
