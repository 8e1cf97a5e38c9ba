"""How long does the estimate of Etterna's ratings take? 2000 notes at one rate, and per further rate of sixteen."""

from collections.abc import Sequence

import numpy as np

from benchmarks.measure import Row, Settings, median_seconds, parse, report, settings_of
from mug.ratings.msd.estimate import estimate_msd

TITLE = "skillset ratings (MSD)"
LIMIT_S, FURTHER_LIMIT_S = 0.005, 0.0015
RATES = 16
ROW_MS = 100  # one note in most rows, two in every fifth: eleven or twelve notes a second


def rows(settings: Settings) -> list[Row]:
    """Chords and single notes in random columns; the toy size has a tenth of the notes."""
    notes = 200 if settings.quick else 2000
    generator = np.random.default_rng(0)
    columns, times = [], []
    for row in range(notes * 5 // 6 + 1):
        drawn = generator.choice(4, size=2 if row % 5 == 0 else 1, replace=False)
        columns += drawn.tolist()
        times += [float(ROW_MS * row)] * len(drawn)
    chart = np.array(columns[:notes]), np.array(times[:notes])
    rates = np.linspace(0.75, 1.5, RATES).tolist()
    calls = {"one": lambda: estimate_msd(*chart, [1.0]), "all": lambda: estimate_msd(*chart, rates)}
    seconds = median_seconds(calls, settings)
    further = (seconds["all"] - seconds["one"]) / (RATES - 1)
    return [
        Row(f"a chart of {notes}, one rate", LIMIT_S, seconds["one"], "s", 1.0),
        Row(f"a chart of {notes}, each further of {RATES} rates", FURTHER_LIMIT_S, further, "s", 1.0),
    ]


def main(argv: Sequence[str] | None = None) -> None:
    settings = settings_of(parse(__doc__, argv))
    report(TITLE, rows(settings), settings, other="limit")


if __name__ == "__main__":
    main()
