"""What of a song is heard, and which of it a chart has notes on."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from mug.synth.composition import Composition, Event, SwungTempo, compose
from mug.synth.salience import Hit, find_hits, metric_level, pick_hits, recall, vary
from mug.synth.style import draw_style


def composition_of(*events: Event) -> Composition:
    """Events at 120 beats a minute (a tick lasts 500 / 24 ms), with loud drums far behind them."""
    style = replace(draw_style(np.random.default_rng(0)), meter=4)
    drums = [Event(tick, "kick", 0, 6, 1.0) for tick in range(960, 1200, 24)]
    return Composition(style, SwungTempo(1.0, ((0, 120.0),)), (), tuple(sorted([*events, *drums])))


def heard(*events: Event) -> list[Hit]:
    return [hit for hit in find_hits(composition_of(*events)) if hit.tick < 960]


def hit(time_ms: float, salience: float) -> Hit:
    return Hit(int(time_ms), time_ms, 0, (), salience, salience)


def test_places_in_the_bar() -> None:
    levels = {tick: metric_level(tick, bar_ticks=96) for tick in (0, 96, 24, 72, 12, 8, 16, 6, 18, 3, 4)}
    assert levels == {0: 0, 96: 0, 24: 1, 72: 1, 12: 2, 8: 2, 16: 2, 6: 3, 18: 3, 3: 4, 4: 4}


def test_louder_sounds_and_stronger_places_stand_out() -> None:
    def salience(tick: int, *layers: tuple[str, float]) -> float:
        hits = heard(*(Event(tick, layer, 60, 6, loudness) for layer, loudness in layers))
        return hits[0].salience

    assert salience(24, ("kick", 1.0)) > salience(24, ("kick", 0.8)) > salience(24, ("hat", 1.0))
    assert salience(24, ("kick", 1.0), ("hat", 1.0)) > salience(24, ("kick", 1.0))
    assert salience(0, ("kick", 1.0)) > salience(24, ("kick", 1.0)) > salience(6, ("kick", 1.0))


def test_a_chord_is_heard_once() -> None:
    chord, tone = ([Event(24, "chord", pitch, 6, 1.0) for pitch in pitches] for pitches in ((60, 64, 67), (60,)))
    assert heard(*chord)[0].strength == heard(*tone)[0].strength


def test_soft_sounds_are_inaudible_and_loud_ones_mask_the_next() -> None:
    alone = heard(Event(6, "hat", 0, 6, 0.8))
    after = heard(Event(4, "crash", 0, 6, 1.0), Event(6, "hat", 0, 6, 0.8))
    assert after[1].salience < alone[0].salience
    assert after[1].strength == alone[0].strength
    assert heard(Event(6, "hat", 0, 6, 0.2), Event(8, "riser", 0, 6, 1.0, audible=0.0)) == []


def test_salience_follows_the_mix_but_not_the_songs_loudness() -> None:
    full, half = (heard(Event(24, "lead", 60, 6, 1.0, audible=audible))[0].strength for audible in (1.0, 0.5))
    assert half == full / 2
    kicks = [find_hits(composition_of(Event(0, "kick", 0, 6, 0.5)))[0].strength]
    soft = [Event(tick, "kick", 0, 6, 0.5) for tick in range(0, 960, 24)]
    kicks.append(find_hits(replace(composition_of(), events=tuple(soft)))[0].strength)
    assert kicks == [0.5, 1.0]


def test_layers_that_nobody_knows_are_heard() -> None:
    assert [h.time_ms for h in heard(Event(24, "theremin", 60, 6, 1.0))] == [1500.0]


def test_hits_that_stand_out_are_picked_first() -> None:
    hits = [hit(0, 0.5), hit(100, 0.9), hit(200, 0.5), hit(300, 0.6), hit(1000, 0.5), hit(2000, 0.49)]
    assert [h.time_ms for h in pick_hits(hits, threshold=0.5, gap_ms=90, least_ms=50)] == [0, 100, 200, 300, 1000]
    # 300 is 200 ms from 100 and needs the threshold alone; 0 and 200 would need 0.5 * 150 / 100
    assert [h.time_ms for h in pick_hits(hits, threshold=0.5, gap_ms=150, least_ms=50)] == [100, 300, 1000]
    assert [h.time_ms for h in pick_hits(hits, threshold=0.5, gap_ms=10, least_ms=150)] == [100, 300, 1000]


@pytest.mark.parametrize("index", range(3))
def test_a_lower_threshold_keeps_most_hits_of_a_higher_one(index: int) -> None:
    rng = np.random.default_rng(index)
    hits = find_hits(compose(draw_style(rng), 30.0, rng))
    picked = [{h.tick for h in pick_hits(hits, threshold, 150, 60)} for threshold in (0.9, 0.6, 0.3)]
    for easier, harder in pairwise(picked):
        assert len(easier) < len(harder)
        assert len(easier & harder) >= 0.9 * len(easier)


def test_music_that_returns_stands_out_as_before() -> None:
    rng = np.random.default_rng(4)
    composition = compose(draw_style(rng), 40.0, rng)
    found = {h.tick: h for h in recall(find_hits(composition), composition)}
    pairs = [
        (found[tick], found[model_tick])
        for m in composition.measures
        if m.model is not None
        for place in range(composition.bar_ticks)
        if (tick := m.tick + place) in found and (model_tick := composition.measures[m.model].tick + place) in found
    ]
    alike = [(a, b) for a, b in pairs if {e.layer for e in a.events} == {e.layer for e in b.events}]
    assert len(alike) > 20
    assert all(a.salience == b.salience and a.strength == b.strength for a, b in alike)


def test_some_returns_are_varied_between_the_beats() -> None:
    rng = np.random.default_rng(4)
    composition = compose(draw_style(rng), 60.0, rng)
    found = find_hits(composition)
    varied = vary(found, composition, np.random.default_rng(1))
    changed = [after for before, after in zip(found, varied, strict=True) if before.salience != after.salience]
    assert 0 < len(changed) < 0.25 * len(found)
    assert all(h.level >= 2 and composition.measures[h.tick // composition.bar_ticks].time > 0 for h in changed)
