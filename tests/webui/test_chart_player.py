"""Charts as the JSON of the player."""

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.webui.chart_player import PLAYER_FOLDER, chart_json, player_value


def test_a_chart_is_json_of_plain_numbers() -> None:
    notes = [Note(1000.0, 2), Note(500.0, 0, 900.0)]
    chart = Beatmap(4, notes, [TimingPoint(0.0, 500.0, 3)], title="T", artist="A", version="V", overall_difficulty=7.0)
    found = chart_json(chart)
    assert found["notes"] == [[0, 500.0, 900.0], [2, 1000.0, None]]
    assert found["timing_points"] == [{"time_ms": 0.0, "beat_ms": 500.0, "meter": 3}]
    assert [found[name] for name in ("keys", "od", "title", "artist", "version")] == [4, 7.0, "T", "A", "V"]
    assert found["passages"]["density"] == [1.25, 1.25]
    assert len(found["passages"]["stars"]) == 2


def test_scroll_tricks_are_no_tempo() -> None:
    points = [TimingPoint(0.0, 500.0), TimingPoint(100.0, 1e-9), TimingPoint(200.0, 1e9)]
    assert len(chart_json(Beatmap(4, [Note(0.0, 0)], points))["timing_points"]) == 1


def test_a_player_without_a_song_has_no_audio() -> None:
    assert player_value([], None) == {"charts": [], "audio": None, "selected": 0}


def test_every_script_of_the_player_is_short_and_local() -> None:
    scripts = sorted(PLAYER_FOLDER.glob("*.js"))
    assert len(scripts) > 10
    for path in scripts:
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 300, path
        assert max(map(len, text.splitlines())) <= 120, path
        assert "http" not in text.replace("https://osu.ppy.sh/wiki/", ""), path
