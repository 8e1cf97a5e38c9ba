"""Columns: along the tune, again where the music comes again, by the pattern, never before a finger is back."""

from dataclasses import replace
from itertools import groupby

import numpy as np
import pytest

from mug.synth.columns import place
from mug.synth.composition import Event
from mug.synth.measures import Measure
from mug.synth.moment import Moment
from mug.synth.patterns import PATTERNS, Pattern
from mug.synth.salience import Hit

BAR = 96
MEASURES = [Measure(i * BAR, BAR, 0, i // 4, i % 4, "verse a", None, 0, 0.0) for i in range(60)]
PLAIN = Pattern("plain", (1.0, 5.0), jumps=(0.0, 0.0, 0.0, 0.0), noise=0.0, pitch=5.0)


def hit(i: int, layer: str, pitch: int = 0, step_ms: float = 250.0) -> Hit:
    """The i-th eighth."""
    return Hit(12 * i, step_ms * i, 0, (Event(12 * i, layer, pitch, 12, 1.0),), 1.0, 1.0)


def columns_of(
    hits: list[Hit], size: int = 1, pattern: Pattern = PLAIN, level: float = 3.0, keys: int = 4, seed: int = 0
) -> list[list[int]]:
    return place([Moment(hit, size) for hit in hits], MEASURES, pattern, level, keys, seed)


@pytest.mark.parametrize("seed", range(4))
def test_columns_go_up_and_down_with_the_tune(seed: int) -> None:
    pitches = [60, 62, 64, 62, 60, 72, 64, 62]
    columns = [row[0] for row in columns_of([hit(i, "lead", p) for i, p in enumerate(pitches)], keys=18, seed=seed)]
    steps = (np.diff(columns) + 9) % 18 - 9  # past the last column comes the first
    assert (np.sign(steps) == np.sign(np.diff(pitches))).all()
    assert abs(steps[4]) > abs(steps[0])  # a leap


@pytest.mark.parametrize("pattern", ["stream", "jumpstream", "technical"])
def test_a_bar_that_comes_again_is_the_same_or_mirrored(pattern: str) -> None:
    tune = [60, 67, 62, 64, 60, 72, 64, 62]
    hits = [hit(i, "lead", tune[i % 8]) for i in range(32)]
    kinds = set()
    for seed in range(8):
        columns = columns_of(hits, pattern=PATTERNS[pattern], seed=seed)
        _, second, third, fourth = (columns[i : i + 8] for i in range(0, 32, 8))
        mirrored = [[3 - column for column in row] for row in second]
        assert sum(a == b for a, b in zip(second, fourth, strict=True)) >= 6
        same = sum(a == b for a, b in zip(second, third, strict=True))
        turned = sum(a == b for a, b in zip(mirrored, third, strict=True))
        assert max(same, turned) >= 6
        kinds.add(same > turned)
    assert kinds == {True, False}


def test_a_column_rests_between_its_notes() -> None:
    for level, gap_ms in ((2.0, 300), (4.0, 145)):
        columns = columns_of([hit(i, "hat", step_ms=80.0) for i in range(100)], size=3, level=level)
        for column in range(4):
            times = [80 * i for i, row in enumerate(columns) if column in row]
            assert min(np.diff(times)) >= gap_ms - 1
    assert min(map(len, columns)) < 3  # as many are not free


def test_jacks_stay_in_a_column_and_streams_leave_it() -> None:
    hits = [hit(i, "hat") for i in range(64)]
    hits = [replace(h, tick=i) for i, h in enumerate(hits)]  # within a bar, so that none is repeated

    def runs(pattern: str) -> list[int]:
        columns = columns_of(hits, pattern=PATTERNS[pattern])
        return [len(list(run)) for _, run in groupby(columns)]

    assert np.mean(runs("stream")) < 1.2
    assert np.mean(runs("jackspeed")) > 3
    assert max(runs("jackspeed")) <= PATTERNS["jackspeed"].run[1]


def test_kick_and_snare_have_a_hand_each() -> None:
    drums = ["kick", "kick", "snare", "kick", "snare", "snare"] * 8
    hits = [hit(i, drum, step_ms=500.0) for i, drum in enumerate(drums)]
    one = [replace(MEASURES[0], n_ticks=48 * BAR)]  # a single bar, none to be mirrored
    rows = place([Moment(hit, 1) for hit in hits], one, replace(PLAIN, pitch=0.1), 3.0, 4, 0)
    right = np.array([row[0] >= 2 for row in rows])
    kicks = np.array(drums) == "kick"
    assert abs(right[kicks].mean() - right[~kicks].mean()) >= 0.6


def test_as_many_columns_as_wanted_all_of_them_different() -> None:
    columns = columns_of([hit(i, "chord", 60 + i % 5, 600.0) for i in range(40)], size=3)
    assert {len(set(row)) for row in columns} == {3}


def test_no_note_stands_in_a_held_column() -> None:
    moments = [
        Moment(hit(0, "lead", 60), 2, (1000.0, 600.0)),
        *(Moment(hit(i, "lead", 60 + i), 1) for i in range(1, 9)),
    ]
    rows = place(moments, MEASURES, PATTERNS["stream"], 3.0, 4, 0)
    (long, short), *taps = rows
    assert all(long not in row for row in taps[:4])  # until 1060 ms
    assert all(short not in row for row in taps[:2])  # until 660 ms
