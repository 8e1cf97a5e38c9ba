"""The prompt <-> embedding ids: the recorded ids, the blocks, and what is no prompt."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mug.config import PROJECT_ROOT
from mug.errors import ConfigError, PromptError
from mug.features import Feature, FeatureSpec

SPEC = FeatureSpec.from_yaml(PROJECT_ROOT / "configs/mug/mania_beatmap_features.yaml")
SMALL = FeatureSpec(
    [
        Feature("size", "numeric", 1.0, 3.0, 0.5),  # rows 0..4
        Feature("kind", "category", values=("a", "b", "c")),  # rows 5..8
        Feature("odd", "bool", values=(False, True)),  # rows 9..11
    ]
)


def test_blocks_by_hand():
    assert SMALL.names == ["size", "kind", "odd"]
    assert SMALL.blocks == {"size": (0, 5), "kind": (5, 4), "odd": (9, 3)}
    assert SMALL.n_rows == 12
    assert SMALL.unconditional.tolist() == [0, 5, 9]
    assert SMALL.unconditional.dtype == np.int64


@pytest.mark.parametrize(
    ("prompt", "ids"),
    [
        ({"size": 1}, [1, 5, 9]),
        ({"size": 1.49}, [1, 5, 9]),
        ({"size": 1.5}, [2, 5, 9]),
        ({"size": 3}, [4, 5, 9]),  # the last bin of its own block
        ({"size": -9}, [1, 5, 9]),
        ({"size": float("inf")}, [4, 5, 9]),
        ({"size": np.float32(2.0)}, [3, 5, 9]),
        ({"kind": "c", "size": None}, [0, 8, 9]),
        ({"odd": False}, [0, 5, 10]),
        ({"odd": 1, "kind": "a"}, [0, 6, 11]),
    ],
)
def test_ids_by_hand(prompt, ids):
    assert SMALL.encode(prompt).tolist() == ids


def test_the_networks_read_numbers_in_their_range():
    prompt = {"kind": "b", "odd": True, "size": float("inf")}
    assert SMALL.inside(prompt) == {"size": 3.0, "kind": "b", "odd": True}
    assert SMALL.inside({"size": -2}) == {"size": 1.0}
    assert SMALL.inside({"size": np.float32(2.25), "kind": None}) == {"size": 2.25}


@pytest.mark.parametrize(
    ("prompt", "reason"),
    [
        ({"colour": 1}, "unknown feature 'colour'; known are size, kind, odd"),
        ({"knd": 1}, r"unknown feature 'knd' \(did you mean kind\?\); known are size, kind, odd"),
        ({"kind": "d"}, "kind is 'd'; known are a, b, c"),
        ({"odd": 2}, "odd is 2; known are true, false"),
        ({"odd": "yes"}, "odd is 'yes'; known are true, false"),
        ({"size": "2"}, "size is '2'; give a number from 1 to 3"),
        ({"size": True}, "size is True; give a number"),
        ({"size": float("nan")}, "size is nan; give a number"),
    ],
)
def test_refuses_what_is_no_prompt(prompt, reason):
    with pytest.raises(PromptError, match=reason):
        SMALL.encode(prompt)


@pytest.mark.parametrize("value", [0.99, -3, 3.01, 50, float("inf")])
def test_people_are_told_the_range_of_a_number(value):
    with pytest.raises(PromptError, match=f"^size is {value}; give a number from 1 to 3$"):
        SMALL.check({"kind": "a", "size": value})


def test_a_prompt_in_range_is_taken():
    SMALL.check({"size": 1, "odd": True})
    SMALL.check({"size": np.float32(3), "kind": None})
    with pytest.raises(PromptError, match="unknown feature 'colour'"):
        SMALL.check({"colour": 1})


def test_decodes_to_bin_centres_and_omits_missing_features():
    assert SMALL.decode([2, 5, 11]) == {"size": 1.75, "odd": True}
    assert SMALL.decode(SMALL.unconditional) == {}
    with pytest.raises(PromptError, match="id 9 is not in the rows of kind, 5 to 8"):
        SMALL.decode([0, 9, 9])
    with pytest.raises(PromptError, match="2 ids for 3 features"):
        SMALL.decode([0, 5])


def test_where_an_item_begins_is_no_feature_of_its_chart():
    start = Feature("start_time", "numeric", 0, 600, 10)
    spec = FeatureSpec([SPEC.features[0], start, SPEC.features[1]])  # rows: sr 0, start_time 36, rank_status 97 on
    assert spec.of_charts.names == ["sr", "rank_status"]
    asked = spec.encode({"sr": 3, "rank_status": "loved"})
    assert asked.tolist() == [11, 36, 99]
    assert spec.starting_at(asked, 0.0).tolist() == [11, 37, 99]
    assert spec.starting_at(asked, 19_999.0).tolist() == [11, 38, 99]
    assert spec.starting_at(asked, 3_600_000.0).tolist() == [11, 96, 99]  # an hour into a song is the last bin
    assert asked.tolist() == [11, 36, 99]
    assert SPEC.starting_at(SPEC.unconditional, 5000.0).tolist() == SPEC.unconditional.tolist()


@given(st.tuples(*(st.integers(first, first + size - 1) for first, size in SPEC.blocks.values())))
def test_every_id_has_a_prompt(ids):
    assert SPEC.encode(SPEC.decode(ids)).tolist() == list(ids)


def test_the_seed_vector():
    ids = [24, 39, 41, 53, 55, 58, 81, 110, 124, 142, 157, 179, 192, 212, 225, 237, 259, 275, 293, 314, 327]
    prompt = SPEC.decode(ids)
    assert prompt["sr"] == pytest.approx(5.7)
    assert prompt["rank_status"] == "graveyard"
    assert (prompt["rc"], prompt["hb"], prompt["ett"], prompt["technical"]) == (True, False, 25.5, False)
    assert (
        SPEC.encode(prompt | {"sr": 5.6}).tolist() != ids
    )  # the bin begins above: (5.6 - 1) / 0.2 is 22.99... in floats
    assert SPEC.encode(prompt).tolist() == ids


def test_recorded_ids(parity):
    record = json.loads((parity / "features.json").read_text())
    assert SPEC.n_rows == record["count"] == 329
    assert SPEC.blocks == {name: tuple(block) for name, block in record["offset_and_size"].items()}
    refused = []
    for case in record["cases"]:
        try:
            ids = SPEC.encode(case["in"]).tolist()
        except PromptError:
            refused.append(case["in"])
            continue
        # A number at or above its maximum is in the block's last row; the record has it one later, in the next block.
        for at, feature in enumerate(SPEC.features):
            if feature.type == "numeric" and case["in"].get(feature.name, 0) >= feature.max:
                assert case["ids"][at] == ids[at] + 1 == sum(SPEC.blocks[feature.name])
                ids[at] += 1
        assert ids == case["ids"], case["in"]
    assert refused == [{"rank_status": "qualified"}, {"rc": 2}, {"unknown": 3, "sr": None}]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not a readable list"),
        ("a: 1", "expected a list"),
        ("- 5", "5 is not a feature"),
        ("- {name: a}", "is not a feature"),
        ("- {name: a, type: bool, colour: red}", "is not a feature"),
        ("- {name: a, type: text}", "type 'text' is not one of numeric, category, bool"),
        ("- {name: a, type: numeric, min: 3, max: 1, interval: 1}", "needs min < max"),
        ("- {name: a, type: numeric, min: x, max: 1, interval: 1}", "min, max and interval are numbers"),
        ("- {name: a, type: category}", "a category needs values"),
        ("- {name: a, type: category, values: ab}", "values is a list"),
        ("- {name: a, type: bool}\n- {name: a, type: bool}", "unique names"),
        ("[]", "at least one"),
    ],
)
def test_refuses_a_wrong_list_of_features(tmp_path, text, reason):
    (tmp_path / "f.yaml").write_text(text)
    with pytest.raises(ConfigError, match=rf"f\.yaml: .*{reason}"):
        FeatureSpec.from_yaml(tmp_path / "f.yaml")


@pytest.mark.parametrize("text", ["- {name: a, type: bool}\n" * 1000, f"- {'x' * 5000}", f"- [{'a, ' * 1000}]"])
def test_a_complaint_is_short_however_long_the_list(tmp_path, text):
    (tmp_path / "f.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        FeatureSpec.from_yaml(tmp_path / "f.yaml")
    assert len(str(caught.value)) < 500 + len(str(tmp_path))


def test_a_number_that_python_does_not_read(tmp_path):
    (tmp_path / "f.yaml").write_text("- {name: a, type: numeric, min: 0, max: " + "9" * 5000 + ", interval: 1}")
    with pytest.raises(ConfigError, match=r"f\.yaml: not a readable list"):
        FeatureSpec.from_yaml(tmp_path / "f.yaml")


def test_a_list_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match="not a readable list"):
        FeatureSpec.from_yaml(tmp_path / "none.yaml")
