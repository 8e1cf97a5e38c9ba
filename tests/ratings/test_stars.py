"""Star ratings of charts, beside recorded ones."""

import csv

import pytest

from mug.charts.beatmap import Beatmap, Note
from mug.charts.osu import format_osu
from mug.errors import ChartError
from mug.ratings.stars import star_rating, star_rating_or_none, star_ratings


def chart(n_plain: int, n_long: int) -> Beatmap:
    notes = [Note(150 * i, i % 4) for i in range(n_plain)]
    long = [Note(150 * i, i % 4, 150 * i + 100) for i in range(n_plain, n_plain + n_long)]
    return Beatmap(4, notes + long, [])


def test_star_rating_of_a_chart_its_bytes_and_its_rate():
    beatmap = chart(200, 0)
    stars = star_rating(beatmap)
    assert stars == star_rating(format_osu(beatmap))
    assert star_rating(beatmap, rate=1.5) > stars > star_rating(beatmap, rate=0.75) > 0.5
    faster = Beatmap(4, [Note(note.start_ms / 1.5, note.column) for note in beatmap.notes], [])
    assert star_rating(faster) == pytest.approx(star_rating(beatmap, rate=1.5), abs=0.02)


@pytest.mark.parametrize("data", [b"", b"junk", format_osu(chart(5, 0)).replace(b"Mode: 3", b"Mode: 0")])
def test_refuses_to_rate_what_is_no_chart(data):
    with pytest.raises(ChartError, match="cannot rate the chart"):
        star_rating(data)


def test_a_chart_that_nobody_plays_has_no_rating():
    assert star_rating_or_none(chart(20, 0)) == star_rating(chart(20, 0))
    assert star_rating_or_none(Beatmap(4, [Note(i // 2, i % 4) for i in range(20_000)], [])) is None


def test_refuses_a_rate_that_is_none():
    with pytest.raises(ValueError, match="rate 0"):
        star_rating(chart(5, 0), rate=0)


def test_recorded_star_ratings(shared):
    with open(shared / "data" / "msd" / "sr_real.csv", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    assert len(rows) == 338
    for row in rows:
        assert star_rating((shared / "data" / row["path"]).read_bytes()) == pytest.approx(float(row["sr"]), abs=6e-5)


def test_star_ratings_at_several_rates_are_those_of_each():
    beatmap = chart(200, 20)
    assert star_ratings(beatmap, [0.75, 1.0, 1.5]) == [star_rating(beatmap, rate) for rate in (0.75, 1.0, 1.5)]
    assert star_ratings(beatmap, []) == []
    with pytest.raises(ValueError, match="rate -1"):
        star_ratings(beatmap, [1.0, -1.0])
