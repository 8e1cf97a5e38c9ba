""".qua files become charts: by hand, and real ones."""

import pytest

from mug.charts import quaver
from mug.charts.beatmap import TimingPoint
from mug.charts.osu import OtherModeError, read_osu
from mug.charts.quaver import parse_quaver, read_quaver
from mug.errors import ChartError
from tests.charts.foreign_charts import QUA, QUA_NOTES, notes_of


def parse(text: str):
    return parse_quaver(text.encode(), "a.qua")


def test_a_chart_by_hand():
    chart = parse(QUA)
    assert notes_of(chart) == QUA_NOTES
    assert chart.timing_points == [TimingPoint(0.0, 500.0), TimingPoint(2000.5, 400.0, 3)]
    assert (chart.keys, chart.title, chart.artist, chart.creator) == (4, "It's: a test", "Café", "Mapper")
    assert (chart.version, chart.audio_filename, chart.background) == ("4K #1", "music.mp3", "bg.jpg")
    assert (chart.preview_ms, chart.beatmap_set_id, chart.metadata["Tags"]) == (12345, -1, "one two")


def test_seven_keys_and_a_scratch_lane():
    chart = parse("Mode: Keys7\nHasScratchKey: true\nHitObjects:\n- Lane: 7\n- Lane: 8\n- Lane: 1\n")
    assert (chart.keys, notes_of(chart)) == (7, [(0, 0.0, None), (6, 0.0, None)])
    assert chart.remarks == ("notes of the scratch lane left out: 1",)
    chart = parse("Mode: Keys5\nHasScratchKey: True\nHitObjects:\n- Lane: 6\n- Lane: 5\n")
    assert (chart.keys, notes_of(chart)) == (5, [(4, 0.0, None)])


@pytest.mark.parametrize("keys", range(1, 11))
def test_every_key_count_of_quaver(keys):
    chart = parse(f"Mode: Keys{keys}\nHitObjects:\n" + "".join(f"- Lane: {lane + 1}\n" for lane in range(keys)))
    assert (chart.keys, [note.column for note in chart.notes]) == (keys, list(range(keys)))


def test_mines_are_left_out_and_counted():
    mines = "- Lane: 2\n  Type: Mine\n- Lane: 3\n  Type: 1\n"
    chart = parse(f"Mode: Keys4\nHitObjects:\n- Lane: 1\n  Type: Normal\n{mines}- Lane: 4\n")
    assert notes_of(chart) == [(0, 0.0, None), (3, 0.0, None)]
    assert chart.remarks == ("mines left out: 2",)


def test_a_note_without_a_lane_or_time_is_left_out_and_counted():
    notes = "- Lane: 1\n- Lane: 2\n- Lane: 5\n"
    chart = parse(f"Mode: Keys4\nHitObjects:\n{notes}")
    assert notes_of(chart) == [(0, 0.0, None), (1, 0.0, None)]
    assert chart.remarks == ("notes left out that have no lane or time: 1 (a note in Lane 5 of 4)",)
    with pytest.raises(ChartError, match="2 of 4, too many"):
        parse(f"Mode: Keys4\nHitObjects:\n{notes}- Lane: 1\n  StartTime: x\n")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "a.qua: has no HitObjects"),
        ("just words", "has no HitObjects"),
        ("Mode: Keys4\nHitObjects: []\n", "the chart has no notes"),
        ("Mode: Keys4\nHitObjects: 5\n", "its HitObjects is not a list of objects"),
        ("Mode: Keys4\nHitObjects: [1, 2]\n", "its HitObjects is not a list of objects"),
        ("Mode: Keys4\nHitObjects:\n- Lane: 5\n", "a note in Lane 5 of 4"),
        ("Mode: Keys4\nHitObjects:\n- StartTime: 5\n", "a note in Lane 0 of 4"),
        ("Mode: Keys4\nHitObjects:\n- Lane: 1.5\n", "a note in Lane 1.5"),
        ("Mode: Keys4\nHitObjects:\n- Lane: 1\n  StartTime: .nan\n", "a StartTime is '.nan', not a number"),
        ("Mode: Keys4\nHitObjects:\n- Lane: 1\n  StartTime: 1e9\n", "a note at 1e.09 ms"),
        ("Mode: Keys4\nHitObjects:\n- Lane: 1\n  StartTime: [1]\n", "a StartTime is .*, not a number"),
        ("Mode: Keys4\nTitle: 'open\nHitObjects:\n", "a.qua: line 4: "),
        ("Mode: Keys4\nHitObjects: &x\n- Lane: 1\nMore: *x\n", "an alias"),
        ("a: " + "[" * 50, "nested too deeply"),
        ("- " * 100_000, "nested too deeply|line 1"),
        ("a: !!python/object:os.system {}\nHitObjects: []", "its Mode is ''"),
    ],
)
def test_what_cannot_be_used_is_refused(text, reason):
    with pytest.raises(ChartError, match=reason) as raised:
        parse(text)
    assert str(raised.value).startswith("a.qua: ")


def test_lists_that_are_ignored_may_be_long_and_broken(monkeypatch):
    monkeypatch.setattr(quaver, "MAX_YAML_BYTES", 300)
    ignored = "SliderVelocities:\n" + "- StartTime: [\n  Multiplier: }\n" * 100
    chart = parse(f"Mode: Keys4\n{ignored}HitObjects:\n- Lane: 1\nSoundEffects:\n- x\n")
    assert notes_of(chart) == [(0, 0.0, None)]
    with pytest.raises(ChartError, match="line 204: "):
        parse(f"Mode: Keys4\n{ignored}HitObjects:\n- Lane: ]\n")
    with pytest.raises(ChartError, match="larger than 0 MiB without its velocities"):
        parse("Mode: Keys4\nHitObjects:\n" + "- Lane: 1\n" * 50)


def test_other_modes_are_named():
    with pytest.raises(OtherModeError, match="its Mode is 'Keys11'; Keys1 to Keys10 are read"):
        parse("Mode: Keys11\nHitObjects:\n- Lane: 1\n")


def test_too_much_of_it(monkeypatch):
    monkeypatch.setattr(quaver, "MAX_EVENTS", 50)
    with pytest.raises(ChartError, match="more than 50 values"):
        parse(QUA)
    monkeypatch.setattr(quaver, "MAX_BYTES", 50)
    with pytest.raises(ChartError, match="larger than 0 MiB"):
        parse(QUA)


@pytest.mark.parametrize(
    ("song", "n_charts"),
    [("princess_of_winter", 8), ("csikos_post", 6), ("vibing_outside_the_supermarket", 4), ("calib_quaver_offset", 1)],
)
def test_real_charts_agree_with_the_recorded_ones(shared, song, n_charts):
    folder = shared / "data" / "songs" / song
    recorded = {chart.version: chart for chart in map(read_osu, folder.glob("*.osu"))}
    charts = [read_quaver(file) for file in sorted(folder.glob("*.qua"))]
    assert len(charts) == len(recorded) == n_charts
    for chart in charts:
        expected = recorded[chart.version]
        assert chart.notes == expected.notes
        assert (chart.keys, chart.title, chart.artist, chart.creator, chart.preview_ms) == (
            (expected.keys, expected.title, expected.artist, expected.creator, expected.preview_ms)
        )
        assert [point.beat_ms for point in chart.timing_points] == pytest.approx(
            [point.beat_ms for point in expected.timing_points]
        )
