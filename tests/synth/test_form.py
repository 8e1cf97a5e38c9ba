"""Songs have a form: main parts as long as they are in real songs, and what returns is the same music."""

from dataclasses import replace

import numpy as np
import pytest

from mug.synth.composition import compose
from mug.synth.event import paced
from mug.synth.form import _shortened
from mug.synth.genre import in_meter
from mug.synth.style import STEADY, Style, draw_style


def style(**changes: object) -> Style:
    return replace(draw_style(np.random.default_rng(3)), tempo_kind=STEADY, meter=4, pickup=0, slowing=False, **changes)


def test_a_song_that_is_too_long_for_its_time_leaves_parts_out() -> None:
    form = [(kind, 8) for kind in ("intro", "verse", "build", "chorus", "break", "verse", "build", "drop", "outro")]
    shorter = _shortened(_shortened(form))
    assert [kind for kind, _ in shorter] == ["intro", "verse", "build", "chorus", "build", "drop", "outro"]


@pytest.mark.parametrize(("bpm", "n_bars"), [(180.0, 16), (90.0, 8)])
def test_main_parts_last_about_20_seconds_at_any_tempo(bpm: float, n_bars: int) -> None:
    song = compose(style(bpm=bpm), 120.0, np.random.default_rng(0))
    assert {part.n_bars for part in song.parts[:-2] if part.kind in ("verse", "chorus", "drop", "solo")} == {n_bars}


def test_a_long_song_has_movements_with_tempos_of_their_own() -> None:
    song = compose(style(bpm=160.0), 450.0, np.random.default_rng(1))
    assert {part.movement for part in song.parts} == {0, 1, 2}
    starts = [next(part.bar for part in song.parts if part.movement == i) * song.bar_ticks for i in (0, 1, 2)]
    assert [tick for tick, _ in song.tempo.tempos] == starts
    assert len({bpm for _, bpm in song.tempo.tempos}) > 1
    assert {measure.idea.split()[1] for measure in song.measures if measure.part == len(song.parts) - 2} == {"3"}
    assert 440 < song.end_s <= 450


def test_a_part_returns_with_its_tune() -> None:
    song = compose(style(bpm=150.0, harmony=False, lifted=0, sung=False), 120.0, np.random.default_rng(4))
    tunes: list[set[tuple[int, int]]] = [set() for _ in song.measures]
    for event in song.events:
        if event.layer == "lead":
            tunes[event.tick // song.bar_ticks].add((event.tick % song.bar_ticks, event.pitch))
    again = [(i, measure) for i, measure in enumerate(song.measures) if measure.model is not None]
    later = [(i, measure) for i, measure in again if song.measures[measure.model].part != measure.part and tunes[i]]
    assert len(again) > 0.4 * len(song.measures)
    assert len(later) >= 16
    same = [tunes[i] == tunes[measure.model] for i, measure in later]
    assert 0.5 < np.mean(same) < 1  # some phrases are varied


def test_bars_of_other_meters_are_made_of_the_beats_of_four() -> None:
    bar = "1...2...3...4..."
    assert in_meter(bar, 3) == "1...2...4..."
    assert in_meter(bar, 5) == "1...2...3...3...4..."
    assert in_meter(bar, 7) == "1...2...3...4...1...2...4..."


def test_half_time_takes_two_bars_for_one() -> None:
    assert [paced("X.x.Y.o.", 0.5, bar) for bar in (0, 1)] == ["X...x...", "Y...o..."]
    assert paced("X.x.Y.o.", 2, 0) == "XxYoXxYo"
