"""Long notes: on held sounds first, as many as asked for, none over the next note of its column."""

import numpy as np

from mug.charts.beatmap import Note
from mug.synth.composition import Composition, Event, SwungTempo
from mug.synth.long_notes import hold, plan_holds
from mug.synth.salience import Hit, find_hits
from mug.synth.style import draw_style


def song(*events: Event) -> tuple[Composition, list[Hit]]:
    """A song at 150 beats a minute, in which a beat of 24 ticks lasts 400 ms, and its moments."""
    style = draw_style(np.random.default_rng(0))
    composition = Composition(style, SwungTempo(0.0, ((0, 150.0),)), (), events)
    return composition, find_hits(composition)


def held(*rows: tuple[Event, list[int]], ratio: float, shortest_ms: float = 100.0) -> list[Note]:
    composition, hits = song(*(event for event, _ in rows))
    return hold(list(zip(hits, (columns for _, columns in rows), strict=True)), composition, ratio, shortest_ms, 120.0)


def planned(*events: Event, ratio: float, size: int = 1, keys: int = 4) -> list[tuple[float, ...]]:
    composition, hits = song(*events)
    return plan_holds(hits, [size] * len(hits), composition, ratio, 100.0, keys)


def lead(tick: int, n_ticks: int) -> Event:
    return Event(tick, "lead", 60, n_ticks, 1.0, held=True)


KICK = Event(0, "kick", 0, 6, 1.0)


def test_nothing_to_hold() -> None:
    composition = Composition(draw_style(np.random.default_rng(0)), SwungTempo(0.0, ((0, 150.0),)), (), (KICK,))
    assert hold([], composition, 0.5, 100.0, 120.0) == []


def kick(tick: int) -> Event:
    return Event(tick, "kick", 0, 6, 1.0)


def test_held_sounds_are_long_first_and_longer_ones_before() -> None:
    events = kick(0), lead(24, 12), lead(72, 24), kick(120), kick(144)
    assert planned(*events, ratio=0.0) == [(), (), (), (), ()]
    assert planned(*events, ratio=1 / 5) == [(), (), (1600,), (), ()]
    assert planned(*events, ratio=2 / 5) == [(), (600,), (1600,), (), ()]


def test_a_long_note_ends_with_its_sound_on_another_note_or_on_the_grid() -> None:
    later = kick(72), kick(96)
    assert planned(lead(0, 12), *later, ratio=1 / 3)[0] == (200,)
    assert planned(lead(0, 21), kick(24), *later, ratio=1 / 4)[0] == (400,)  # on the kick
    assert planned(lead(0, 14), *later, ratio=1 / 3)[0] == (250,)  # the next eighth of a beat


def test_only_lasting_sounds_are_held_over_more_than_two_moments() -> None:
    kicks = [kick(tick) for tick in (12, 24, 36, 48, 60)]
    assert planned(lead(0, 36), *kicks, ratio=1 / 6)[0] == (400,)
    assert planned(lead(0, 48), *kicks, ratio=1 / 6)[0] == (800,)


def test_half_of_the_columns_stay_free_for_the_other_notes() -> None:
    leads = [lead(tick, 48) for tick in (0, 12, 24, 36)]
    kicks = [kick(tick) for tick in (100, 120, 140, 160)]
    assert [len(holds) for holds in planned(*leads, *kicks, ratio=4 / 8)[:4]] == [0, 1, 0, 1]
    assert [len(holds) for holds in planned(*leads, *kicks, ratio=4 / 8, keys=8)[:4]] == [1, 1, 1, 1]
    assert [len(holds) for holds in planned(*leads, *kicks, ratio=4 / 8, keys=2)[:4]] == [0, 0, 0, 1]


def test_charts_of_long_notes_hold_until_the_column_is_needed() -> None:
    rows = (KICK, [0]), (lead(24, 12), [1]), (lead(72, 12), [2])
    assert held(*rows, ratio=1.0) == [
        Note(0, 0, 800),
        Note(400, 1, 1200),
        Note(1200, 2, 1600),
    ]  # two beats, one at the end
    again = (lead(0, 96), [0]), (lead(24, 6), [0])
    assert held(*again, ratio=1.0) == [Note(0, 0, 300), Note(400, 0, 800)]  # 60 ms before, or more
    assert held(*again, ratio=0.5) == [Note(0, 0), Note(400, 0, 800)]


def test_short_ones_stay_plain() -> None:
    rows = (lead(0, 6), [0]), (lead(12, 6), [0])
    assert held(*rows, ratio=1.0, shortest_ms=150) == [Note(0, 0), Note(200, 0, 600)]
    assert held(*rows, ratio=1.0, shortest_ms=90) == [Note(0, 0, 100), Note(200, 0, 600)]


def test_off_the_beat_long_notes_end_before_the_next_moment() -> None:
    events = kick(12), kick(36), kick(96)
    assert planned(*events, ratio=1.0)[0] == (400,)  # halfway; the next moment is at 600 ms


def test_long_notes_gather_where_much_is_held() -> None:
    alone = lead(0, 24), kick(24), kick(48), kick(72)
    together = lead(96, 24), lead(120, 24), lead(144, 24), lead(168, 24)
    holds = planned(*alone, *together, ratio=4 / 8)
    assert [len(own) for own in holds] == [0, 0, 0, 0, 1, 1, 1, 1]
