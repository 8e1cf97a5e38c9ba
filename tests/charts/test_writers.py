"""Charts written for other games come back as they were, within the rounding of each format."""

import io
import math
import sys
import types

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mug.charts.beat_grid import on_rows
from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.chart_files import read_charts, song_bytes, write_chart, write_song
from mug.charts.foreign_text import one_line
from mug.charts.malody import parse_malody
from mug.charts.osu import parse_osu
from mug.charts.quaver import parse_quaver
from mug.charts.stepmania import STYLES, parse_stepmania
from mug.charts.tempo_map import TempoMap
from mug.errors import ChartError

# simfile's package fs still asks for a module that new versions of setuptools do not have.
with pytest.MonkeyPatch.context() as patch:  # pytest itself would take it for the real one
    stub = types.ModuleType("pkg_resources")
    stub.declare_namespace = lambda name: None
    patch.setitem(sys.modules, "pkg_resources", stub)
    import simfile
    from simfile.notes import NoteData
    from simfile.timing import TimingData
    from simfile.timing.engine import TimingEngine

NAMES = st.text(st.sampled_from("aé雪 \\#:;/\"'\n\x1b{[-*&!%@🎵"), max_size=12)
SM_KEYS, QUA_KEYS, MC_KEYS = sorted(STYLES.values()), list(range(1, 11)), list(range(4, 11))


@st.composite
def charts(draw, keys: list[int]) -> Beatmap:
    """A chart with changes of tempo and meter, long notes, and notes before 0, all at whole ms, no two in one place."""
    n_keys = draw(st.sampled_from(keys))
    times = sorted(draw(st.sets(st.integers(-3000, 20_000), min_size=1, max_size=4)))
    points = [TimingPoint(ms, draw(st.floats(100, 2000)), draw(st.sampled_from([3, 4, 4, 4, 5]))) for ms in times]
    notes = []
    for column in range(n_keys):
        borders = sorted(draw(st.sets(st.integers(-20, 600), max_size=12)))  # 50 ms apart at least
        for start, end in zip(borders[::2], borders[1::2], strict=False):
            notes.append(Note(50.0 * start, column, 50.0 * end if draw(st.booleans()) else None))
    notes = notes or [Note(0.0, 0)]
    texts = {name: draw(NAMES) for name in ("title", "artist", "creator", "version")}
    preview_ms = draw(st.integers(-1, 20_000))
    return Beatmap(n_keys, sorted(notes), points, audio_filename="a song.ogg", preview_ms=preview_ms, **texts)


def assert_same_notes(chart: Beatmap, again: Beatmap, tolerance_ms) -> None:
    """Compare columns, kinds and times. `tolerance_ms`: of a time."""
    by_column = [sorted(one.notes, key=lambda note: (note.column, note.start_ms)) for one in (chart, again)]
    assert again.keys == chart.keys
    assert [note.column for note in by_column[1]] == [note.column for note in by_column[0]]
    for before, after in zip(*by_column, strict=True):
        assert after.is_long == before.is_long
        assert abs(after.start_ms - before.start_ms) <= tolerance_ms(before.start_ms) + 1e-3
        assert abs(after.last_ms - before.last_ms) <= tolerance_ms(before.last_ms) + 1e-3


def half_a_row(chart: Beatmap):
    grid = on_rows(chart.timing_points, chart.notes[0].start_ms, chart.last_ms)
    return lambda time_ms: grid.lengths[[*grid.stretch_at(np.array([time_ms - 1, time_ms + 1]))]].max() / 96


@settings(max_examples=25)
@given(charts(SM_KEYS), st.sampled_from([".sm", ".ssc"]))
def test_stepmania_brings_notes_back_within_half_a_row(chart, suffix):
    data, _ = song_bytes([chart], suffix)
    (again,), errors = parse_stepmania(data, f"a{suffix}", STYLES)
    assert errors == []
    tolerance = half_a_row(chart)
    if all(tolerance(note.start_ms) < 20 for note in chart.notes):  # closer notes may share a row
        assert_same_notes(chart, again, tolerance)
    for point in again.timing_points:  # each is one of the chart's, or begins a bar
        assert any(abs(point.time_ms - other.time_ms) < 0.01 for other in chart.timing_points) or (
            point.time_ms <= chart.timing_points[0].time_ms or point.meter != 4 or len(chart.timing_points) > 1
        )
    assert again.preview_ms == chart.preview_ms


@settings(max_examples=25)
@given(charts(SM_KEYS), st.sampled_from([".sm", ".ssc"]))
def test_an_independent_reader_finds_the_same_times(chart, suffix):
    data, _ = song_bytes([chart], suffix)
    song = simfile.load(io.StringIO(data.decode()), strict=True)
    (again,), _ = parse_stepmania(data, f"a{suffix}", STYLES)
    assert song.charts[0].stepstype == {keys: style for style, keys in STYLES.items()}[chart.keys]
    engine = TimingEngine(TimingData(song, song.charts[0]))
    notes = [note for note in NoteData(song.charts[0]) if note.note_type.value in "12"]
    found = sorted((1000 * engine.time_at(note.beat), note.column) for note in notes)
    assert [column for _, column in found] == [note.column for note in again.notes]
    assert [ms for ms, _ in found] == pytest.approx([note.start_ms for note in again.notes], abs=0.01)


@settings(max_examples=25)
@given(charts(QUA_KEYS))
def test_quaver_brings_back_everything_but_odd_meters(chart):
    data, remarks = song_bytes([chart], ".qua")
    again = parse_quaver(data, "a.qua")
    assert_same_notes(chart, again, lambda _: 0.0)
    assert [(p.time_ms, 3 if p.meter == 3 else 4) for p in chart.timing_points] == [
        (p.time_ms, p.meter) for p in again.timing_points
    ]
    assert [p.bpm for p in again.timing_points] == pytest.approx([p.bpm for p in chart.timing_points], rel=1e-9)
    assert any(point.meter == 5 for point in chart.timing_points) == bool(remarks)
    assert (again.audio_filename, again.preview_ms) == ("a song.ogg", chart.preview_ms)


@settings(max_examples=25)
@given(charts(MC_KEYS))
def test_malody_brings_notes_back_within_a_millisecond(chart):
    again = parse_malody(song_bytes([chart], ".mc")[0], "a.mc")
    assert_same_notes(chart, again, lambda _: 1.0)
    tempo, before = TempoMap.of_points(again.timing_points), TempoMap.of_points(chart.timing_points)
    late = [note.start_ms for note in chart.notes if note.start_ms > chart.timing_points[-1].time_ms]
    assert np.diff(tempo.beats_at(np.array(late))) == pytest.approx(np.diff(before.beats_at(np.array(late))), abs=1e-6)


@settings(max_examples=25)
@given(NAMES, NAMES)
def test_names_come_back_from_every_format(title, version):
    chart = Beatmap(4, [Note(0.0, 0)], [], title=title, artist=title[::-1], creator="a//b;#c:\\d", version=version)
    from_osu = parse_osu(song_bytes([chart], ".osu")[0], "a.osu")
    for suffix, parse in ((".qua", parse_quaver), (".mc", parse_malody)):
        again = parse(song_bytes([from_osu], suffix)[0], suffix)
        assert (again.title, again.creator, again.version) == (
            one_line(from_osu.title),
            from_osu.creator,
            one_line(from_osu.version),
        )
    (again,), _ = parse_stepmania(song_bytes([from_osu], ".ssc")[0], "a.ssc")
    assert (again.title, again.creator) == (one_line(from_osu.title), "a//b;#c:\\d")


def chart_of(keys: int = 4, *notes: Note, points: tuple[TimingPoint, ...] = (TimingPoint(0, 500),), **named) -> Beatmap:
    return Beatmap(keys, list(notes or [Note(0, 0), Note(500, 1, 1000)]), list(points), **named)


def test_a_stepmania_file_by_hand():
    chart = chart_of(
        4, Note(0, 0), Note(250, 3), Note(1000, 1, 2500), version="x: y", title="T", audio_filename="a.ogg"
    )
    text = song_bytes([chart], ".sm")[0].decode()
    assert "#TITLE:T;" in text
    assert "#OFFSET:-0.000000;\n#BPMS:0.000000=120;\n" in text
    head = "#NOTES:\n     dance-single:\n     x\\: y:\n     Hard:\n     1:\n     0,0,0,0,0:\n"
    assert text.endswith(head + "1000\n0001\n0000\n0000\n0200\n0000\n0000\n0000\n,\n0000\n0300\n0000\n0000\n;\n")


@pytest.mark.parametrize(
    ("suffix", "keys", "reason"),
    [
        (".sm", 2, r"StepMania has no style of 2 keys; it has 3K \(dance-threepanel\), 4K \(dance-single\), 5K"),
        (".ssc", 18, "StepMania has no style of 18 keys"),
        (".qua", 12, "Quaver has no mode of 12 keys; it has 1 to 10"),
        (".mc", 3, "Malody's mode Key has 4 to 10 keys, the chart has 3"),
        (".xm", 4, r"charts are written as \.osu, \.qua, \.mc, \.sm, \.ssc, not as '\.xm'"),
    ],
)
def test_what_a_game_does_not_have_is_refused(suffix, keys, reason):
    with pytest.raises(ChartError, match=reason):
        song_bytes([chart_of(keys)], suffix)


@pytest.mark.parametrize("suffix", [".sm", ".ssc", ".qua", ".mc"])
def test_a_chart_without_notes_is_refused(suffix):
    with pytest.raises(ChartError, match="'empty' has no notes to write"):
        song_bytes([Beatmap(4, [], [], version="empty")], suffix)


def test_a_song_too_long_at_its_tempo_is_refused():
    with pytest.raises(ChartError, match="1000000 beats at this tempo; at most 400000 are written"):
        song_bytes([chart_of(4, Note(0, 0), Note(6_000_000, 0), points=(TimingPoint(0, 6),))], ".sm")


def test_notes_off_the_rows_are_moved_and_reported():
    chart = chart_of(4, Note(0, 0), Note(505, 0), Note(1003, 1))  # a row is 10.4 ms
    remarks = song_bytes([chart], ".sm")[1]
    assert remarks == (
        "notes moved by more than 2 ms, to the nearest of 192 rows a measure: 2 (the most: -5.0 ms at 505)",
    )


def test_notes_without_a_place_of_their_own_are_reported():
    chart = chart_of(4, Note(0, 0), Note(4, 0), Note(500, 1, 1000), Note(1000, 1), Note(2000, 2, 2000.4))
    data, remarks = song_bytes([chart], ".sm")
    (again,), _ = parse_stepmania(data, "a.sm")
    assert remarks[-2:] == (
        "notes left out that share their place with another note: 1 (at 4 ms)",
        "long notes that end earlier, before the next note of their column: 1 (before 1000 ms)",
    )
    assert [(note.column, round(note.last_ms)) for note in again.notes] == [(0, 0), (1, 990), (1, 1000), (2, 2010)]


def test_the_charts_of_a_song_share_a_stepmania_file(tmp_path):
    easy, hard, seven = chart_of(version="easy"), chart_of(4, *[Note(100 * i, 0) for i in range(9)]), chart_of(7)
    write_song([hard, easy, seven], tmp_path / "a.sm")
    charts, _ = parse_stepmania((tmp_path / "a.sm").read_bytes(), "a.sm", STYLES)
    assert [(chart.keys, chart.version) for chart in charts] == [(4, "Hard 9"), (4, "Medium 2"), (7, "Hard 2")]
    with pytest.raises(ChartError, match=r"3 charts for one \.osu file, which holds one"):
        write_song([hard, easy, seven], tmp_path / "a.osu")
    many = [chart_of(version=str(i)) for i in range(7)]
    charts, _ = parse_stepmania(song_bytes(many, ".ssc")[0], "a.ssc")
    assert [chart.version.split()[0] for chart in charts] == [
        "Beginner", "Easy", "Medium", "Hard", "Challenge", "Edit", "Edit"
    ]  # fmt: skip


def test_charts_of_a_song_may_differ_in_timing():
    charts = [chart_of(), chart_of(4, Note(0, 0), Note(300, 1), points=(TimingPoint(0, 300),))]
    (_, second), _ = parse_stepmania(song_bytes(charts, ".ssc")[0], "a.ssc")
    assert [point.beat_ms for point in second.timing_points] == pytest.approx([300])
    data, remarks = song_bytes(charts, ".sm")
    (_, second), _ = parse_stepmania(data, "a.sm")
    assert [note.start_ms for note in second.notes] == pytest.approx([0, 302.083], abs=0.01)
    assert remarks[0].startswith("charts with a timing of their own, which .sm cannot hold")


def test_stepmania_files_of_an_mp3_are_as_late_as_the_game_plays_it(tmp_path, monkeypatch):
    monkeypatch.setattr("mug.charts.chart_files.stepmania_delay_ms", lambda audio: 51.2)
    write_song([chart_of()], tmp_path / "a.sm", tmp_path / "a.mp3")
    write_song([chart_of()], tmp_path / "a.qua", tmp_path / "a.mp3")
    assert read_charts(tmp_path / "a.sm")[0].notes[0].start_ms == pytest.approx(51.2)
    assert read_charts(tmp_path / "a.qua")[0].notes[0].start_ms == 0


def test_malody_s_music_starts_after_its_first_beat(tmp_path):
    write_chart(chart_of(4, Note(1300, 0), points=(TimingPoint(1300, 400),)), tmp_path / "a.mc")
    text = (tmp_path / "a.mc").read_text()
    assert '"time":[{"beat":[0,0,1],"bpm":150.0}]' in text
    assert '"note":[{"beat":[4,0,1],"column":0},{"beat":[0,0,1],"sound":"audio.mp3","vol":100,"offset":300,' in text
    assert math.isclose(read_charts(tmp_path / "a.mc")[0].notes[0].start_ms, 1300)
