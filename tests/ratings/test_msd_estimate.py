"""The parts of the estimate against what docs/msd.md says of the reference, by hand."""

import math

import numpy as np
import pytest
from scipy.special import erfinv

from mug.charts.beatmap import note_arrays
from mug.charts.osu import read_osu
from mug.ratings.msd import estimate, goal_seek
from mug.ratings.msd.estimate import (
    Network,
    estimate_msd,
    running_mean,
    shipped_networks,
    stamina_rating,
    technical_of_few,
)
from mug.ratings.msd.intervals import intervals_of, smooth
from mug.ratings.msd.jacks import NO_JACK_MS, jack_difficulty, jacks_of, run_ms
from mug.ratings.msd.rows import HAND_PATTERNS, hand_patterns, row_patterns, rows_of, running_sums


def chart(*rows):
    """A chart of (ms, columns), such as (500, "03")."""
    notes = [(int(column), ms) for ms, columns in rows for column in columns]
    return np.array([column for column, _ in notes]), np.array([float(ms) for _, ms in notes])


def test_notes_of_one_time_are_a_row():
    rows = rows_of(np.array([3, 0, 1, 2]), np.array([100.0, 0.0, 99.7, 350.0]))
    assert rows.mask.tolist() == [0b0001, 0b1010, 0b0100]
    assert rows.time_ms.round().tolist() == [0, 100, 350]
    assert rows.hand_before.tolist() == [[0, 1, 2, 2], [0, 0, 1, 2]]


def test_an_even_stream_has_the_base_difficulty_of_its_notes():
    """12 notes a second, 6 a hand, 3 in half a second: 6.16 times 3."""
    rows = rows_of(np.tile([0, 2, 1, 3], 150), np.arange(600) * 1000 / 12)
    base = intervals_of(rows, 1.0).base
    assert base.shape == (2, 100)
    np.testing.assert_allclose(base[:, 2:], 18.48)
    np.testing.assert_allclose(base[:, 0], 18.48 / 3)  # as if nothing were before
    np.testing.assert_allclose(intervals_of(rows, 2.0).base[:, 2:], 2 * 18.48)


def test_times_count_from_the_start_of_the_audio():
    rows = rows_of(*chart((0, "0"), (499, "1"), (500, "2"), (1500, "3")))
    assert intervals_of(rows, 1.0).notes.tolist() == [[2, 0, 0, 0], [0, 1, 0, 1]]
    assert intervals_of(rows, 2.0).notes.tolist() == [[2, 0], [1, 1]]


def test_smoothing_over_three_intervals():
    assert smooth(np.array([3.0, 0, 0, 6, 0])).tolist() == [1, 1, 1, 2, 2]
    assert running_mean(np.array([3.0, 1, 2, 6, 1])).tolist() == [3, 2, 2, 3, 3]


def row_sums(*columns):
    mask = np.array([sum(1 << int(column) for column in row) for row in columns])
    patterns = row_patterns(mask, np.full(len(mask), 100.0))
    return {name: int(values.sum()) for name, values in patterns.items() if values.sum()}


def test_patterns_that_rows_end():
    assert row_sums("0", "1", "2", "3", "0", "1")["roll"] == 2
    assert "roll" not in row_sums("0", "1", "0", "1", "0", "1")
    sums = row_sums("0", "3", "0", "3", "0")
    assert (sums["single"], sums["trill"], sums["long_trill"], sums["anchors"], sums["long_anchors"]) == (5, 3, 2, 3, 1)
    sums = row_sums("01", "23", "01", "23")
    assert (sums["jump"], sums["jumptrill"], sums["opposite"]) == (4, 2, 3)
    sums = row_sums("01", "12", "0123", "012", "3")
    assert (sums["repeats"], sums["chordjacks"], sums["chord_single"], sums["quad"], sums["hand"]) == (6, 3, 1, 1, 1)
    assert row_sums("0", "1", "1", "0")["xyyx"] == 1
    sums = row_sums("012", "3", "012")
    assert (sums["linked_chords"], sums["chord_trill"], "jumptrill" in sums) == (1, 1, False)


def hand_sums(*columns):
    mask = np.array([sum(1 << int(column) for column in row) for row in columns])
    index = np.flatnonzero(mask & 3)
    patterns = hand_patterns(mask, 0, index, np.arange(len(mask)) * 100.0)
    return {name: float(values.sum()) for name, values in patterns.items()}


def test_patterns_of_a_hand():
    sums = hand_sums("0", "1", "0", "1", "2", "1", "01", "01")
    assert (sums["rows"], sums["notes"], sums["jumps"], sums["jumps_in_row"]) == (7, 9, 2, 1)
    assert (sums["cross"], sums["xyx"], sums["xyxy"], sums["same"]) == (3, 2, 1, 1)
    assert (sums["one_between"], sums["xyx_alone"]) == (1, 2)
    assert hand_sums("0", "2", "1", "2", "0")["xyx_between"] == 1
    assert tuple(sums) == HAND_PATTERNS


def test_mirrored_rows_have_the_same_patterns():
    generator = np.random.default_rng(0)
    column, start_ms = generator.integers(0, 4, 300), np.sort(generator.integers(0, 30_000, 300)).astype(float)
    rows, mirrored = rows_of(column, start_ms), rows_of(3 - column, start_ms)
    np.testing.assert_array_equal(rows.row_sums, mirrored.row_sums)
    one_column = HAND_PATTERNS.index("one_column")
    for hand in (0, 1):
        ours, theirs = (
            np.delete(sums, one_column, axis=1) for sums in (rows.hand_sums[hand], mirrored.hand_sums[1 - hand])
        )
        np.testing.assert_allclose(ours, theirs)


def test_running_sums_start_before_the_first_row():
    assert running_sums({"a": np.array([1, 2]), "b": np.array([True, False])}).tolist() == [[0, 0], [1, 1], [3, 1]]


def test_jacks_by_hand():
    """Gaps of 200 ms: 2 notes 1.1 (200 + 25 + 215), 3 notes (400 + 25 + 215) / 2, 5 notes (800 + 25 + 215) / 4."""
    assert run_ms(np.arange(7) * 200.0).tolist() == pytest.approx([NO_JACK_MS, 484, 320, 840 / 3, 260, 260, 260])
    assert run_ms(np.arange(6) * 50.0)[-1] == 82.5  # (200 + 25 + 53.75) / 4 is less
    assert run_ms(np.array([0.0, 40.0]))[-1] == 155  # 1.1 (40 + 25 + 43) is less
    assert run_ms(np.array([5.0])).tolist() == [NO_JACK_MS]


def test_a_jack_starts_anew_where_its_gap_changes():
    slower = run_ms(np.array([0.0, 200, 400, 611]))  # 11 ms more than the last
    assert slower[-1] == pytest.approx(1.1 * (211 + 25 + 1.075 * 211))
    kept = run_ms(np.array([0.0, 200, 400, 610]))
    assert kept[-1] == pytest.approx((610 + 25 + 1.075 * 610 / 3) / 3)
    faster = run_ms(np.array([0.0, 234, 333]))  # 234 / 99 is more than 2.34
    assert faster[-1] == pytest.approx(1.1 * (99 + 25 + 1.075 * 99))


def test_the_faster_column_of_a_hand_counts():
    left, right = np.arange(5) * 200.0, np.array([100.0, 900.0])
    difficulty = jack_difficulty(np.union1d(left, right), (left, right))
    assert difficulty[-2] == pytest.approx(3850 / 260)  # the left column's, at its fifth note,
    assert difficulty[-1] == pytest.approx(3850 / 260)  # and still when the right one plays slowly


def test_a_hand_that_starts_in_its_right_column_is_rated_lower():
    rows = rows_of(np.array([0, 0, 0, 3, 3, 3]), np.array([0.0, 200, 400, 0, 200, 400]))
    worn, plain = jacks_of(rows, 1.0)
    np.testing.assert_allclose(worn / plain, [1, 1, 1, 0.895, 0.895, 0.895])
    assert plain[2] == pytest.approx(3850 / 320)
    assert jacks_of(rows, 2.0)[1][2] == pytest.approx(3850 / 166.25)


def test_skill_where_the_allowed_share_of_points_is_lost():
    """On equal intervals 1 - (x / d)^1.7 is the loss: x = 0.92^(1 / 1.7) d."""
    difficulty, notes = np.full((1, 40), 20.0), np.full((1, 40), 3.0)
    assert goal_seek.seek(difficulty, notes, np.array([0.08])) == pytest.approx(20 * 0.92 ** (1 / 1.7))


def test_skill_of_two_levels():
    """A tenth of the notes at 30, the rest at 10: 0.1 (1 - (x / 30)^1.7) = 0.05 where x is above 10."""
    difficulty, notes = np.array([[30.0, 10.0, 99.0]]), np.array([[1.0, 9.0, 0.0]])
    assert goal_seek.seek(difficulty, notes, np.array([0.05])) == pytest.approx(30 * 0.5 ** (1 / 1.7))
    assert goal_seek.seek(difficulty, notes, np.array([0.2])) < 10


def test_no_notes_need_no_skill():
    assert goal_seek.seek(np.zeros((2, 5)), np.zeros((2, 5)), np.full(2, 0.1)).tolist() == [0, 0]


def test_skill_for_jacks():
    """16 erf(0.04 (d - x)) a row is 8.75 % of the points, 2 a row: 0.175 a row where all are alike."""
    difficulty = np.full(100, 20.0)
    skill = goal_seek.seek_jacks(difficulty, 200.0)
    assert goal_seek.jack_loss(difficulty, skill) == pytest.approx(17.5, rel=1e-3)
    assert skill == pytest.approx(20 - 0.2424, abs=1e-3)
    mixed = np.random.default_rng(0).uniform(0, 30, 500)
    assert goal_seek.jack_loss(mixed, goal_seek.seek_jacks(mixed, 900.0)) == pytest.approx(0.0875 * 900, rel=1e-3)


def test_tiredness_grows_from_095_where_it_is_hard():
    skill, hard = np.array([19.0]), np.full((1, 2, 400), 20.0)
    state = goal_seek.tiredness(hard, skill)
    assert state.shape == (1, 2, 400)
    growth = (20 / (0.694 * 19) - 1) / 243
    assert state[0, 0, 0] == pytest.approx(0.95 + (8 * growth - 10 / (0.694 * 19) / 243) / 2)  # nothing before
    assert (np.diff(state) >= 0).all()
    assert 1.02 < state.max() <= 1.11
    assert (goal_seek.tiredness(0.5 * hard, skill) == 0.95).all()  # rest


def test_overall_is_the_best_where_the_others_are_far_below():
    assert goal_seek.overall(np.array([20.0, 5, 5, 5, 5, 5, 5])) == 20.0
    assert 20.5 < goal_seek.overall(np.full(7, 20.0)) < 21.5


def test_overall_solves_its_equation():
    skillsets = np.array([[20.0, 19, 18, 20, 10, 19, 20]])
    root = goal_seek.overall(skillsets)[0] / 1.11
    above = sum(2 / math.erfc(0.25 * (skill - root)) - 2 for skill in skillsets[0] if skill > root)
    assert above == pytest.approx(2 ** (root / 10), rel=1e-3)


@pytest.mark.parametrize(
    ("seconds", "factor"),
    [(5, 0.4 * 0.9 * 0.9), (10, 0.324), (15, 0.7 * 0.81), (30, 0.9), (52.5, 0.95), (70, 1), (500, 1)],
)
def test_short_charts_keep_a_share(seconds, factor):
    assert goal_seek.length_factor(seconds) == pytest.approx(factor)


def test_stamina_by_hand():
    tired, rested = np.array([[20.4, 10, 10, 10, 10]]), np.array([[20.0, 10, 10, 10, 10]])
    easy = np.array([5.0])
    assert stamina_rating(tired, rested, easy, easy) == pytest.approx(20.4 * 0.925 * 1.005**2.5)
    assert stamina_rating(1.1 * tired, rested, easy, easy) == pytest.approx(1.1 * 20.4 * 0.925 * 1.08)
    jacks = np.array([30.0])
    assert stamina_rating(tired, rested, jacks, jacks) == pytest.approx(30 * 0.925 * 0.8 * 0.8)
    worn = np.array([19.0])  # best before, not after
    assert stamina_rating(tired, rested, worn, jacks) == pytest.approx(19 * 0.925 * 0.8)


def constant_network(*factors) -> Network:
    """A network that gives every interval these factors."""
    shipped = shipped_networks()[0]
    zeros = {name: np.zeros_like(array) for name, array in shipped._asdict().items()}
    zeros |= {"hand_scale": shipped.hand_scale, "both_scale": shipped.both_scale}
    return Network(**zeros | {"out_bias": np.log(np.array(factors, dtype=np.float32))})


def test_an_even_stream_by_hand(monkeypatch):
    """Without tiring, and with the factors as they are in an even stream: 18.48 x 0.93 where 8 % may be lost."""
    monkeypatch.setattr(goal_seek, "tiredness", lambda difficulty, skill: np.ones_like(difficulty))
    network = constant_network(0.93, 0.6 * 0.885, 0.6 * 0.84, 0.6 * 0.8, 0.5, 1e-9)
    column, start_ms = np.tile([0, 2, 1, 3], 900), np.arange(3600) * 1000 / 12
    stream = estimate_msd(column, start_ms, [1.0], [network])[0, 1]
    assert stream == pytest.approx(18.48 * 0.93 * 0.92 ** (1 / 1.7), abs=0.05)


def test_ratings_are_capped_before_short_charts_lose():
    network = constant_network(1.5, 0.1, 0.1, 0.1, 0.1, 1e-9)
    column, start_ms = np.arange(1650) % 4, np.arange(1650) / 30 * 1000
    overall, stream = estimate_msd(column, start_ms, [1.0], [network])[0, :2]
    factor = 0.9 + 0.1 * (start_ms[-1] / 1000 - 35) / 35
    assert stream == pytest.approx(40 * factor, abs=0.01)
    assert overall >= stream


def test_technical_of_few_notes_by_hand():
    difficulty, notes = np.array([10.0, 10.0]), np.array([3.0, 4.0])
    # without jacks 7 % may be lost: (x / 10)^1.7 = 0.93
    assert technical_of_few(difficulty, notes, np.array([])) == pytest.approx(10 * 0.93 ** (1 / 1.7), abs=1e-4)
    # sqrt(16 erf(0.04 (40 - 0.75 x))) / 14 = 0.07, where the intervals cost nothing
    expected = (40 - erfinv((0.07 * 14) ** 2 / 16) / 0.04) / 0.75
    assert expected > 40
    assert technical_of_few(difficulty, notes, np.array([40.0])) == 40.0
    expected = (20 - erfinv((0.07 * 14) ** 2 / 16) / 0.04) / 0.75
    assert technical_of_few(difficulty, notes, np.array([20.0])) == pytest.approx(expected, abs=1e-4)


def test_a_real_chart_of_eight_notes_with_jacks(shared):
    chart = read_osu(shared / "data" / "charts" / "Quaver__Quaver.API" / "hitsounds.osu")
    column, start_ms, _ = note_arrays(chart.notes)
    [rating] = estimate_msd(column, start_ms, [1.0])
    assert rating[[0, 7]] == pytest.approx([12.96, 12.96], abs=0.01)  # the reference's overall and technical


def test_parameters_are_numbers_alone():
    with np.load(estimate.PARAMETERS_FILE, allow_pickle=False) as arrays:
        assert sorted(arrays) == sorted(Network._fields)
        assert all(np.isfinite(arrays[name]).all() for name in arrays)
    assert estimate.PARAMETERS_FILE.stat().st_size < 500_000
