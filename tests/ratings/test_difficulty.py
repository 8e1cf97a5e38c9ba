"""Star ratings against recorded ones, and the features computed from a chart."""

import csv

import numpy as np
import pytest

from mug.charts.beatmap import Beatmap, Note
from mug.charts.osu import format_osu
from mug.errors import ChartError
from mug.features import FeatureSpec
from mug.ratings import difficulty
from mug.ratings.difficulty import (
    RATE_FEATURES,
    SKILLSETS,
    chart_features,
    features_at,
    ln_ratio,
    skillset_features,
    star_rating,
    star_rating_or_none,
    star_ratings,
)


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


@pytest.mark.parametrize(
    ("n_plain", "n_long", "ratio", "kinds"),
    [
        (20, 0, 0.0, (1, 0, 0)),
        (19, 1, 0.05, (1, 0, 0)),
        (18, 2, 0.1, (0, 1, 0)),
        (12, 8, 0.4, (0, 1, 1)),
        (6, 14, 0.7, (0, 1, 1)),
        (5, 15, 0.75, (0, 0, 1)),
    ],
)
def test_kinds_of_charts_by_their_long_notes(n_plain, n_long, ratio, kinds):
    beatmap = chart(n_plain, n_long)
    features = chart_features(beatmap, format_osu(beatmap))
    assert features["ln_ratio"] == ln_ratio(beatmap) == ratio
    assert (features["rc"], features["hb"], features["ln"]) == kinds


def test_features_are_a_prompt():
    spec = FeatureSpec.from_yaml("configs/mug/mania_beatmap_features.yaml")
    beatmap = chart(200, 100)
    features = chart_features(beatmap, format_osu(beatmap), rank_status="ranked", rate=1.2)
    assert list(features) == spec.names
    assert features["sr"] == star_rating(beatmap, rate=1.2)
    assert features["rank_status"] == "ranked"
    assert None not in features.values()
    spec.encode(features)


def test_ln_ratio_of_an_empty_chart():
    assert ln_ratio(Beatmap(4, [], [])) == 0.0


def test_star_ratings_at_several_rates_are_those_of_each():
    beatmap = chart(200, 20)
    assert star_ratings(beatmap, [0.75, 1.0, 1.5]) == [star_rating(beatmap, rate) for rate in (0.75, 1.0, 1.5)]
    assert star_ratings(beatmap, []) == []
    with pytest.raises(ValueError, match="rate -1"):
        star_ratings(beatmap, [1.0, -1.0])


def test_features_of_each_rate():
    beatmap = chart(400, 100)
    data = format_osu(beatmap)
    at_rates = features_at(beatmap, data, [0.8, 1.0, 1.5])
    assert [tuple(features) for features in at_rates] == [RATE_FEATURES] * 3
    assert [features["sr"] for features in at_rates] == star_ratings(data, [0.8, 1.0, 1.5])
    assert at_rates[0]["ett"] < at_rates[1]["ett"] < at_rates[2]["ett"]
    whole = chart_features(beatmap, data, rate=1.5)
    assert {name: whole[name] for name in RATE_FEATURES} == pytest.approx(at_rates[2], abs=0.002)


def test_names_of_the_features_that_a_rate_changes():
    names = FeatureSpec.from_yaml("configs/mug/mania_beatmap_features.yaml").names
    assert list(RATE_FEATURES) == [name for name in names if name not in ("rank_status", "ln_ratio", "rc", "hb", "ln")]


def test_skillsets_within_one_of_the_best_stand_out(monkeypatch):
    """The ratings are in the order of MSD_NAMES: overall, stream, jumpstream, handstream, stamina, jackspeed..."""
    rating = np.array([[25.0, 20.0, 19.0, 18.9, 20.0, 5.0, 0.5, 19.5]], dtype=np.float32)
    monkeypatch.setattr(difficulty, "rate_msd", lambda *_: rating)
    (features,) = skillset_features(chart(10, 0), [1.0])
    assert features["ett"] == 25.0
    assert {name: features[name] for name in SKILLSETS} == {
        "stamina": 1, "stream": 1, "jumpstream": 1, "handstream": 0, "jackspeed": 0, "chordjack": 0, "technical": 1,
    }  # fmt: skip
    assert features["chordjack_ett"] == 0.5
    assert all(type(features[name]) is int for name in SKILLSETS)
    assert all(type(features[f"{name}_ett"]) is float for name in SKILLSETS)


@pytest.mark.parametrize(
    "beatmap",
    [
        Beatmap(7, [Note(100.0 * i, i % 7) for i in range(300)], []),
        Beatmap(4, [Note(100.0, 0), Note(100.0, 2)], []),
        Beatmap(4, [Note(100.0, 0), Note(800_000.0, 2)], []),
        Beatmap(4, [], []),
    ],
    ids=["7K", "one row", "too long", "empty"],
)
def test_charts_that_the_calculator_does_not_rate_are_not_given(beatmap):
    (features,) = skillset_features(beatmap, [1.0])
    assert set(features) == set(RATE_FEATURES) - {"sr"}
    assert set(features.values()) == {None}


def test_features_at_refuses_what_osu_does():
    with pytest.raises(ChartError, match="cannot rate"):
        features_at(chart(5, 0), b"junk", [1.0])
