"""What is chosen from an ensemble, with wishes and densities that are counted by hand."""

import pytest

from mug.choice import choose
from mug.data.beatmap import Beatmap, Note, TimingPoint
from mug.data.difficulty import star_rating
from mug.prompt_distance import distance


def chart_of(notes: list[Note]) -> Beatmap:
    return Beatmap(keys=4, notes=list(notes), timing_points=[TimingPoint(0, 500.0, 4)])


def run(moments: range, held: bool = False) -> list[Note]:
    return [Note(100.0 * i, i % 4, 100.0 * i + 50 if held else None) for i in moments]


EVEN, MOST = run(range(0, 160, 2)), run(range(0, 120))
ALL = run(range(160))


def test_without_wishes_a_chart_is_as_dense_as_its_samples_are():
    # of four, one vote leaves 160 moments, two or three 120, four 60; half of the samples have 120 or fewer
    chosen = choose([ALL, MOST, MOST, EVEN], {}, chart_of)
    assert chosen.chart.notes == MOST
    assert chosen.distance == 0.0


def test_a_leader_is_chosen_by_what_was_asked_for():
    plain, held = run(range(80)), run(range(80), held=True)
    for ratio, expected in ((0.0, plain), (1.0, held)):
        chosen = choose([plain, held, plain, plain], {"ln_ratio": ratio}, chart_of)
        assert chosen.chart.notes == expected
        assert chosen.distance == 0.0
    half = choose([plain, held], {"ln_ratio": 0.3}, chart_of)
    assert half.distance == pytest.approx(3.0)  # tolerances of 0.1


def test_samples_that_are_too_hard_say_nothing_of_density():
    samples = [ALL, MOST, MOST, EVEN]
    easiest = run(range(0, 120, 2))  # what all four have
    stars = star_rating(chart_of(easiest))
    assert star_rating(chart_of(MOST)) > stars + 0.6
    sparse = choose(samples, {"sr": stars - 0.1}, chart_of)
    assert sparse.chart.notes == easiest
    assert sparse.distance == pytest.approx(0.5)
    assert not sparse.in_tune
    assert sparse.stars == pytest.approx(star_rating(chart_of(MOST)))  # the median of all four
    near = choose(samples, {"sr": star_rating(chart_of(MOST)) - 0.1}, chart_of)
    assert near.chart.notes == MOST  # 23 tolerances nearer by its density than any other
    assert near.in_tune
    assert near.is_better_than(sparse)  # whatever their distances are
    assert not sparse.is_better_than(near)
    nearer = choose(samples, {"sr": star_rating(chart_of(MOST))}, chart_of)
    assert nearer.is_better_than(near)
    assert not near.is_better_than(nearer)


def test_a_single_sample_is_chosen_as_it_is():
    chosen = choose([EVEN], {"sr": 5.0}, chart_of)
    assert chosen.chart.notes == EVEN
    assert chosen.distance == pytest.approx(distance(chosen.chart, {"sr": 5.0}))
