"""Chord sizes: the strongest accents, as many as the pattern has, more with more keys."""

from dataclasses import replace

import numpy as np
import pytest

from mug.synth.accents import by_phrase, chord_sizes
from mug.synth.composition import Composition, compose
from mug.synth.patterns import PATTERNS, Pattern
from mug.synth.salience import Hit, find_hits
from mug.synth.style import draw_style

HALF = Pattern("half", (1.0, 9.0), jumps=(0.5, 0.5, 0.5, 0.5), hands=(0.25, 0.25, 0.25, 0.25))


def hits(*strengths: float, level: int = 2, step_ms: float = 200.0) -> list[Hit]:
    return [Hit(12 * i, step_ms * i, level, (), strength, 1.0) for i, strength in enumerate(strengths)]


def test_the_strongest_moments_are_the_largest_chords() -> None:
    assert chord_sizes(hits(0.5, 0.9, 0.6, 0.1), HALF, 4.0, 4.0, keys=4) == [1, 3, 2, 1]


def test_the_first_beat_is_stronger_than_the_others() -> None:
    moments = hits(0.5, 0.5, 0.5, 0.5)
    moments[2] = replace(moments[2], level=0)
    moments[3] = replace(moments[3], level=1)
    assert chord_sizes(moments, HALF, 4.0, 4.0, keys=4) == [1, 1, 3, 2]


def test_chords_in_a_run_use_different_columns() -> None:
    run = hits(0.9, 0.8, 0.7, 0.1, step_ms=80.0)
    assert chord_sizes(run, HALF, 4.0, 4.0, keys=4) == [2, 2, 1, 1]
    assert chord_sizes(run, HALF, 4.0, 4.0, keys=5) == [3, 2, 1, 1]
    assert chord_sizes(run, replace(HALF, chords_follow=True), 4.0, 4.0, keys=4) == [3, 2, 1, 1]


def test_easy_charts_have_no_large_chords() -> None:
    assert chord_sizes(hits(0.5, 0.9, 0.6, 0.1, step_ms=300.0), HALF, 4.0, 2.6, keys=4) == [1, 2, 2, 1]


@pytest.mark.parametrize(("keys", "most"), [(1, 1), (2, 2), (3, 3), (4, 4), (7, 7), (18, 18)])
def test_more_keys_have_more_and_larger_chords(keys: int, most: int) -> None:
    shares = PATTERNS["chordjack"].shares(7.0, keys)
    assert len(shares) <= most - 1
    assert all(0 <= share <= 1 for share in shares)
    assert shares == sorted(shares, reverse=True)
    if keys == 7:
        assert shares[:3] == pytest.approx([0.872, 0.615, 0.4])


def test_phrases_have_their_own_accents_which_return_with_the_music() -> None:
    rng = np.random.default_rng(2)
    composition: Composition = compose(draw_style(rng), 60.0, rng)
    found = find_hits(composition)
    extra = {
        hit.tick: round(hit.strength - before.strength, 6)
        for before, hit in zip(found, by_phrase(found, composition, np.random.default_rng(0)), strict=True)
    }
    by_measure = {tick // composition.bar_ticks: more for tick, more in extra.items()}
    plain = [m for m in composition.measures if composition.parts[m.part].kind != "build" and m.model is not None]
    pairs = [(by_measure.get(m.tick // composition.bar_ticks), by_measure.get(m.model)) for m in plain]
    assert len(set(by_measure.values())) >= 4
    assert np.mean([a == b for a, b in pairs]) > 0.9


def test_easy_charts_of_few_keys_rest_after_a_chord() -> None:
    moments = hits(0.9, 0.8, 0.7, 0.6, step_ms=200.0)
    assert chord_sizes(moments, HALF, 2.0, 2.0, keys=4) == [2, 1, 2, 1]
    assert chord_sizes(moments, HALF, 2.0, 2.0, keys=7)[:2] == [3, 3]
