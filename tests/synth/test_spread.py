"""Which charts songs get: from easy to hard, of all patterns, each with a name of its own."""

from dataclasses import replace

import numpy as np
import pytest

from mug.charts.beatmap import Beatmap, Note
from mug.ratings.long_notes import ln_ratio
from mug.ratings.stars import star_rating
from mug.synth.composition import Composition, Event, Part, SwungTempo, compose
from mug.synth.measures import Place, find_measures
from mug.synth.patterns import PATTERNS
from mug.synth.spread import charts, draw_plans, version_name
from mug.synth.style import STEP, draw_style
from mug.synth.tempo import TICKS


def test_plans_are_of_many_kinds() -> None:
    songs = [draw_plans(4, 0.5, np.random.default_rng(seed)) for seed in range(100)]
    for plans in songs:
        assert 5 <= len(plans) <= 6
        assert (np.diff([plan.stars for plan in plans]) > 0).all()
    plans = [plan for plans in songs for plan in plans]
    assert {plan.pattern.name for plan in plans} == set(PATTERNS)
    assert all(plan.pattern.levels[0] <= plan.stars <= plan.pattern.levels[1] for plan in plans)
    stars = np.array([plan.stars for plan in plans])
    assert stars.min() < 0.6
    assert 0.1 < (stars < 1.2).mean() < 0.16
    assert 0.08 < (stars > 6).mean() < 0.15
    assert stars.max() > 9
    ratios = np.array([plan.ln_ratio for plan in plans])
    assert 0.25 < (ratios == 0).mean() < 0.45
    assert 0.1 < (ratios > 0.35).mean() < 0.25
    assert ratios.max() > 0.9
    assert {plan.ln_ratio for plan in plans if not plan.pattern.long_notes} == {0.0}


def test_busy_music_has_harder_charts_than_calm_music() -> None:
    calm, busy = (
        np.mean([plan.stars for seed in range(20) for plan in draw_plans(4, dense, np.random.default_rng(seed))])
        for dense in (0.2, 0.9)
    )
    assert busy > calm + 1


@pytest.mark.parametrize(
    ("stars", "n_long", "name"),
    [(1.2, 0, "4K Beginner Stream"), (3.89, 2, "4K Hard Stream Hybrid"), (6.0, 9, "4K Expert+ Stream LN")],
)
def test_names_say_what_a_chart_is(stars: float, n_long: int, name: str) -> None:
    beatmap = Beatmap(4, [Note(500.0 * i, 0, 500.0 * i + 250 if i < n_long else None) for i in range(10)], [])
    assert version_name(beatmap, PATTERNS["stream"], stars, []) == name
    assert version_name(beatmap, PATTERNS["stream"], stars, [name]) == f"{name} 2"
    assert version_name(beatmap, PATTERNS["stream"], stars, [name, f"{name} 2"]) == f"{name} 3"


def test_a_song_gets_charts_of_different_stars_and_long_notes() -> None:
    all_stars, ratios = [], []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        beatmaps = charts(compose(draw_style(rng), 30.0, rng), 4, rng)
        assert len({beatmap.version for beatmap in beatmaps}) == len(beatmaps)
        all_stars += [star_rating(beatmap) for beatmap in beatmaps]
        ratios += [ln_ratio(beatmap) for beatmap in beatmaps]
    assert min(all_stars) < 1.7
    assert max(all_stars) > 3.5
    assert min(ratios) == 0
    assert max(ratios) > 0.1


def test_calm_music_gets_no_charts_of_busy_patterns() -> None:
    style = draw_style(np.random.default_rng(0))
    kicks = tuple(Event(tick, "kick", 0, 6, 1.0) for tick in range(0, 60 * TICKS, TICKS))
    part = Part("verse", 0, 15, frozenset({"kick"}), (0,) * 15)
    measures = find_measures([Place(0, "verse", 0)] * 15, 4 * TICKS, kicks)
    calm = Composition(replace(style, meter=4), SwungTempo(1.0, ((0, 90.0),)), (part,), kicks, measures)
    for seed in range(2):
        names = [beatmap.version for beatmap in charts(calm, 4, np.random.default_rng(seed))]
        assert names
        assert not any("Chordjack" in name or "Handstream" in name for name in names)


def test_a_tempo_change_is_a_second_timing_point() -> None:
    rng = np.random.default_rng(1)
    style = replace(draw_style(rng), tempo_kind=STEP, bpm=120.0, later_bpm=150.0, first_beat_s=0.5)
    composition = compose(style, 60.0, rng)
    (_, bpm), (tick, later_bpm) = composition.tempo.tempos
    for beatmap in charts(composition, 4, rng):
        first, second = beatmap.timing_points
        assert (first.time_ms, first.bpm, first.meter) == (500.0, bpm, style.meter)
        assert second.bpm == pytest.approx(later_bpm)
        assert second.time_ms == composition.tempo.seconds(tick) * 1000
        assert beatmap.preview_ms == round(composition.preview_s * 1000)
