""".mc files become charts, every time by hand."""

import json

import pytest

from mug.charts.beatmap import TimingPoint
from mug.charts.malody import parse_malody
from mug.charts.osu import OtherModeError
from mug.errors import ChartError
from tests.charts.foreign_charts import MC, MC_NOTES, notes_of


def parse(file):
    return parse_malody(json.dumps(file).encode(), "a.mc")


def changed(**changes):
    return json.loads(MC) | changes


def test_a_chart_by_hand():
    chart = parse_malody(MC.encode(), "a.mc")
    assert notes_of(chart) == MC_NOTES
    assert chart.remarks == ("notes left out, of columns that the chart does not have: 1 (column 9 of 4)",)
    assert chart.timing_points == [
        TimingPoint(-150.0, 500.0),
        TimingPoint(2100.0, 250.0),
        TimingPoint(2975.0, 250.0),  # beat 8, the next bar
    ]
    assert (chart.keys, chart.title, chart.artist, chart.creator) == (4, "Yuki", "Singer", "Mapper")
    assert (chart.version, chart.audio_filename, chart.background) == ("4K Hard Lv.20", "yuki.ogg", "bg.jpg")
    assert (chart.metadata["TitleUnicode"], chart.metadata["ArtistUnicode"]) == ("雪", "歌手")
    assert (chart.preview_ms, chart.beatmap_set_id) == (66195, -1)


def test_a_song_that_starts_on_a_later_beat():
    note = [{"beat": [2, 0, 1], "column": 0}, {"beat": [1, 0, 1], "sound": "a.ogg", "type": 1, "offset": -20}]
    chart = parse(changed(note=note))
    assert notes_of(chart) == [(0, 520.0, None)]  # beat 2 at 1000, the song from 500 - 20 on


def test_a_chart_without_a_song():
    chart = parse(changed(note=[{"beat": [2, 0, 1], "column": 0}]))
    assert (notes_of(chart), chart.audio_filename) == ([(0, 1000.0, None)], "")


def without(part, key):
    file = json.loads(MC)
    del file[part][key]
    return file


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ([], "the file is not an object"),
        ({}, "meta is not an object"),
        (without("meta", "mode_ext"), "meta.mode_ext is not an object"),
        (without("meta", "song"), "meta.song is not an object"),
        (changed(note={}), "has no list 'note'"),
        (changed(note=[1]), "an entry of 'note' is not an object"),
        (changed(note=[]), "the chart has no notes"),
        (changed(time=[]), "no tempo is given"),
        (changed(time=[{"beat": [0, 0, 1], "bpm": "fast"}]), "a bpm is 'fast', not a number"),
        (changed(time=[{"beat": [0, 0, 1]}]), "a bpm is 'None', not a number"),
        (changed(note=[{"beat": [0, 1, 0], "column": 0}]), r"a beat is \[0, 1, 0\], out of range"),
        (changed(note=[{"beat": [0, 1], "column": 0}]), r"a beat is \[0, 1\], not"),
        (changed(note=[{"beat": [0, 1, True], "column": 0}]), "a part of a beat is 'True', not a number"),
        (changed(note=[{"beat": [0, 0, 1], "column": None}]), "a column is 'None', not a number"),
        (changed(note=[{"beat": [9e6, 0, 1], "column": 0}]), "a note at 2.25e.09 ms"),
    ],
)
def test_what_cannot_be_used_is_refused(file, reason):
    with pytest.raises(ChartError, match=reason) as raised:
        parse(file)
    assert str(raised.value).startswith("a.mc: ")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "a.mc: line 1: Expecting value"),
        (MC[:200], "a.mc: line 13: "),
        ("[" * 100_000, "a.mc: nested too deeply"),
        ('{"a": ' * 100_000, "a.mc: nested too deeply"),
        (MC.replace('"bpm": 120.0', '"bpm": NaN'), "a bpm is 'nan', out of range"),
        (MC.replace('"bpm": 120.0', '"bpm": 1e999'), "a bpm is 'inf', out of range"),
        (MC.replace('"bpm": 120.0', '"bpm": ' + "9" * 5000), "a.mc: Exceeds the limit"),
        (MC.replace('"bpm": 120.0', '"bpm": ' + "9" * 400), "not a number"),
    ],
)
def test_what_is_no_sane_json(text, reason):
    with pytest.raises(ChartError, match=reason):
        parse_malody(text.encode(), "a.mc")


def test_other_modes_are_named():
    with pytest.raises(OtherModeError, match=r"its mode is 5 \(Taiko\)"):
        parse(changed(meta={"mode": 5}))
