"""Long notes: on held sounds first, as many as asked for, none over the next note of its column."""

import numpy as np

from mug.charts.beatmap import Note
from mug.synth.composition import Composition, Event, SwungTempo
from mug.synth.long_notes import hold
from mug.synth.salience import find_hits
from mug.synth.style import draw_style


def held(*rows: tuple[Event, list[int]], ratio: float, shortest_ms: float = 100.0) -> list[Note]:
    """Hold notes at 150 beats a minute: a beat lasts 400 ms."""
    style = draw_style(np.random.default_rng(0))
    composition = Composition(style, SwungTempo(0.0, ((0, 150.0),)), (), tuple(event for event, _ in rows))
    hits = find_hits(composition)
    return hold(list(zip(hits, (columns for _, columns in rows), strict=True)), composition, ratio, shortest_ms, 120.0)


def lead(tick: int, n_ticks: int) -> Event:
    return Event(tick, "lead", 60, n_ticks, 1.0, held=True)


KICK = Event(0, "kick", 0, 6, 1.0)


def test_nothing_to_hold() -> None:
    composition = Composition(draw_style(np.random.default_rng(0)), SwungTempo(0.0, ((0, 150.0),)), (), (KICK,))
    assert hold([], composition, 0.5, 100.0, 120.0) == []


def kick(tick: int) -> Event:
    return Event(tick, "kick", 0, 6, 1.0)


def test_none_and_all() -> None:
    rows = (KICK, [0]), (lead(24, 12), [1]), (lead(72, 12), [2])
    assert held(*rows, ratio=0.0) == [Note(0, 0), Note(400, 1), Note(1200, 2)]
    # All: two beats, or until the next note of the column.
    assert held(*rows, ratio=1.0) == [Note(0, 0, 800), Note(400, 1, 1200), Note(1200, 2, 2000)]


def test_long_notes_prefer_held_sounds_then_longer_ones() -> None:
    rows = (KICK, [0]), (lead(24, 12), [1]), (lead(72, 24), [2])
    assert held(*rows, ratio=1 / 3) == [Note(0, 0), Note(400, 1), Note(1200, 2, 1600)]
    assert held(*rows, (kick(120), [3]), (kick(144), [0]), ratio=2 / 5)[:3] == [
        Note(0, 0), Note(400, 1, 600), Note(1200, 2, 1600)
    ]  # fmt: skip


def test_a_long_note_ends_with_its_sound_on_another_note_or_on_the_grid() -> None:
    short = (kick(72), [2]), (kick(96), [3])
    assert held((lead(0, 12), [0]), *short, ratio=1 / 3)[0] == Note(0, 0, 200)
    assert held((lead(0, 21), [0]), (kick(24), [1]), *short, ratio=1 / 4)[0] == Note(0, 0, 400)  # on the kick
    assert held((lead(0, 14), [0]), *short, ratio=1 / 3)[0] == Note(0, 0, 250)  # the next eighth of a beat


def test_a_long_note_ends_before_the_next_one_of_its_column() -> None:
    rows = (lead(0, 96), [0]), (lead(24, 6), [0])
    assert held(*rows, ratio=1.0) == [Note(0, 0, 300), Note(400, 0, 1200)]  # 60 ms before, or more


def test_short_ones_stay_plain() -> None:
    rows = (lead(0, 6), [0]), (lead(12, 6), [0])
    assert held(*rows, ratio=1.0, shortest_ms=150) == [Note(0, 0), Note(200, 0, 1000)]
    assert held(*rows, ratio=1.0, shortest_ms=90) == [Note(0, 0, 100), Note(200, 0, 1000)]
