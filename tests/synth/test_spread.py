"""Which charts songs get: from easy to hard, of all patterns, each with a name of its own."""

from dataclasses import replace

import numpy as np
import pytest

from mug.data.difficulty import ln_ratio, star_rating
from mug.synth.charting import Plan
from mug.synth.composition import compose
from mug.synth.patterns import PATTERNS
from mug.synth.spread import charts, draw_plans, version_name
from mug.synth.style import draw_style


def test_plans_are_of_many_kinds() -> None:
    songs = [draw_plans(np.random.default_rng(seed)) for seed in range(60)]
    for plans in songs:
        assert 5 <= len(plans) <= 6
        assert len({plan.pattern.name for plan in plans}) == len(plans)
        assert (np.diff([plan.hardness for plan in plans]) > 0).all()
    plans = [plan for plans in songs for plan in plans]
    assert {plan.pattern.name for plan in plans} == set(PATTERNS)
    ratios = np.array([plan.ln_ratio for plan in plans])
    assert 0.4 < (ratios == 0).mean() < 0.8
    assert ratios.max() > 0.9
    assert {plan.ln_ratio for plan in plans if not plan.pattern.long_notes} == {0.0}


@pytest.mark.parametrize(
    ("stars", "ln_ratio", "name"),
    [(1.2, 0.0, "4K Beginner Stream"), (3.89, 0.2, "4K Hard Stream Hybrid"), (6.0, 0.9, "4K Expert+ Stream LN")],
)
def test_names_say_what_a_chart_is(stars: float, ln_ratio: float, name: str) -> None:
    plan = Plan(PATTERNS["stream"], 0.5, ln_ratio)
    assert version_name(plan, stars, 4, []) == name
    assert version_name(plan, stars, 4, [name]) == f"{name} 2"
    assert version_name(plan, stars, 4, [name, f"{name} 2"]) == f"{name} 3"


def test_a_song_gets_charts_of_different_stars_and_long_notes() -> None:
    all_stars, ratios = [], []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        beatmaps = charts(compose(draw_style(rng), 60.0, rng), 4, rng)
        assert len({beatmap.version for beatmap in beatmaps}) == len(beatmaps)
        all_stars += [star_rating(beatmap) for beatmap in beatmaps]
        ratios += [ln_ratio(beatmap) for beatmap in beatmaps]
    assert min(all_stars) < 1.7
    assert max(all_stars) > 3.5
    assert min(ratios) == 0
    assert max(ratios) > 0.4


def test_a_tempo_change_is_a_second_timing_point() -> None:
    rng = np.random.default_rng(1)
    style = replace(draw_style(rng), bpm=120.0, later_bpm=150.0, first_beat_s=0.5)
    composition = compose(style, 60.0, rng)
    (_, bpm), (tick, later_bpm) = composition.tempo.tempos
    for beatmap in charts(composition, 4, rng):
        first, second = beatmap.timing_points
        assert (first.time_ms, first.bpm, first.meter) == (500.0, bpm, style.meter)
        assert second.bpm == pytest.approx(later_bpm)
        assert second.time_ms == composition.tempo.seconds(tick) * 1000
        assert beatmap.preview_ms == round(composition.preview_s * 1000)
