"""Charts that no one would write: what is wrong with them as a whole, and what to try.

Limits: of 300 charts of people the busiest column has 45 % of the notes at most, and the four most usual intervals
cover 47 % of a chart at least; at random moments they cover 41 % in 95 of 100 charts.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from mug.charts.beatmap import Beatmap
from mug.charts.rows import rows_of

LONGEST_REST_MS = 20_000.0  # of loud music without notes
MOST_IN_COLUMN = 0.6
FEWEST_NOTES = 40  # fewer have no usual interval
USUAL_INTERVALS, INTERVAL_MS = 4, 10.0
LEAST_USUAL = 0.45

Span = tuple[float, float]


def degenerate(chart: Beatmap, loud: Sequence[Span] = ()) -> list[str]:
    """Return a line for each thing that is wrong with a chart as a whole.

    loud: when the music is as loud as in most of the song, in ms.
    """
    return [*_rests(chart, loud), *_one_column(chart), *_noise(chart)]


def _rests(chart: Beatmap, loud: Sequence[Span]) -> Iterator[str]:
    held = sorted((note.start_ms, note.last_ms) for note in chart.notes)
    busy_until = -np.inf
    rests = []
    for start, end in [*held, (np.inf, np.inf)]:
        if start > busy_until:
            rests.append((busy_until, start))
        busy_until = max(busy_until, end)
    for rest_start, rest_end in rests:
        for start, end in loud:
            low, high = max(start, rest_start), min(end, rest_end)
            if high - low >= LONGEST_REST_MS:
                yield (
                    f"no notes from {_clock(low)} to {_clock(high)}, where the music is as loud as elsewhere; "
                    "try another --seed, more stars, or a larger --ensemble"
                )


def _one_column(chart: Beatmap) -> Iterator[str]:
    counts = np.bincount([note.column for note in chart.notes], minlength=chart.keys)
    if chart.keys > 1 and len(chart.notes) >= FEWEST_NOTES and counts.max() > MOST_IN_COLUMN * counts.sum():
        share = counts.max() / counts.sum()
        where = f"{share:.0%} of the notes are in column {counts.argmax() + 1}"
        yield f"{where}; try another --seed, or a model trained longer"


def _noise(chart: Beatmap) -> Iterator[str]:
    moments, _ = rows_of(chart)
    if len(moments) < FEWEST_NOTES:
        return
    steps = [round((after - before) / INTERVAL_MS) for before, after in pairwise(moments.tolist())]
    usual = sum(n for _, n in Counter(steps).most_common(USUAL_INTERVALS)) / len(steps)
    if usual < LEAST_USUAL:
        yield (
            "its rhythm is that of noise: hardly any interval comes again; try --timing_of or --bpm, a larger "
            "--ensemble, or a model trained longer"
        )


def _clock(time_ms: float) -> str:
    return f"{int(time_ms // 60_000):02}:{int(time_ms // 1000) % 60:02}"
