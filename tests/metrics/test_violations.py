import pytest

from mug.charts.beatmap import Note
from mug.lint.criteria import largest_chord, level_of
from mug.metrics.violations import KINDS, violations
from tests.metrics.hand_charts import chart_of, rows

ALL_COLUMNS = [Note(90_000 + 1000 * column, column) for column in range(4)]  # so that none is empty


def found(*notes: Note, stars: float | None = 6.0) -> dict[str, int]:
    return dict(violations(chart_of(*notes, *ALL_COLUMNS), stars))


def test_levels():
    stars = (0.0, 1.99, 2.0, 2.7, 4.0, 5.3, None)
    assert [level_of(s) for s in stars] == ["Easy", "Easy", "Normal", "Hard", "Insane", "Expert", "Expert"]


def test_a_clean_chart_has_none():
    assert found(Note(0, 0), Note(400, 1), Note(800, 2, 1300), Note(1400, 2), stars=1.0) == {}
    assert set(violations(rows("x..."), 1.0)) <= set(KINDS)


def test_one_note_a_column_and_time():
    assert found(Note(0, 0), Note(0, 0), Note(0, 1), Note(500, 0), Note(501, 0)) == {"two notes in one place": 2}


def test_notes_inside_long_notes():
    assert found(Note(0, 0, 500), Note(100, 0), Note(480, 0), Note(480, 1), Note(500, 0)) == {"inside a long note": 2}


@pytest.mark.parametrize(
    ("stars", "too_short_ms", "enough_ms"),
    [(1.0, 331, 332), (2.5, 164, 165), (3.0, 81, 82), (4.5, 25, 26), (6.0, 25, 26)],
)
def test_long_notes_have_to_last(stars, too_short_ms, enough_ms):
    # 333.3, 166.7, 83.3 and 27.8 ms are 1, 1/2, 1/4 and 1/12 beat at 180 BPM; 2 ms are forgiven
    assert found(Note(0, 0, too_short_ms), stars=stars) == {"too short a long note": 1}
    assert found(Note(0, 0, enough_ms), stars=stars) == {}


def test_chords_of_easy_charts():
    assert [largest_chord(4, level) for level in ("Easy", "Normal", "Hard")] == [2, 2, 4]
    assert [largest_chord(7, level) for level in ("Easy", "Normal", "Hard")] == [2, 3, 7]
    chord = [Note(0, column) for column in range(3)]
    assert found(*chord, stars=2.5) == {"too large a chord": 1}
    assert found(*chord, stars=3.0) == {}


def test_minijacks_of_easy_charts():
    # a quarter of a beat at 180 BPM is 83.3 ms
    assert found(Note(0, 0), Note(85, 0), Note(171, 0), stars=2.5) == {"minijack": 1}
    assert found(Note(0, 0), Note(85, 0), stars=3.0) == {}
    assert found(Note(0, 0), Note(85, 1), stars=2.5) == {}


def test_six_keys_at_once_counted_by_hand():
    held = [Note(0, column, 1000) for column in range(5)]
    chart = chart_of(*held, Note(500, 5), Note(600, 5), Note(600, 6), Note(1000, 5), Note(1000, 6), keys=7)
    assert dict(violations(chart, 4.5)) == {"more than six keys": 1}  # at 600: 5 held and 2 pressed
    assert dict(violations(chart, 6.0)) == {}


def test_empty_columns():
    assert dict(violations(rows("x..."), 6.0)) == {"empty column": 3}
