"""Repairs leave the rhythm and every other line of the file as they are."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import format_osu, parse_osu
from mug.lint.finding import Checked
from mug.lint.fixes import fixed
from mug.lint.rules import lint
from tests.charts.foreign_charts import OSU

POINTS = [TimingPoint(0.0, 400.0)]


def repair(*notes: Note, stars: float = 6.0, keys: int = 4) -> tuple[list[Note], tuple[str, ...]]:
    chart, lines = fixed(Checked(Beatmap(keys, list(notes), POINTS), stars))
    return chart.notes, lines


def test_nothing_to_repair():
    notes = [Note(0, 0), Note(400, 1, 800), Note(1013, 2)]  # the last one is meant
    assert repair(*notes) == (notes, ())


@pytest.mark.parametrize(
    ("notes", "expected", "line"),
    [
        ([Note(405, 0), Note(793, 1, 1206)], [Note(400, 0), Note(800, 1, 1200)], "notes snapped: 2 (at 405 ms)"),
        (
            [Note(400, 0), Note(400, 0, 800)],
            [Note(400, 0, 800)],
            "notes removed from under another one: 1 (at 400 ms)",
        ),
        (
            [Note(400, 0, 1200), Note(800, 0)],
            [Note(400, 0, 780), Note(800, 0)],
            "long notes that end earlier, before the next note: 1 (at 800 ms)",
        ),
        ([Note(400, 0, 420)], [Note(400, 0)], "too short long notes that are single notes now: 1 (at 400 ms)"),
    ],
)
def test_a_repair_of_each_kind(notes, expected, line):
    assert repair(*notes) == (expected, (line,))


def test_minijacks_of_easy_charts_move():
    minijack = [Note(0, 0), Note(66, 0)]
    assert repair(*minijack) == (minijack, ())
    assert repair(*minijack, stars=1.0) == ([Note(0, 0), Note(66, 1)], ("minijacks moved to another column: 1",))


def test_a_minijack_without_a_free_column_stays_for_the_rhythm():
    notes = [Note(0, 0), Note(0, 1), Note(67, 0)]
    assert repair(*notes, stars=1.0, keys=2) == (notes, ())


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3), st.sampled_from([None, 20, 100, 450, 900])), max_size=30),
    st.sampled_from([1.0, 2.5, 3.5, 6.0]),
)
def test_repaired_charts_have_the_same_moments_and_no_collisions(places, stars):
    notes = [Note(100.0 * at, column, None if hold is None else 100.0 * at + hold) for at, column, hold in places]
    again, _ = repair(*notes, stars=stars)
    assert {note.start_ms for note in again} == {note.start_ms for note in notes}
    checked = Checked(Beatmap(4, again, POINTS), stars)
    assert lint(checked, {"stacked-notes", "note-in-hold", "short-hold"}) == []
    assert len(again) <= len(notes)
    assert fixed(checked)[0].notes == again  # a second time changes nothing


def test_only_repaired_lines_of_the_file_change():
    text = OSU.replace(
        "192,192,250,128,0,500:0:0:0:0:", "192,192,250,128,8,500:0:0:7:a.wav\r\n192,192,250,1,0,0:0:0:0:"
    )
    chart = parse_osu(text.encode(), "a.osu")
    repaired, lines = fixed(Checked(chart, 6.0))
    assert lines == ("notes removed from under another one: 1 (at 250 ms)",)
    before, after = text.encode().splitlines(), format_osu(repaired).splitlines()
    assert list((Counter(before) - Counter(after)).elements()) == [b"192,192,250,1,0,0:0:0:0:"]
    assert Counter(after) - Counter(before) == Counter()
