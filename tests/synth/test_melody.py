"""Tunes: phrases come back as planned, notes are never too fast, strong notes are on the chord."""

from dataclasses import replace

import numpy as np
import pytest

from mug.synth.melody import PLANS, TEXTURES, THEME_BARS, Theme, compose_theme, on_chord
from mug.synth.style import Style, draw_style


def style(**changes: object) -> Style:
    return replace(draw_style(np.random.default_rng(3)), meter=4, **changes)


def test_phrases_are_found_bar_by_bar() -> None:
    theme = Theme("abaC", {}, chordal=False)
    places = [theme.phrase(i) for i in range(10)]
    assert places[:4] == [("a", 0), ("a", 1), ("b", 0), ("b", 1)]
    assert places[4:] == [("a", 0), ("a", 1), ("C", 0), ("C", 1), ("a", 0), ("a", 1)]
    assert all(THEME_BARS % len(plan) == 0 for plans in PLANS.values() for plan in plans)


def test_a_varied_phrase_keeps_most_of_its_notes() -> None:
    for seed in range(20):
        theme = compose_theme(style(), 0.5, np.random.default_rng(seed))
        plain, varied = ({note[0] for note in theme.bar(0, varied)} for varied in (False, True))
        assert plain <= varied


@pytest.mark.parametrize(("bpm", "shortest_ms"), [(300.0, 45), (170.0, 45), (70.0, 45)])
def test_no_note_is_too_fast(bpm: float, shortest_ms: float) -> None:
    tick_ms = 60_000 / bpm / 24
    for seed in range(20):
        theme = compose_theme(style(bpm=bpm, dense=1.0), 1.0, np.random.default_rng(seed))
        for i in range(THEME_BARS):
            ticks = [note[0] for note in theme.bar(i)]
            assert np.diff([*ticks, 96]).min() * tick_ms >= shortest_ms


def test_dense_songs_have_runs_and_calm_ones_held_notes() -> None:
    def notes(dense: float, busy: float) -> float:
        themes = [compose_theme(style(bpm=120.0, dense=dense), busy, np.random.default_rng(i)) for i in range(20)]
        return float(np.mean([len(theme.bar(i)) for theme in themes for i in range(THEME_BARS)]))

    assert notes(0.0, 0.1) < 4 < 12 < notes(1.0, 1.0)


def test_strong_notes_go_to_the_nearest_chord_note() -> None:
    major = style(scale="major")
    assert [on_chord(major, degree, 0) for degree in range(8)] == [0, 0, 2, 2, 4, 4, 7, 7]
    assert [on_chord(major, degree, 1) for degree in range(8)] == [1, 1, 1, 3, 3, 5, 5, 8]


def test_textures_go_from_sparse_to_dense() -> None:
    shares = [np.mean([cell.count("x") for cell in texture.cells]) for texture in TEXTURES]
    assert shares == sorted(shares)
