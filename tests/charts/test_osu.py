"""The .osu text: every byte comes back, an edit changes its own lines, what is no chart is refused with a reason."""

import csv
from pathlib import Path

import pytest
import rosu_pp_py
from hypothesis import given
from hypothesis import strategies as st

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import MAX_OBJECTS, format_osu, parse_osu, read_osu, write_osu
from mug.errors import ChartError

CHART = """osu file format v14

[General]
AudioFilename: song.mp3
PreviewTime: 1234
Mode: 3

[Metadata]
Title:Re:Zero: A
Artist: Somebody
Creator:me
Version:[4K] Hard
BeatmapID:7
BeatmapSetID:11
Odd key:kept

[Difficulty]
HPDrainRate:7.5
CircleSize:4
OverallDifficulty:8
SliderMultiplier:1.4

[Events]
//Background and Video events
0,0,"bg.jpg",0,0

[TimingPoints]
100.5,500,4,2,1,40,1,0
2100,-50,4,2,1,40,0,0
4100,250,3,2,1,40,1,0

[Mystery]
what is this?

[HitObjects]
64,192,1000,1,2,0:0:0:70:hit.wav
192,192,1500.25,128,0,2000.75:0:0:0:0:
448,192,1200,5,0,0:0:0:0:
320,192,1200,1,0,0:0:0:0:
"""


def parse(text: str) -> Beatmap:
    return parse_osu(text.encode(), "test.osu")


def with_objects(*lines: str, keys: object = 4) -> str:
    return f"osu file format v14\n[General]\nMode: 3\n[Difficulty]\nCircleSize:{keys}\n[HitObjects]\n" + "\n".join(
        lines
    )


def changed_lines(beatmap: Beatmap, text: str) -> tuple[set[str], set[str]]:
    old, new = text.splitlines(), format_osu(beatmap).decode().splitlines()
    return set(old) - set(new), set(new) - set(old)


def test_reads_what_the_chart_says():
    beatmap = parse(CHART)
    assert beatmap == Beatmap(
        keys=4,
        notes=[Note(1000, 0), Note(1200, 2), Note(1200, 3), Note(1500.25, 1, 2000.75)],
        timing_points=[TimingPoint(100.5, 500, 4), TimingPoint(4100, 250, 3)],
        audio_filename="song.mp3",
        title="Re:Zero: A",
        artist="Somebody",
        creator="me",
        version="[4K] Hard",
        beatmap_set_id=11,
        beatmap_id=7,
        background="bg.jpg",
        preview_ms=1234,
        overall_difficulty=8.0,
        hp_drain=7.5,
        metadata={"Odd key": "kept"},
    )


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_any_line_end_and_byte_order_mark(newline, encoding):
    data = CHART.replace("Somebody", "シア").replace("\n", newline).encode(encoding)
    beatmap = parse_osu(data, "x")
    assert beatmap.artist == "シア"
    assert beatmap.notes == parse(CHART).notes
    assert format_osu(beatmap) == data


def test_bytes_that_are_no_utf8_come_back():
    data = CHART.encode().replace(b"Somebody", b"Fran\xe7ois")
    beatmap = parse_osu(data, "x")
    assert beatmap.artist == "Fran\ufffdois"
    assert format_osu(beatmap) == data
    beatmap.title = "new"
    assert b"Artist: Fran\xe7ois\n" in format_osu(beatmap)


@pytest.mark.parametrize("version", [3, 5, 12, 14, 128])
def test_every_format_version(version):
    text = "\n" + CHART.replace("v14", f"v{version}")
    assert parse(text).notes == parse(CHART).notes
    assert format_osu(parse(text)) == text.encode()


@pytest.mark.parametrize(
    ("line", "note"),
    [
        ("0,192,5,1,0,0:0:0:0:", Note(5, 0)),
        ("127.9,192,5,1,0", Note(5, 0)),
        ("128,192,5,5,0", Note(5, 1)),
        ("512,192,5,1,0", Note(5, 3)),
        ("-30,192,-5.5,1,0", Note(-5.5, 0)),
        ("64,192,5,128,0,9:0:0:0:0:", Note(5, 0, 9)),
        ("64,192,5,132,0,9", Note(5, 0, 9)),
        ("64,192,5,128,0,5:0:0:0:0:", Note(5, 0)),  # a hold without a length is a plain note
        ("64,192,5,128,0,4:0:0:0:0:", Note(5, 0)),
        ("64,192,5,128,0", Note(5, 0)),
        ("256,192,5,12,0,30,0:0:0:0:", Note(5, 2, 30)),  # a spinner
        ("64,192,1000,2,0,B|1:2,2,140,0|0", Note(1000, 0, 2000)),  # two slides of one beat (500 ms) each
    ],
)
def test_hit_objects_by_their_type_bits(line, note):
    assert parse(with_objects(line)).notes == [note]


def test_a_slider_lasts_by_tempo_and_velocity():
    lines = "[TimingPoints]\n0,300,4,1,0,50,1,0\n900,-50,4,1,0,50,0,0\n"
    text = with_objects("64,192,0,2,0,L|9:9,1,140", "64,192,1000,2,0,L|9:9,1,140").replace("[Hit", lines + "[Hit")
    assert [note.end_ms for note in parse(text).notes] == [300, 1150]


@pytest.mark.parametrize("keys", range(1, 19))
def test_columns_of_every_key_count(keys):
    beatmap = Beatmap(keys, [Note(100 * column, column) for column in range(keys)], [])
    assert parse_osu(format_osu(beatmap), "x").notes == beatmap.notes
    for edge in (0.01, 512 / keys - 0.01):
        edges = parse(with_objects(*(f"{512 * c / keys + edge},0,{c},1,0" for c in range(keys)), keys=keys))
        assert [note.column for note in edges.notes] == list(range(keys))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not an .osu file"),
        ("PK\x03\x04", "not an .osu file"),
        (CHART.replace("Mode: 3", "Mode: 0"), "its Mode is 0 \\(osu!\\)"),
        (CHART.replace("Mode: 3", ""), "its Mode is 0"),
        (CHART.partition("[HitObjects]")[0], "no \\[HitObjects\\]"),
        (CHART.partition("64,192")[0], "no notes"),
        (CHART.replace("CircleSize:4", "CircleSize:0"), "CircleSize '0' is not a key count"),
        (CHART.replace("CircleSize:4", "CircleSize:19"), "CircleSize '19'"),
        (CHART.replace("CircleSize:4", "CircleSize:nan"), "CircleSize 'nan'"),
        (with_objects("64,192,12"), "line 7: '64,192,12' is not a hit object"),
        (with_objects("64,192,NaN,1,0"), "time 'NaN' is not within a day"),
        (with_objects("64,192,5,128,0,inf:0"), "time 'inf' is not within a day"),
        (with_objects("64,192,86400001,1,0"), "time '86400001' is not within a day"),
        (with_objects("64,192,1e999,1,0"), "not within a day"),
        (with_objects("nan,192,5,1,0"), "position 'nan'"),
        (with_objects("64,192,5,64,0"), "type 64 is unknown"),
        (with_objects("64,192,5,2,0,L|1:1"), "slider without a length"),
        (with_objects("64,192,5,2,0,L|1:1,9e300,9e300"), "more than a day"),
        (with_objects(*["64,192,5,1,0"] * (MAX_OBJECTS + 1)), "more than 200000 hit objects"),
    ],
)
def test_refuses_with_a_reason(text, reason):
    with pytest.raises(ChartError, match=rf"^test\.osu: .*{reason}"):
        parse(text)


def test_refuses_a_file_too_large_and_one_that_is_not_there(tmp_path):
    with pytest.raises(ChartError, match="larger than 16 MiB"):
        parse_osu(bytes(33 * 2**20), "x")
    with pytest.raises(ChartError, match=r"gone\.osu: cannot be read: No such file"):
        read_osu(tmp_path / "gone.osu")


def test_a_section_in_two_parts_is_one():
    text = with_objects("64,192,5,1,0", "[Mystery]", "x", "[HitObjects]", "448,192,9,1,0")
    beatmap = parse(text)
    assert beatmap.notes == [Note(5, 0), Note(9, 3)]
    assert format_osu(beatmap) == text.encode()


def test_a_line_that_osu_passes_over_is_passed_over_and_counted():
    text = with_objects(*(f"64,192,{time},1,0" for time in range(60)), "garbage line", "448,192,99,1,0")
    chart = parse(text)
    assert (len(chart.notes), chart.notes[-1]) == (61, Note(99, 3))
    assert chart.remarks == (
        "hit objects passed over, as osu! does: 1 "
        "(line 67: 'garbage line' is not a hit object (the file may be cut off))",
    )
    assert format_osu(chart).decode() == text
    del chart.notes[0]
    chart.keys = 5
    assert "\ngarbage line\n" in format_osu(chart).decode()


@pytest.mark.parametrize(("n_good", "n_bad", "is_read"), [(1, 1, True), (38, 2, True), (37, 3, False), (1, 2, False)])
def test_a_chart_of_too_many_bad_lines_is_refused(n_good, n_bad, is_read):
    text = with_objects(*["64,192,5,1,0"] * n_good, *["64,192,5,99"] * n_bad)
    if is_read:
        assert len(parse(text).notes) == n_good
    else:
        with pytest.raises(ChartError, match=rf"test.osu: .*: {n_bad} of {n_good + n_bad}, too many \(line "):
            parse(text)


@pytest.mark.parametrize("stray", ["\x7f", "\x00", "\ufeff\ufeff", "\u200b \x01", "\x1c\x7f\n"])
def test_control_characters_before_the_first_line_are_ignored(stray):
    text = stray + CHART
    assert parse(text).notes == parse(CHART).notes
    assert format_osu(parse(text)) == text.encode()


def test_other_characters_before_the_first_line_are_shown():
    with pytest.raises(ChartError, match=r"starts with 'x\\x07osu file format v14.*', not with 'osu file format v14'"):
        parse("x\x07" + CHART)


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: with_objects(text).encode()))
def test_arbitrary_bytes_parse_or_are_refused(data):
    try:
        beatmap = parse_osu(data, "x")
    except ChartError:
        return
    assert format_osu(beatmap) == data


@given(st.data())
def test_a_damaged_chart_parses_or_is_refused(data):
    raw = bytearray(CHART.encode())
    for _ in range(data.draw(st.integers(1, 5))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        beatmap = parse_osu(bytes(raw), "x")
    except ChartError:
        return
    assert format_osu(beatmap) == raw


def test_edited_headers_change_their_own_lines():
    beatmap = parse(CHART)
    beatmap.title, beatmap.artist, beatmap.hp_drain, beatmap.background = "New: one", "Other", 6.0, "new.png"
    assert changed_lines(beatmap, CHART) == (
        {"Title:Re:Zero: A", "Artist: Somebody", "HPDrainRate:7.5", '0,0,"bg.jpg",0,0'},
        {"Title:New: one", "Artist: Other", "HPDrainRate:6.0", '0,0,"new.png",0,0'},
    )


def test_metadata_is_added_changed_and_removed():
    beatmap = parse(CHART)
    beatmap.metadata = {"Odd key": "other", "AIMode": "yes"}
    assert changed_lines(beatmap, CHART) == ({"Odd key:kept"}, {"Odd key:other", "AIMode:yes"})
    beatmap.metadata, beatmap.background = {}, None
    assert changed_lines(beatmap, CHART) == ({"Odd key:kept", '0,0,"bg.jpg",0,0'}, set())


def test_an_edited_note_leaves_the_others_their_lines():
    beatmap = parse(CHART)
    beatmap.notes = [Note(1000, 0), Note(1200, 2), Note(1250.6, 3), Note(1500.25, 1, 2000.75)]
    text = format_osu(beatmap).decode()
    assert text == CHART.replace("448,192,1200,5,0,0:0:0:0:\n", "").replace(
        "192,192,1500.25", "448,192,1251,1,0,0:0:0:0:\n192,192,1500.25"
    )


def test_duplicate_notes_keep_as_many_lines():
    lines = ["64,192,5,1,0,0:0:0:0:", "64,192,5,1,8,0:0:0:0:", "64,192,5,1,4,0:0:0:0:"]
    beatmap = parse(with_objects(*lines))
    del beatmap.notes[2]
    assert format_osu(beatmap).decode() == with_objects(*lines[:2]) + "\n"


def test_new_notes_are_sorted_in_and_files_end_in_a_newline():
    beatmap = parse(with_objects("64,192,500,1,0", "64,192,100,1,0", "64,192,900,1,0"))
    beatmap.notes += [Note(950, 3), Note(50, 3), Note(300, 3), Note(600, 3, 700.2)]
    assert format_osu(beatmap).decode().partition("[HitObjects]\n")[2].splitlines() == [
        "448,192,50,1,0,0:0:0:0:",
        "448,192,300,1,0,0:0:0:0:",
        "64,192,500,1,0",
        "64,192,100,1,0",
        "448,192,600,128,0,700:0:0:0:0:",
        "64,192,900,1,0",
        "448,192,950,1,0,0:0:0:0:",
    ]


def test_another_key_count_moves_every_note():
    beatmap = parse(CHART)
    beatmap.keys = 7
    again = parse_osu(format_osu(beatmap), "x").notes
    assert again == [Note(1000, 0), Note(1200, 2), Note(1200, 3), Note(1500, 1, 2001)]
    assert b"CircleSize:7\n" in format_osu(beatmap)


def test_timing_points_are_edited_and_velocities_stay():
    beatmap = parse(CHART)
    beatmap.timing_points[1] = TimingPoint(4000, 333.3333333333)
    assert changed_lines(beatmap, CHART) == ({"4100,250,3,2,1,40,1,0"}, {"4000,333.3333333333,4,1,0,100,1,0"})


def test_a_section_that_was_not_there_is_added():
    beatmap = parse(with_objects("64,192,5,1,0"))
    beatmap.title, beatmap.timing_points = "T", [TimingPoint(0, 400)]
    again = parse_osu(format_osu(beatmap), "x")
    assert (again.title, again.timing_points, again.notes) == ("T", [TimingPoint(0, 400)], beatmap.notes)


def test_tempo_is_clamped_like_osu_and_bad_timing_is_kept():
    lines = "[TimingPoints]\n0,1e-9,4,1,0,50,1,0\n5,nan,4\n6,oops\n7,1e9\n8,400,0,1,0,50,1,0\n"
    lines += f"9,400,{2**31},1,0,50,1,0\n"  # osu! cannot read the meter
    text = with_objects("64,192,5,1,0").replace("[Hit", lines + "[Hit")
    assert parse(text).timing_points == [TimingPoint(0, 6), TimingPoint(7, 60_000), TimingPoint(8, 400)]
    assert format_osu(parse(text)) == text.encode()


def test_a_chart_from_nothing_is_complete(tmp_path):
    beatmap = Beatmap(
        keys=7,
        notes=[Note(1000.5, 0), Note(2000, 6, 2000.3), Note(1500, 3, 1800)],
        timing_points=[],
        title="A\n[HitObjects]",
        artist="B",
        version="7K",
        background="bg.png",
        metadata={"AIMode": "MuG"},
    )
    write_osu(beatmap, tmp_path / "new" / "a.osu")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.osu"]
    data = (tmp_path / "new" / "a.osu").read_bytes()
    text = data.decode()
    assert text.startswith("osu file format v14\n")
    for section in ("General", "Editor", "Metadata", "Difficulty", "Events", "TimingPoints", "HitObjects"):
        assert f"\n[{section}]\n" in text
    assert text.endswith(
        "[HitObjects]\n37,192,1000,1,0,0:0:0:0:\n256,192,1500,128,0,1800:0:0:0:0:\n475,192,2000,128,0,2001:0:0:0:0:\n"
    )
    again = read_osu(tmp_path / "new" / "a.osu")
    assert (again.title, again.artist, again.background, again.keys) == ("A [HitObjects]", "B", "bg.png", 7)
    assert again.timing_points == [TimingPoint(1000.5, 500)]
    assert again.metadata["AIMode"] == "MuG"
    judged = rosu_pp_py.Beatmap(bytes=data)
    assert (judged.mode, judged.n_objects, judged.cs) == (rosu_pp_py.GameMode.Mania, 3, 7.0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"keys": 19}, "19 keys"),
        ({"notes": [Note(0, 4)]}, "column 4 of a 4-key chart"),
        ({"notes": [Note(float("nan"), 0)]}, "a note at nan ms"),
        ({"notes": [Note(0, 0, float("inf"))]}, "a note at 0"),
        ({"timing_points": [TimingPoint(0, 0)]}, "beats of 0 ms"),
        ({"timing_points": [TimingPoint(float("nan"), 500)]}, "timing point at nan ms"),
        ({"timing_points": [TimingPoint(0, 500, 0)]}, "bars of 0 beats"),
        ({"metadata": {"a:b": ""}}, "'a:b' cannot be the name"),
        ({"metadata": {"Title": "twice"}}, "'Title' belongs to the chart"),
    ],
)
def test_refuses_to_write_what_no_chart_has(change, reason):
    beatmap = Beatmap(keys=4, notes=[Note(0, 0)], timing_points=[])
    for name, value in change.items():
        setattr(beatmap, name, value)
    with pytest.raises(ChartError, match=reason):
        format_osu(beatmap)


TIMES = st.integers(-1000, 100_000)


@st.composite
def notes_of(draw, keys=4):
    start = draw(TIMES)
    return Note(start, draw(st.integers(0, keys - 1)), draw(st.none() | st.integers(start + 1, start + 9999)))


POINTS = st.builds(TimingPoint, st.floats(-1e6, 8e7), st.floats(6, 60_000), st.integers(1, 64))


@given(
    st.lists(notes_of(), min_size=1, max_size=20),
    st.lists(POINTS, min_size=1, max_size=5),
    st.text(max_size=20),
    st.text(max_size=20),
)
def test_a_written_chart_reads_the_same(notes, points, title, audio):
    points.sort(key=lambda point: point.time_ms)
    beatmap = Beatmap(4, notes, points, title=title, audio_filename=audio)
    again = parse_osu(format_osu(beatmap), "x")
    assert again.notes == sorted(notes, key=lambda note: (note.start_ms, note.column))
    assert again.timing_points == beatmap.timing_points
    assert again.title.split() == title.replace("\r", " ").replace("\n", " ").split()
    assert format_osu(again) == format_osu(beatmap)


@given(st.lists(notes_of(), min_size=1, max_size=20), st.lists(notes_of(), min_size=1, max_size=20))
def test_an_edited_chart_reads_as_edited(before, after):
    beatmap = parse_osu(format_osu(Beatmap(4, before, [])), "x")
    beatmap.notes = after
    assert sorted(parse_osu(format_osu(beatmap), "x").notes, key=repr) == sorted(
        (Note(float(n.start_ms), n.column, None if n.end_ms is None else float(n.end_ms)) for n in after), key=repr
    )


REFUSED = {
    "Pulsefield__beatmap-lens/tolerant-malformed.osu": "starts with 'osu file format vx'",
    "SK-la__LAsOsuBeatmapParser/Wisp_X_-_Hibiscus_SK_la.osu": "has no notes",
    "semyon422__osumania-aspire-mopemope/LeaF_-_Mopemope_semyon422_prebarlines.osu": "has no notes",
}
# The record counts holds only; osu!mania also plays these sliders and spinners as long notes.
MORE_LONG_NOTES = {"ppy__osu/4869637.osu": 634, "ppy__osu/mania-specific-spinner.osu": 4}


@pytest.mark.slow
def test_real_charts_come_back_byte_for_byte(shared: Path):
    folder = shared / "data" / "charts"
    with open(folder / "SOURCES.tsv", encoding="utf-8") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    refused = {}
    for row in rows:
        data = (folder / row["path"]).read_bytes()
        try:
            beatmap = parse_osu(data, row["path"])
        except ChartError as error:
            refused[row["path"]] = str(error)
            continue
        assert format_osu(beatmap) == data, row["path"]
        assert len(beatmap.notes) == int(row["n_objects"]), row["path"]
        assert beatmap.n_long_notes == MORE_LONG_NOTES.get(row["path"], int(row["n_long_notes"])), row["path"]
        assert beatmap.keys == float(row["keys"] or 5), row["path"]
    assert len(rows) == 308
    assert refused.keys() == REFUSED.keys()
    for path, reason in REFUSED.items():
        assert reason in refused[path]
