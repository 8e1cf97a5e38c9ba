"""Splits: by song set, from a hash, disjoint, and the same on every machine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mug.charts.osu import set_id_of
from mug.data.split import SplitSpec, division_advice, set_keys
from mug.errors import ConfigError

FOLDERS = st.sampled_from(["a", "b", "c", "d", "5"])
CHARTS = st.lists(st.tuples(FOLDERS, st.integers(0, 5)), max_size=12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"[Metadata]\r\nBeatmapSetID:123\r\n", 123),
        (b"BeatmapSetID: 7 \n", 7),
        (b"  BeatmapSetID : 7", 7),
        (b"BeatmapSetID:-1\n", 0),
        (b"BeatmapSetID:\n42\n", 0),
        (b"Tags:BeatmapSetID:9\n", 0),
        (b"BeatmapSetID:12abc\n", 0),
        (b"BeatmapSetID:" + b"9" * 5000, 0),
        (b"", 0),
    ],
)
def test_the_set_id_is_read_from_its_line(text, expected):
    assert set_id_of(text) == expected


def test_a_set_is_its_lowest_id_or_its_folder():
    assert set_keys([("song", 0), ("other", 12)]) == ["song", "12"]
    assert set_keys([("song", 0), ("song", 12), ("song", 3)]) == ["3", "3", "3"]  # one not uploaded difficulty
    assert set_keys([("copy", 8), ("song", 8)]) == ["8", "8"]
    assert set_keys([("a", 9), ("b", 4), ("b", 9), ("c", 0)]) == ["4", "4", "4", "c"]  # b connects 9 and 4
    assert set_keys([]) == []


@given(CHARTS)
def test_charts_that_share_a_folder_or_an_id_share_a_key(charts):
    keys = set_keys(charts)
    for (folder, set_id), key in zip(charts, keys, strict=True):
        for (other_folder, other_id), other_key in zip(charts, keys, strict=True):
            if folder == other_folder or (set_id > 0 and set_id == other_id):
                assert key == other_key


@given(st.data(), CHARTS)
def test_keys_do_not_depend_on_the_order(data, charts):
    order = data.draw(st.permutations(range(len(charts))))
    keys = set_keys(charts)
    assert set_keys([charts[i] for i in order]) == [keys[i] for i in order]


@given(CHARTS, st.text(max_size=3))
def test_no_set_is_in_two_splits(charts, salt):
    splits = [SplitSpec(0.3, 0.3, salt).split_of(key) for key in set_keys(charts)]
    for attribute in (0, 1):
        seen = {}
        for chart, split in zip(charts, splits, strict=True):
            if chart[attribute]:
                assert seen.setdefault(chart[attribute], split) == split


def test_splits_are_the_same_on_every_machine():
    keys = ["1", "42", "1346000000", "song folder", "曲"]
    assert [SplitSpec(0.3, 0.3).split_of(key) for key in keys] == ["valid", "train", "valid", "test", "train"]
    assert [SplitSpec(0.3, 0.3, "again").split_of(key) for key in keys] == ["train", "valid", "train", "test", "train"]


def test_the_position_is_blake2b_of_salt_and_key():
    # printf '/song folder' | b2sum -l 64 begins with 77ab: just below it the set is out, just above it is in
    position = int("77ab", 16) / 2**16
    assert SplitSpec(position - 1e-4, 0.0).split_of("song folder") == "train"
    assert SplitSpec(position + 1e-4, 0.0).split_of("song folder") == "valid"


@given(st.text())
def test_fractions_of_nothing_and_all(key):
    assert SplitSpec(0.0, 0.0).split_of(key) == "train"
    assert SplitSpec(1.0, 0.0).split_of(key) == "valid"
    assert SplitSpec(0.0, 1.0).split_of(key) == "test"


def test_fractions_are_met():
    splits = [SplitSpec(0.2, 0.1).split_of(str(i)) for i in range(5000)]
    assert splits.count("valid") / 5000 == pytest.approx(0.2, abs=0.02)
    assert splits.count("test") / 5000 == pytest.approx(0.1, abs=0.02)


def test_a_larger_validation_fraction_only_adds_sets_to_it():
    before = [SplitSpec(0.1, 0.0).split_of(str(i)) for i in range(200)]
    after = [SplitSpec(0.3, 0.0).split_of(str(i)) for i in range(200)]
    assert all(new == "valid" for old, new in zip(before, after, strict=True) if old == "valid")


@pytest.mark.parametrize("fractions", [(-0.1, 0.2), (0.2, -0.1), (0.7, 0.4), (float("nan"), 0.1)])
def test_impossible_fractions_are_named(fractions):
    with pytest.raises(ConfigError, match=f"{fractions[0]} and {fractions[1]}"):
        SplitSpec(*fractions)


def test_a_configuration_says_the_split_by_its_own_keys():
    assert SplitSpec.from_params({"keys": 4, "valid_fraction": 0.25, "split_salt": 7}) == SplitSpec(0.25, 0.05, "7")


def test_fractions_for_few_sets_leave_no_split_empty():
    keys = ["1", "song folder", "曲", "42"]  # at 0.046, 0.467, 0.657 and 0.895
    spec = SplitSpec(0.03, 0.01)
    assert [spec.split_of(key) for key in keys] == ["train"] * 4
    assert spec.with_no_split_empty(keys, test=True) == SplitSpec(0.3, 0.3)
    assert SplitSpec(0.03, 0.0).with_no_split_empty(keys[:2], test=False) == SplitSpec(0.3, 0.0)
    assert spec.with_no_split_empty(keys[:2], test=True) is None


@given(st.sets(st.text(max_size=4), min_size=3, max_size=30), st.floats(0, 0.5), st.floats(0.01, 0.5))
def test_fractions_that_are_proposed_do_what_they_say(keys, valid, test):
    spec = SplitSpec(valid, test).with_no_split_empty(keys, test=True)
    assert {spec.split_of(key) for key in keys} == {"train", "valid", "test"}


@pytest.mark.parametrize(
    ("division", "n_sets", "options"),
    [
        (SplitSpec(0.3, 0.25), 5, "data.params.common.valid_fraction=0.3 data.params.common.test_fraction=0.25"),
        (SplitSpec(0.00001, 0.0), 5, "data.params.common.valid_fraction=0.00001 data.params.common.test_fraction=0"),
        (
            None,
            2,
            "--no-test data.params.common.valid_fraction=0 data.params.common.test_fraction=0 "
            "data.params.validation.target=mug.data.dataset.OsuTrainDataset",
        ),
    ],
)
def test_the_advice_is_a_line_to_copy(division, n_sets, options):
    assert division_advice(division, n_sets).split("\n")[-1] == options
