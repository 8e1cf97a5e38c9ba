"""The features that are computed from a chart."""

import pytest

from mug.charts.beatmap import Beatmap, Note
from mug.charts.osu import format_osu
from mug.errors import ChartError
from mug.features import FeatureSpec
from mug.ratings.chart_features import RATE_FEATURES, chart_features, features_at
from mug.ratings.long_notes import ln_ratio
from mug.ratings.stars import star_rating, star_ratings


def chart(n_plain: int, n_long: int) -> Beatmap:
    notes = [Note(150 * i, i % 4) for i in range(n_plain)]
    long = [Note(150 * i, i % 4, 150 * i + 100) for i in range(n_plain, n_plain + n_long)]
    return Beatmap(4, notes + long, [])


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


def test_features_at_refuses_what_osu_does():
    with pytest.raises(ChartError, match="cannot rate"):
        features_at(chart(5, 0), b"junk", [1.0])
