"""Charts that no one would write are told from others, with what to try."""

import numpy as np
import pytest

from mug.charts.beatmap import Beatmap, Note
from mug.lint.degenerate import degenerate


def chart(times: list[float], columns: list[int] | None = None, holds: dict[int, float] | None = None) -> Beatmap:
    columns = columns or [i % 4 for i in range(len(times))]
    ends = holds or {}
    return Beatmap(4, [Note(ms, c, ends.get(i)) for i, (ms, c) in enumerate(zip(times, columns, strict=True))], [])


STEADY = [400.0 * i for i in range(100)]


def test_usual_charts_are_not_doubted():
    assert degenerate(chart(STEADY), [(0.0, 55_000.0)]) == []
    assert degenerate(chart([])) == []


def test_loud_music_without_notes():
    (line,) = degenerate(chart([*STEADY, 70_000.0]), [(0.0, 75_000.0)])
    assert line == (
        "no notes from 00:39 to 01:10, where the music is as loud as elsewhere; try another --seed, more stars, or a "
        "larger --ensemble"
    )
    assert degenerate(chart([*STEADY, 70_000.0]), [(0.0, 55_000.0), (60_000.0, 75_000.0)]) == []  # a quiet part
    assert degenerate(chart([*STEADY, 70_000.0], holds={99: 69_000.0}), [(0.0, 75_000.0)]) == []  # a key is held
    assert [line[:28] for line in degenerate(chart(STEADY), [(0.0, 90_000.0)])] == ["no notes from 00:39 to 01:30"]


def test_one_column():
    (line,) = degenerate(chart(STEADY, [2] * 90 + [0] * 10))
    assert line.startswith("90% of the notes are in column 3; try ")


@pytest.mark.parametrize("seed", range(3))
def test_the_rhythm_of_noise(seed):
    times = np.sort(np.random.default_rng(seed).uniform(0, 60_000, 300)).tolist()
    (line,) = degenerate(chart(times))
    assert line.startswith("its rhythm is that of noise: hardly any interval comes again; try ")
    assert degenerate(chart(times[:30])) == []  # too few to tell
