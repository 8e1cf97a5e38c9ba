"""How even charts are: the usual rhythm of a part in easy ones, bursts in hard ones."""

from dataclasses import replace

import numpy as np
import pytest

from mug.synth.composition import Composition, Event, Part, SwungTempo
from mug.synth.measures import Place, find_measures
from mug.synth.pulse import shaped, with_usual
from mug.synth.salience import Hit, pick_hits
from mug.synth.style import draw_style
from mug.synth.tempo import TICKS

HALF = 2 * TICKS


def song(*kinds: str) -> Composition:
    """A song with a measure of each kind; at 150 beats a minute, a half measure lasts 800 ms."""
    style = replace(draw_style(np.random.default_rng(0)), meter=4)
    kicks = tuple(Event(4 * TICKS * bar, "kick", 0, 6, 1.0) for bar in range(len(kinds)))
    parts = tuple(Part(kind, bar, 1, frozenset({"kick"}), (0,)) for bar, kind in enumerate(kinds))
    measures = find_measures([Place(bar, kind, 0) for bar, kind in enumerate(kinds)], 4 * TICKS, kicks)
    return Composition(style, SwungTempo(0.0, ((0, 150.0),)), parts, kicks, measures)


def hit(tick: int, salience: float, drive: float = 1.0, usual: float = 0.0) -> Hit:
    return Hit(tick, tick * 400 / TICKS, 1, (), salience, salience, drive, usual)


def test_the_usual_salience_of_a_place_is_that_of_parts_of_a_kind() -> None:
    hits = [hit(0, 0.8), hit(HALF, 0.4), hit(2 * HALF, 0.5), hit(4 * HALF + TICKS, 0.4)]
    usual = [h.usual for h in with_usual(hits, song("verse", "chorus", "verse"))]
    assert usual == pytest.approx([1.2 / 4, 1.2 / 4, 0.5 / 2, 0.4 / 4])


def test_easy_charts_keep_the_usual_rhythm() -> None:
    hits = [hit(0, 0.8), hit(HALF, 0.8), hit(2 * HALF, 0.8), hit(2 * HALF + 12, 0.81), hit(3 * HALF, 0.8)]
    usual = with_usual(hits, song("verse", "verse"))
    picked = {level: [h.tick for h in pick_hits(shaped(usual, level), 0.7, 600, 500)] for level in (1.0, 4.0)}
    assert picked == {1.0: [0, HALF, 2 * HALF, 3 * HALF], 4.0: [0, HALF, 2 * HALF + 12, 3 * HALF]}


def test_hard_charts_differ_more_from_phrase_to_phrase() -> None:
    strong, weak = hit(0, 0.4, drive=1.2), hit(HALF, 0.4, drive=0.8)
    phrases = [strong, strong, weak]
    assert [h.salience for h in shaped(phrases, 4.0)] == [0.4, 0.4, 0.4]
    shapes = [[h.salience for h in shaped(phrases, level)] for level in (5.0, 6.0, 8.5)]
    assert [own[0] for own in shapes] == pytest.approx([0.4] * 3)
    assert 0.4 > shapes[0][2] > shapes[1][2] > shapes[2][2] > 0


def test_the_easiest_charts_keep_to_first_and_third_beats() -> None:
    beats = [replace(hit(tick, 0.8), level=0 if tick % (2 * HALF) == 0 else 1) for tick in range(0, 4 * HALF, TICKS)]
    placed = with_usual(beats, song("verse", "verse"))
    found = {level: [h.salience for h in shaped(placed, level)] for level in (0.5, 2.0)}
    first, middle, other = found[0.5][0], found[0.5][2], found[0.5][1]
    assert found[0.5] == pytest.approx([first, other, middle, other] * 2)
    assert (middle / first, other / first) == pytest.approx((0.8, 0.72))
    assert found[2.0] == pytest.approx([found[2.0][0]] * 8)
