"""Composed music: it fits its time, differs from song to song, and its tempo map knows swing and changes."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mug.synth.composition import NEVER_CHARTED, Composition, compose
from mug.synth.event import read
from mug.synth.genre import BASS_LINES, CHORD_RHYTHMS, DRUMS, TRIPLET
from mug.synth.genres import GENRES
from mug.synth.patches import DECAYING, FAMILIES
from mug.synth.songs import SongSettings
from mug.synth.style import BUSES, FASTEST_BPM, GRADUAL, LIVE, RUBATO, SLOWEST_BPM, STEP, draw_style
from mug.synth.tempo import SwungTempo, breathing, gradual


def composition_of(index: int, seconds: float = 60.0, **changes: object) -> Composition:
    style_rng, music_rng, *_ = SongSettings(5).rngs(index)
    return compose(replace(draw_style(style_rng), **changes), seconds, music_rng)


def test_ticks_become_seconds_across_a_tempo_change() -> None:
    tempo = SwungTempo(first_beat_s=0.5, tempos=((0, 120.0), (96, 60.0)))
    assert [tempo.seconds(tick) for tick in (0, 24, 96, 108, 120)] == [0.5, 1.0, 2.5, 3.0, 3.5]
    assert tempo.tick_s(95) == pytest.approx(0.5 / 24)
    assert tempo.tick_s(96) == pytest.approx(1 / 24)


def test_swing_moves_what_lies_between_the_beats() -> None:
    tempo = SwungTempo(first_beat_s=0.0, tempos=((0, 60.0),), swing=2 / 3, swung=12)
    assert [round(tempo.seconds(tick), 4) for tick in (0, 6, 12, 18, 24, 36)] == [0, 0.3333, 0.6667, 0.8333, 1, 1.6667]
    sixteenths = SwungTempo(first_beat_s=0.0, tempos=((0, 60.0),), swing=0.6, swung=6)
    assert [round(sixteenths.seconds(tick), 4) for tick in (6, 12, 18, 24)] == [0.3, 0.5, 0.8, 1]


@given(swing=st.floats(0.5, 0.7), swung=st.sampled_from((6, 12)), bpm=st.floats(70, 220))
def test_time_never_goes_back(swing: float, swung: int, bpm: float) -> None:
    tempo = SwungTempo(0.3, ((0, bpm), (48, bpm * 1.1), (96, bpm * 0.9)), swing, swung)
    assert (np.diff([tempo.seconds(tick) for tick in range(200)]) > 0).all()


def test_a_gradual_change_has_a_tempo_for_each_bar() -> None:
    bars = [96, 192, 288, 384, 480]
    assert gradual(bars, 100.0, 140.0) == [(96, 105.0), (192, 115.0), (288, 125.0), (384, 135.0), (480, 140.0)]


def test_rubato_hurries_and_slows_within_its_depth() -> None:
    tempos = breathing(range(0, 96 * 40, 96), 100.0, 0.1, np.random.default_rng(0))
    bpms = np.array([bpm for _, bpm in tempos]).reshape(10, 4)
    assert [tick for tick, _ in tempos[:3]] == [0, 96, 192]
    assert 90 <= bpms.min() < 95 < 105 < bpms.max() <= 110
    assert bpms[:, 1].mean() > bpms[:, 0].mean() > bpms[:, 3].mean()


@pytest.mark.parametrize("kind", [STEP, GRADUAL, LIVE, RUBATO])
def test_songs_fit_their_time_whatever_their_tempo_does(kind: str) -> None:
    tempos = []
    for index in range(25):
        composition = composition_of(index, 47.0, tempo_kind=kind, later_bpm=90.0)
        assert 36 < composition.end_s <= 47
        tempos.append(len(composition.tempo.tempos))
    assert max(tempos) >= {STEP: 2, GRADUAL: 4, LIVE: 3, RUBATO: 10}[kind]


def test_songs_fit_their_length_and_differ() -> None:
    compositions = [composition_of(index, 47.0) for index in range(80)]
    assert len({composition.style.genre for composition in compositions}) > 30
    for composition in compositions:
        assert 36 < composition.end_s <= 47
        assert min(bpm for _, bpm in composition.tempo.tempos) >= SLOWEST_BPM * 0.88
        assert max(bpm for _, bpm in composition.tempo.tempos) <= FASTEST_BPM * 1.03
        assert composition.parts[-1].kind == "outro"
        layers = {event.layer for event in composition.events}
        assert layers & {"kick", "lead"}
        assert not layers & GENRES[composition.style.genre].never
    assert len({composition.events for composition in compositions}) == 80
    layers = Counter(layer for c in compositions for layer in {event.layer for event in c.events})
    assert min(layers[layer] for layer in ("vocal", "pad", "clap", "ride", "perc", "riser", "reverse")) >= 2
    assert layers["vocal"] < 70


def test_what_is_audible_follows_the_mix_and_the_attack() -> None:
    gains_db = dict.fromkeys(BUSES, 0.0)
    timbres = {"bass": "sub", "chord": "strings", "lead": "pluck", "arp": "pluck", "pad": "choir"}
    changes = {"genre": "house", "timbres": timbres, "dynamics": 0.0, "padded": True}
    usual = composition_of(3, gains_db=gains_db, **changes)
    soft = composition_of(3, gains_db={**gains_db, "lead": -20.0}, **changes)

    def audible(composition: Composition, layer: str) -> float:
        (value,) = {event.audible for event in composition.events if event.layer == layer}
        return value

    assert audible(usual, "kick") == audible(usual, "lead") == 1.0
    assert audible(soft, "lead") == 0.1
    assert audible(usual, "pad") < 0.2 < audible(usual, "chord") < 0.7
    assert {event.audible for event in usual.events if event.layer in NEVER_CHARTED} <= {0.0}


@given(seed=st.integers(0, 2**32), seconds=st.floats(10, 40))
@settings(max_examples=30, deadline=None)
def test_every_event_is_inside_its_song(seed: int, seconds: float) -> None:
    style_rng, music_rng, *_ = SongSettings(seed, seconds).rngs(0)
    composition = compose(draw_style(style_rng), seconds, music_rng)
    assert composition.end_s <= seconds
    for event in composition.events:
        assert 0 < composition.tempo.seconds(event.tick) < composition.end_s
        assert event.n_ticks > 0
        assert 0 < event.loudness <= 1
        assert 0 <= event.audible <= 1.5


def test_patterns_are_read_by_their_length() -> None:
    assert list(read("X--.o.,.x...x...", 96)) == [
        (0, 18, "X"), (24, 6, "o"), (36, 6, ","), (48, 6, "x"), (72, 6, "x"),
    ]  # fmt: skip
    assert list(read("x..x..x..x..", 96))[1] == (24, 8, "x")


@pytest.mark.parametrize("name", sorted(GENRES))
def test_genres_name_what_there_is(name: str) -> None:
    genre = GENRES[name]
    assert {*genre.bass, *genre.chord, *genre.lead, *genre.arp} <= set(FAMILIES)
    assert SLOWEST_BPM <= genre.bpm[0] < genre.bpm[1] <= FASTEST_BPM
    steps = 16 if genre.feel == "straight" else 12
    for groove in genre.grooves:
        assert {len(groove.kick), len(groove.snare), len(groove.hat)} == {steps}
    assert genre.never <= DRUMS | {"riser"}
    for patterns in (BASS_LINES[genre.feel], CHORD_RHYTHMS[genre.feel]):
        assert {len(pattern) for pattern in patterns} == {steps}
    assert genre.feel != TRIPLET or genre.swing == (0.5, 0.5)
    assert set(DECAYING) < set(FAMILIES)
