"""What is chosen from an ensemble, with wishes and densities that are counted by hand."""

import math

import numpy as np
import pytest

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.generation import choice
from mug.generation.choice import Choice
from mug.generation.consensus import agreements
from mug.generation.prompt_distance import Measured, measure
from mug.placement.chances import Chances
from mug.placement.density import Density
from mug.ratings.stars import star_rating


def chart_of(notes: list[Note]) -> Beatmap:
    return Beatmap(keys=4, notes=list(notes), timing_points=[TimingPoint(0, 500.0, 4)])


def choose(samples, prompt, chart_of, chances=None, density=None, jack_interval_ms=90.0) -> Choice:
    """What is chosen of all that samples agree on."""
    candidates = agreements(samples, chances, density, prompt.get("ln_ratio") is not None, jack_interval_ms)
    stars = choice.median_stars(samples, prompt, chart_of)
    return choice.choose(list(candidates), stars, prompt, chart_of)


def run(moments: range, held: bool = False) -> list[Note]:
    return [Note(100.0 * i, i % 4, 100.0 * i + 50 if held else None) for i in moments]


def measure_as(monkeypatch, distance) -> None:
    monkeypatch.setattr(choice, "measure", lambda chart, prompt: Measured(distance(chart), None))


ALL, MOST, EVEN = run(range(160)), run(range(120)), run(range(0, 120, 2))  # each has all that the next one has
SAMPLES = [ALL, MOST, MOST, EVEN]  # one vote leaves 160 moments, two or three 120, four 60


def test_without_a_prompt_moments_of_a_third_of_samples_count():
    chosen = choose(SAMPLES, {}, chart_of)
    assert chosen.chart.notes == MOST
    assert chosen.distance == 0.0


def test_a_leader_is_chosen_by_what_was_asked_for():
    plain, held = run(range(80)), run(range(80), held=True)
    for ratio, expected in ((0.0, plain), (1.0, held)):
        chosen = choose([plain, held, plain, plain], {"ln_ratio": ratio}, chart_of)
        assert chosen.chart.notes == expected
        assert chosen.distance == 0.0
    half = choose([plain, held], {"ln_ratio": 0.3}, chart_of)
    assert half.distance == pytest.approx(6.0)  # tolerances of 0.05


def test_the_density_of_samples_that_are_too_hard_counts_little():
    easy, hard = star_rating(chart_of(EVEN)), star_rating(chart_of(MOST))
    assert hard > easy + 0.6
    sparse = choose(SAMPLES, {"sr": easy - 0.1}, chart_of)
    assert sparse.chart.notes == EVEN
    assert sparse.distance == pytest.approx(0.5 + math.log(2) / 0.25)
    assert choice.median_stars(SAMPLES, {"sr": easy}, chart_of) == pytest.approx(hard)  # of all four
    near = choose(SAMPLES, {"sr": hard - 0.1}, chart_of)
    assert near.chart.notes == MOST
    assert near.distance == pytest.approx(0.5)


def test_slightly_closer_stars_do_not_justify_another_density():
    dense = [[Note(60.0 * i, i % 4) for i in range(n)] for n in (104, 100, 100, 98)]
    stars = [star_rating(chart_of(notes)) for notes in dense]
    assert stars[0] - stars[3] < 0.15  # less than what four moments in a hundred count: log(1.04) / 0.05 tolerances
    assert choose(dense, {"sr": stars[0]}, chart_of).chart.notes == dense[1]


def test_a_single_sample_is_chosen_as_it_is():
    chosen = choose([EVEN], {"sr": 5.0}, chart_of)
    assert chosen.chart.notes == EVEN
    assert chosen.distance == pytest.approx(measure(chosen.chart, {"sr": 5.0}).distance)


def test_samples_near_the_stars_keep_their_density(monkeypatch):
    samples = [run(range(100)), run(range(100)), run(range(92)), run(range(92))]  # four votes leave 92 moments, two all
    measure_as(monkeypatch, lambda chart: 0.0 if len(chart.notes) == 92 else 10.0)
    stars = star_rating(chart_of(samples[0]))
    chosen = choose(samples, {"sr": stars}, chart_of)
    assert len(chosen.chart.notes) == 100
    too_hard = choose(samples, {"sr": stars - 1.0}, chart_of)
    assert len(too_hard.chart.notes) == 92


def test_of_samples_out_of_tune_one_leader_chooses_the_density(monkeypatch):
    samples = [run(range(index, 160 + index)) for index in range(12)]
    measured = []
    measure_as(monkeypatch, lambda chart: float(measured.append(chart) or len(chart.notes)))
    chances = Chances(100.0 * np.arange(180), np.linspace(0.9, 0.1, 180))
    chosen = choose(samples, {"sr": 0.5}, chart_of, chances)
    n_densities = len({agreement.density_change for agreement in agreements(samples, chances)})
    assert len(measured) <= n_densities + len(samples) < n_densities * len(samples) / 5
    assert len(chosen.chart.notes) < 60


def test_keys_are_busy_for_as_long_as_minijacks_are_not_wanted():
    early, other = [Note(100.0, 0), Note(160.0, 0)], [Note(100.0, 0), Note(160.0, 2)]
    assert choose([early, early, other], {}, chart_of).chart.notes == other
    assert choose([early, early, other], {}, chart_of, jack_interval_ms=50.0).chart.notes == early


def test_requested_long_notes_come_from_any_sample(monkeypatch):
    plain, held = run(range(80)), run(range(80), held=True)
    samples = [[held[i] if i % 4 == j else plain[i] for i in range(80)] for j in range(4)]
    assert choose(samples, {"ln_ratio": 1.0}, chart_of).distance == 0.0  # each has a quarter of them
    assert choose(samples, {"ln_ratio": 0.0}, chart_of).distance == 0.0
    measure_as(monkeypatch, lambda chart: 80.0 - chart.n_long_notes)
    assert choose(samples, {"stream": True}, chart_of).distance == 60.0  # where nothing is said of them, a sample leads
    assert choose(samples, {"ln_ratio": 0.5}, chart_of).distance == 0.0


def test_every_lead_sample_is_tried_if_no_density_is_usual():
    plain, held = run(range(80)), run(range(80), held=True)
    sparse = Density(math.log(80 / 7.9) - 0.5, 1e-6)  # than both
    for order in ([plain, held, plain], [held, plain, held]):
        for ratio, expected in ((0.0, plain), (1.0, held)):
            assert choose(order, {"ln_ratio": ratio}, chart_of, density=sparse).chart.notes == expected
