"""Measures know which earlier one they repeat, and how exactly."""

import numpy as np
import pytest

from mug.synth.composition import compose
from mug.synth.event import Event
from mug.synth.measures import Place, find_measures
from mug.synth.style import draw_style

BAR = 96


def hit(bar: int, tick: int, layer: str = "kick", pitch: int = 0) -> Event:
    return Event(bar * BAR + tick, layer, pitch, 6, 1.0)


def test_music_that_comes_again_names_its_first_measure() -> None:
    plan = [("verse a", 0), ("verse a", 1), ("verse a", 0), ("verse a", 1), ("verse b", 0), ("verse a", 0)]
    places = [Place(0 if i < 5 else 1, idea, place) for i, (idea, place) in enumerate(plan)]
    measures = find_measures(places, BAR, [hit(bar, 0) for bar in range(6)])
    assert [measure.model for measure in measures] == [None, None, 0, 1, None, 0]
    assert [measure.time for measure in measures] == [0, 0, 1, 1, 0, 2]
    assert [measure.phrase for measure in measures] == [0, 0, 1, 1, 2, 3]
    assert [measure.alike for measure in measures] == [0, 0, 1, 1, 0, 1]
    assert [measure.tick for measure in measures] == [0, 96, 192, 288, 384, 480]


def test_a_varied_measure_is_less_alike() -> None:
    places = [Place(0, "verse", 0)] * 3
    first = [hit(0, 0), hit(0, 24, "lead", 60), hit(0, 48)]
    transposed = [hit(1, 0), hit(1, 24, "lead", 67), hit(1, 48)]
    varied = [hit(2, 0), hit(2, 36, "lead", 60), hit(2, 48)]
    measures = find_measures(places, BAR, [*first, *transposed, *varied])
    assert [measure.alike for measure in measures] == [0.0, 1.0, 0.5]


@pytest.mark.parametrize("index", range(4))
def test_every_event_of_a_song_has_its_measure(index: int) -> None:
    rng = np.random.default_rng(index)
    song = compose(draw_style(rng), 40.0, rng)
    for event in song.events:
        measure = song.measures[event.tick // song.bar_ticks]
        assert measure.tick <= event.tick < measure.tick + measure.n_ticks
    for measure in song.measures[:-1]:
        part = song.parts[measure.part]
        assert part.bar <= measure.tick // song.bar_ticks < part.bar + part.n_bars
    assert any(measure.alike > 0.8 for measure in song.measures)
