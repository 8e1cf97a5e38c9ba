""".sm and .ssc files become charts: times by hand on small ones, the recorded times on real ones."""

import pytest

from mug.charts.beatmap import Note, TimingPoint
from mug.charts.chart_files import read_charts
from mug.charts.osu import OtherModeError, read_osu
from mug.charts.sm_text import parameters
from mug.charts.stepmania import parse_stepmania
from mug.errors import ChartError
from tests.charts.foreign_charts import SM, SM_NOTES, SSC, SSC_EASY_NOTES, SSC_NOTES, notes_of


def one(rows: str, bpms: str = "0=60", head: str = ""):
    text = f"#BPMS:{bpms};{head}#NOTES:dance-single::Hard:1:0:{rows};"
    charts, errors = parse_stepmania(text.encode(), "a.sm")
    assert not errors
    return charts[0]


def test_a_chart_by_hand():
    charts, errors = parse_stepmania(SM.encode(), "a.sm")
    assert [str(error) for error in errors] == [
        "a.sm: line 39: a dance-double chart; only four-panel charts (dance-single) are read"
    ]
    assert isinstance(errors[0], OtherModeError)
    (chart,) = charts
    assert notes_of(chart) == SM_NOTES
    assert [(point.time_ms, point.beat_ms) for point in chart.timing_points] == [
        (100, 500), (2100, 1000), (4600, 1000), (6600, 1000)  # the stop is inside a bar
    ]  # fmt: skip
    assert (chart.keys, chart.version, chart.creator, chart.preview_ms) == (4, "Hard 9", "Somebody", 1500)
    assert (chart.title, chart.artist) == ("Tempo test", "Composer")
    assert chart.metadata == {
        "TitleUnicode": "Tempo : test (short)",
        "ArtistUnicode": "作曲者",
        "Source": "",
        "Tags": "Test",
    }
    assert (chart.audio_filename, chart.background) == ("music.ogg", "bg.png")


def test_a_chart_of_ssc_with_a_timing_of_its_own():
    (edit, easy), errors = parse_stepmania(SSC.encode(), "a.ssc")
    assert errors == []
    assert notes_of(edit) == SSC_NOTES
    assert notes_of(easy) == SSC_EASY_NOTES
    assert (edit.version, edit.creator, easy.version) == ("Edit Own timing 12", "Stepper", "Easy 1")
    assert [(point.time_ms, point.meter) for point in edit.timing_points] == [
        (1000, 3),
        (1370, 3),
        (1620, 3),
        (2160, 3),
    ]


@pytest.mark.parametrize(
    ("signature", "meter"),
    [("3=4", 3), ("6=8", 3), ("7=8", 7), ("5", 5), ("0=4", 4), ("3=0", 4), ("3=x", 4), ("99=4", 4)],
)
def test_time_signature_counts_quarter_notes_in_whole_bars(signature, meter):
    assert one("1000", head=f"#TIMESIGNATURES:0={signature};").timing_points == [TimingPoint(0.0, 1000.0, meter)]


def split(own: str, song: str = "#VERSION:0.83;#OFFSET:-1.25;#BPMS:0=120;") -> list[float]:
    """The times of two notes, on beats 0 and 2, in a .ssc whose chart has fields of its own."""
    text = f"{song}#NOTEDATA:;#STEPSTYPE:dance-single;{own}#NOTES:\n1000\n0000\n0100\n0000;"
    (chart,), errors = parse_stepmania(text.encode(), "a.ssc")
    assert not errors
    return [note.start_ms for note in chart.notes]


@pytest.mark.parametrize(
    ("own", "times_ms"),
    [
        ("", [1250, 2250]),
        ("#BPMS:0=240;", [1250, 1750]),  # the song's offset stays
        ("#BPMS:0=240;#OFFSET:-2;", [2000, 2500]),
        ("#BPMS:0=240;#OFFSET:;", [1250, 1750]),
        ("#OFFSET:-2;", [1250, 2250]),  # an offset alone is no timing
        ("#STOPS:;#DELAYS:;#SPEEDS:;", [1250, 2250]),  # nor are empty fields
        ("#BPMS:0=240;#STOPS:1=0.5;#DELAYS:2=0.25;", [1250, 2500]),
        ("#BPMS:0=240;#WARPS:0.5=1;", [1250, 1500]),
        ("#BPMS:0=240,1=-60;", [1250, 1750]),  # no tempo in .ssc
        ("#SPEEDS:0=1=0=0;", [1250, 3250]),  # a timing without a tempo: 60 BPM
        ("#STOPS:1=0.5;", [1250, 3750]),
    ],
)
def test_split_timing_starts_from_the_song_s_offset(own, times_ms):
    assert split(own) == times_ms


def test_a_timing_of_its_own_without_a_tempo_is_remarked_on():
    text = "#BPMS:0=120;#NOTEDATA:;#STEPSTYPE:dance-single;{}#NOTES:1000;"
    for own, n_remarks in (("", 0), ("#BPMS:0=240;", 0), ("#SPEEDS:0=1=0=0;", 1)):
        (chart,), _ = parse_stepmania(text.format(own).encode(), "a.ssc")
        assert len(chart.remarks) == n_remarks


def test_the_song_s_stops_are_not_in_a_chart_s_own_timing():
    assert split("#BPMS:0=240;", "#OFFSET:-1.25;#BPMS:0=120;#STOPS:1=9;#DELAYS:1=9;#WARPS:0.5=1;") == [1250, 1750]


def test_files_before_version_0_7_have_no_split_timing():
    assert split("#BPMS:0=240;#OFFSET:-2;", "#VERSION:0.69;#OFFSET:-1.25;#BPMS:0=120;") == [1250, 2250]
    assert split("", "#VERSION:0.69;#BPMS:0=60;#WARPS:1=1.5;") == [0, 1500]  # to beat 1.5, not over 1.5 beats


def test_kinds_of_notes():
    chart = one("1L4M,F0K0,A030")  # measures of one row: beats 0, 4, 8
    assert chart.notes == [Note(0.0, 0), Note(0.0, 1), Note(0.0, 2, 8000.0)]


def test_unclosed_holds_become_notes_and_stray_ends_vanish():
    chart = one("2003,1200,0000,0030")
    assert chart.notes == [Note(0.0, 0), Note(4000.0, 0), Note(4000.0, 1)]


def test_rows_divide_their_measure():
    chart = one("1000\n" * 5 + ",\n" + "0001\n" * 3)
    assert [note.start_ms for note in chart.notes] == pytest.approx(
        [0, 800, 1600, 2400, 3200, 4000, 5333.333, 6666.667]
    )


def test_of_a_row_of_another_width_what_fits_is_read():
    chart = one("1000\n01001\n0010\n0001")
    assert [note.column for note in chart.notes] == [0, 1, 2, 3]
    assert chart.remarks == ("rows that are not 4 panels wide, of which what fits is read: 1 (measure 1: '01001')",)
    assert [note.column for note in one("1000\n01\n").notes] == [0, 1]
    assert one("1000\n00000\n0010\n0001").remarks == ()  # nothing in it


def test_key_sounds_and_attacks_behind_notes_are_left_out():
    assert one("1[12]0{x:0.5}01").notes == [Note(0.0, 0), Note(0.0, 3)]


def test_notes_in_a_negative_stop_are_not_played():
    chart = one("1000\n1000\n1000\n1000", head="#STOPS:1=-1;")  # beats 1 to 2 are skipped
    assert [note.start_ms for note in chart.notes] == [0, 1000, 2000]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "a.sm: holds no charts"),
        ("#TITLE:x;", "a.sm: holds no charts"),
        (
            "#BPMS:0=60;\n#NOTES:dance-single:::::1000\n100\n01001;",
            r"a.sm: line 2: rows that are not 4 panels wide.*: 2 of 3, too many \(measure 1: '100'\)",
        ),
        ("#BPMS:0=60;\n#NOTES:dance-single:::::0000;", "line 2: the chart has no notes"),
        ("#BPMS:0=60;\n#NOTES:dance-single:::::" + "10000\n" * 40, "40 of 40, too many"),
        ("#NOTES:dance-single:::::1000;", "line 1: no tempo is given"),
        ("#BPMS:0=nan;#NOTES:dance-single:::::1000;", "line 1: a value of #BPMS is 'nan', out of range"),
        ("#BPMS:0=x;#NOTES:dance-single:::::1000;", "line 1: a value of #BPMS is 'x', not a number"),
        ("#BPMS:0=60,1e9=3;#NOTES:dance-single:::::1000;", r"line 1: #BPMS has beat 1e\+09"),
        ("#BPMS:0=0.0001;#NOTES:dance-single:::::1000,1000;", "line 1: the chart has a note at 2.4e.09 ms"),
        ("#OFFSET:1e9;#BPMS:0=60;#NOTES:dance-single:::::1000;", "line 1: the chart has a note at"),
        ("#BPMS:0=60;#NOTES:;", "line 1: a nameless chart"),
        ("#BPMS:0=60;#NOTES:pump-single:::::10000;", "line 1: a pump-single chart"),
    ],
)
def test_what_cannot_be_used_is_refused_with_file_and_line(text, reason):
    try:
        charts, errors = parse_stepmania(text.encode(), "a.sm")
    except ChartError as error:
        charts, errors = [], [error]
    assert charts == []
    with pytest.raises(ChartError, match=reason):
        raise errors[0]


def test_parameters_of_the_text():
    text = "stray #A:1:2;\r\n#b : x\\:y\\;z ;// #no:1;\n#C:one # two\n  #D:;#E;#F:last"
    found = [(parameter.name, parameter.values, parameter.line) for parameter in parameters(text)]
    assert found == [
        ("A", ["1", "2"], 1),
        ("B", [" x:y;z "], 2),
        ("C", ["one # two\n  "], 3),
        ("D", [""], 4),
        ("E", [], 4),
        ("F", ["last"], 4),
    ]


@pytest.mark.parametrize(
    ("encoding", "title"),
    [
        ("utf-8-sig", "曲"),
        ("cp932", "夜に駆ける"),
        ("cp932", "ソラ"),
        ("cp949", "한국어 노래"),
        ("cp949", "하늘"),
        ("cp1252", "Café à été"),
    ],
)
def test_titles_of_any_encoding(encoding, title):
    data = f"#TITLE:{title};#BPMS:0=60;#NOTES:dance-single:::::1000;".encode(encoding)
    charts, _ = parse_stepmania(data, "a.sm")
    assert charts[0].metadata["TitleUnicode"] == title


def test_control_characters_at_the_start_are_left_out():
    charts, _ = parse_stepmania(b"\x7f\xe2\x80\x8b#TITLE:x;#BPMS:0=60;#NOTES:dance-single:::::1000;", "a.sm")
    assert charts[0].title == "x"


SONGS = {"goin_under": ("Goin' Under.sm", 5), "mecha_tribe_assault": ("Mecha-Tribe Assault.ssc", 5)}
SONGS |= {"calib_ideal_sync": ("ScreenGameplaySyncMachine music.ssc", 2)}


@pytest.mark.parametrize(("song", "file", "n_charts"), [(song, *rest) for song, rest in SONGS.items()])
def test_real_charts_agree_with_the_recorded_ones(shared, song, file, n_charts):
    folder = shared / "data" / "songs" / song
    recorded = {chart.version: chart for chart in map(read_osu, folder.glob("*.osu"))}
    charts = read_charts(folder / file)
    assert len(charts) == len(recorded) == n_charts
    for chart in charts:
        expected = recorded[chart.version]
        assert [note.column for note in chart.notes] == [note.column for note in expected.notes]
        assert [note.is_long for note in chart.notes] == [note.is_long for note in expected.notes]
        # recorded in whole milliseconds
        assert [note.start_ms for note in chart.notes] == pytest.approx([n.start_ms for n in expected.notes], abs=0.501)
        assert [note.last_ms for note in chart.notes] == pytest.approx([n.last_ms for n in expected.notes], abs=0.501)
        assert chart.timing_points[0].beat_ms == pytest.approx(expected.timing_points[0].beat_ms)
        assert chart.timing_points[0].time_ms == pytest.approx(expected.timing_points[0].time_ms)
        assert (chart.title, chart.artist) == (expected.title, expected.artist)


def test_sm_and_ssc_of_a_song_say_the_same(shared):
    folder = shared / "data" / "songs" / "goin_under"
    old, new = read_charts(folder / "Goin' Under.sm"), read_charts(folder / "Goin' Under.ssc")
    assert [chart.notes for chart in old] == [chart.notes for chart in new]
