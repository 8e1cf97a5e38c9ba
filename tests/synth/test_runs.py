"""Moments between sounds: on the grid of the beat, where the music is busy, never in a rest."""

from dataclasses import replace

import numpy as np

from mug.synth.composition import Composition, Event, SwungTempo
from mug.synth.runs import with_runs
from mug.synth.salience import Hit, find_hits
from mug.synth.style import draw_style


def runs(*ticks: int, bpm: float = 150.0) -> list[Hit]:
    """The moments of kicks at these ticks; a beat of 24 ticks lasts 400 ms."""
    style = replace(draw_style(np.random.default_rng(0)), meter=4, genre="house")
    kicks = tuple(Event(tick, "kick", 0, 6, 1.0) for tick in ticks)
    composition = Composition(style, SwungTempo(0.0, ((0, bpm),)), (), kicks)
    return with_runs(find_hits(composition), composition)


def between(found: list[Hit]) -> list[int]:
    return [hit.tick for hit in found if not hit.events]


def test_runs_fill_the_beat_between_sounds() -> None:
    found = runs(0, 24)
    assert between(found) == [3, 6, 9, 12, 15, 18, 21]
    assert found == sorted(found, key=lambda hit: hit.tick)
    by_tick = {hit.tick: hit.salience for hit in found}
    assert by_tick[12] > by_tick[6] > by_tick[3]
    assert all(hit.strength == 0.1 for hit in found if not hit.events)


def test_rests_stay_rests() -> None:
    assert between(runs(0, 30)) == []
    assert between(runs(0, 24, bpm=100.0)) == []


def test_beats_of_thirds_are_filled_with_thirds() -> None:
    assert between(runs(0, 8, 24)) == [2, 4, 6, 10, 12, 14, 16, 18, 20, 22]


def test_calm_measures_suggest_less() -> None:
    found = {hit.tick: hit.salience for hit in runs(0, 24, 48, 72, 96, 120, 192, 216, 240, 264)}
    assert found[96 + 12] < 0.6 * found[12]
    assert found[192 + 12] == found[12]
