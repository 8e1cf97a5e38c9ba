"""Which skillsets stand out, and charts that have none."""

import numpy as np
import pytest

from mug.charts.beatmap import Beatmap, Note
from mug.ratings import skillsets
from mug.ratings.skillsets import SKILLSET_FEATURES, SKILLSETS, skillset_features


def chart(n_plain: int, n_long: int) -> Beatmap:
    notes = [Note(150 * i, i % 4) for i in range(n_plain)]
    long = [Note(150 * i, i % 4, 150 * i + 100) for i in range(n_plain, n_plain + n_long)]
    return Beatmap(4, notes + long, [])


def test_skillsets_within_one_of_the_best_stand_out(monkeypatch):
    """The ratings are in the order of MSD_NAMES: overall, stream, jumpstream, handstream, stamina, jackspeed..."""
    rating = np.array([[25.0, 20.0, 19.0, 18.9, 20.0, 5.0, 0.5, 19.5]], dtype=np.float32)
    monkeypatch.setattr(skillsets, "rate_msd", lambda *_: rating)
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
    assert set(features) == set(SKILLSET_FEATURES)
    assert set(features.values()) == {None}
