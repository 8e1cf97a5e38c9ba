"""Columns: along the tune, again where the music comes again, by the pattern, never before a finger is back."""

from dataclasses import replace
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mug.synth import columns as engine
from mug.synth import returns
from mug.synth.columns import place
from mug.synth.composition import Event
from mug.synth.habits import HABITS, Habits
from mug.synth.measures import Measure
from mug.synth.moment import Moment
from mug.synth.salience import Hit

BAR = 96
PLAIN = Habits(figured=0.0)
# Measures of one idea after the other, four of each.
MEASURES = [Measure(i * BAR, BAR, 0, i // 4, i % 4, f"{i // 4}", None, 0, 0.0) for i in range(60)]


def moment(i: int, layer: str = "hat", pitch: int = 0, step_ms: float = 250.0, size: int = 1) -> Moment:
    """The i-th eighth."""
    return Moment(Hit(12 * i, step_ms * i, 1, (Event(12 * i, layer, pitch, 12, 1.0),), 1.0, 1.0), size)


def columns_of(
    moments: list[Moment], habits: Habits = PLAIN, gap_ms: float = 150.0, keys: int = 4, seed: int = 0
) -> list[list[int]]:
    return place(moments, MEASURES, habits, gap_ms, keys, seed)


@pytest.fixture
def no_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(returns, "ANSWERING", (0.0, 0.0))


@pytest.mark.usefixtures("no_answers")
def test_columns_go_with_the_tune_in_a_phrase(monkeypatch: pytest.MonkeyPatch) -> None:
    pitches = [60, 62, 64, 62, 60, 72, 64, 62] * 30
    tune = [moment(i, "lead", pitch) for i, pitch in enumerate(pitches)]
    for share, sign in ((1.0, 1), (0.0, -1)):
        monkeypatch.setattr(engine, "UPWARDS_RIGHT", share)
        steps = np.diff([row[0] for row in columns_of(tune, keys=9)])
        along = np.sign(steps) * np.sign(np.diff(pitches)) * sign
        assert (along > 0).mean() > 0.6
        assert (along < 0).mean() < 0.4


def test_the_same_pitch_stays_in_its_column() -> None:
    columns = [row[0] for row in columns_of([moment(i, "lead", 60 + i // 2 % 2, 400.0) for i in range(200)])]
    repeated = np.diff(columns) == 0
    assert repeated[::2].mean() > 2 * repeated[1::2].mean()


@pytest.mark.parametrize("mirrors", [False, True])
@pytest.mark.usefixtures("no_answers")
def test_music_that_returns_has_its_columns_again(monkeypatch: pytest.MonkeyPatch, mirrors: bool) -> None:
    monkeypatch.setattr(returns, "RETURNING", (1.0, 1.0))
    monkeypatch.setattr(returns, "VARIED", 0.0)
    monkeypatch.setattr(returns, "MIRRORS", float(mirrors))
    measures = [
        replace(measure, idea="a", model=i % 4 if i >= 4 else None, time=i // 4) for i, measure in enumerate(MEASURES)
    ]
    rows = place([moment(i, size=1 + (i % 32 % 3 == 0)) for i in range(96)], measures, PLAIN, 150.0, 4, 1)
    first, second, third = rows[:32], rows[32:64], rows[64:]
    assert third == first
    assert second == ([[3 - column for column in row] for row in first] if mirrors else first)


def test_a_column_rests_between_its_notes() -> None:
    for gap_ms in (145.0, 300.0):
        columns = columns_of([moment(i, step_ms=80.0, size=3) for i in range(100)], gap_ms=gap_ms)
        for column in range(4):
            times = [80 * i for i, row in enumerate(columns) if column in row]
            assert min(np.diff(times)) >= gap_ms - 1
        assert min(map(len, columns)) < 3  # as many are not free


def test_jacks_stay_in_a_column_and_streams_leave_it() -> None:
    def runs(pattern: str) -> list[int]:
        columns = columns_of([moment(i, step_ms=200.0) for i in range(400)], HABITS[pattern])
        return [len(list(run)) for _, run in groupby(columns)]

    assert np.mean(runs("stream")) < 1.1
    assert np.mean(runs("jackspeed")) > 1.8


def test_no_note_stands_in_a_held_column() -> None:
    held = replace(moment(0, size=2), holds=(1000.0, 600.0))
    (long, short), *others = columns_of([held, *(moment(i) for i in range(1, 9))])
    assert all(long not in row for row in others[:4])  # until 1060 ms
    assert all(short not in row for row in others[:2])  # until 660 ms


def test_the_other_hand_plays_while_one_holds() -> None:
    moments = [replace(moment(i), holds=(250.0 * i + 900,)) if i % 4 == 0 else moment(i) for i in range(400)]
    rows = columns_of(moments)
    other = [(rows[i][0] >= 2) != (rows[i - i % 4][0] >= 2) for i in range(400) if i % 4]
    assert np.mean(other) > 0.75  # of three free columns, two are the other hand's


def test_the_thumb_plays_accents() -> None:
    moments = [moment(i) for i in range(480)]
    accents = [replace(m, hit=replace(m.hit, level=0)) if i % 8 == 0 else m for i, m in enumerate(moments)]
    thumb = np.array([row == [3] for row in columns_of(accents, keys=7)])
    assert thumb[::8].mean() > 1.5 * thumb.mean()


def test_quick_notes_of_many_keys_stay_near() -> None:
    def near(step_ms: float, keys: int) -> float:
        steps = np.diff([row[0] for row in columns_of([moment(i, step_ms=step_ms) for i in range(480)], keys=keys)])
        return float((abs(steps) == 1).mean())

    assert near(100.0, 7) > 1.4 * near(250.0, 7)
    assert near(100.0, 4) == pytest.approx(near(250.0, 4), abs=0.1)


def test_quick_chords_of_many_keys_are_of_neighbours() -> None:
    def neighbours(step_ms: float) -> float:
        rows = columns_of([moment(i, step_ms=step_ms, size=2) for i in range(480)], gap_ms=90.0, keys=7)
        return float(np.mean([abs(one - other) == 1 for one, other in rows]))

    assert neighbours(100.0) > 1.3 * neighbours(250.0)


def test_hard_charts_of_many_keys_return_less(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    monkeypatch.setattr(
        engine, "draw_sources", lambda measures, rng, share: asked.append(share) or [None] * 2 * len(measures)
    )
    for gap_ms, keys in ((70.0, 7), (160.0, 7), (70.0, 4)):
        columns_of([moment(0)], gap_ms=gap_ms, keys=keys)
    assert asked == [0.55, 1.0, 1.0]


@given(seed=st.integers(0, 2**32), keys=st.integers(1, 18), pattern=st.sampled_from(sorted(HABITS)))
@settings(max_examples=30, deadline=None)
def test_rows_fit_the_keys(seed: int, keys: int, pattern: str) -> None:
    rng = np.random.default_rng(seed)
    ticks = np.unique(rng.integers(0, len(MEASURES) * BAR, 120)).tolist()
    moments = []
    for tick in ticks:
        size = int(rng.integers(1, keys + 1))
        holds = tuple(sorted((tick * 20.0 + rng.uniform(80, 900, rng.integers(0, size + 1))).tolist(), reverse=True))
        moments.append(Moment(Hit(tick, tick * 20.0, 1, (), 1.0, 1.0), size, holds))
    rows = place(moments, MEASURES, HABITS[pattern], 90.0, keys, seed)
    assert rows == place(moments, MEASURES, HABITS[pattern], 90.0, keys, seed)
    free_ms = [0.0] * keys
    for each, row in zip(moments, rows, strict=True):
        time_ms = each.hit.time_ms
        assert len(set(row)) == len(row) <= each.size
        assert all(0 <= column < keys and free_ms[column] <= time_ms + 1 for column in row)
        busy = [column for column in range(keys) if free_ms[column] > time_ms + 1]
        assert len(row) == min(each.size, keys - len(busy))
        for i, column in enumerate(row):
            free_ms[column] = max(time_ms + 90.0, each.holds[i] + 60.0 if i < len(each.holds) else 0.0)
