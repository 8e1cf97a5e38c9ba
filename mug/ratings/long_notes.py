"""The share of long notes in a chart, and the kind of chart: rice, hybrid or long notes."""

from collections.abc import Callable

from mug.charts.beatmap import Beatmap

RICE_BELOW = 0.1  # ln_ratio
HYBRID_FROM, HYBRID_TO = 0.1, 0.7
LONG_NOTES_FROM = 0.4
KINDS: dict[str, Callable[[float], bool]] = {  # the prompt's feature -> whether a chart with this ln_ratio has it
    "rc": lambda ratio: ratio < RICE_BELOW,
    "hb": lambda ratio: HYBRID_FROM <= ratio <= HYBRID_TO,
    "ln": lambda ratio: ratio >= LONG_NOTES_FROM,
}


def ln_ratio(chart: Beatmap) -> float:
    """Return the share of long notes among the notes, 0 for an empty chart."""
    return chart.n_long_notes / len(chart.notes) if chart.notes else 0.0


def is_rice(chart: Beatmap) -> int:
    """Return 1 for a chart with hardly any long notes, else 0."""
    return int(KINDS["rc"](ln_ratio(chart)))


def is_hybrid(chart: Beatmap) -> int:
    """Return 1 for a chart that mixes long and plain notes, else 0."""
    return int(KINDS["hb"](ln_ratio(chart)))


def is_long_notes(chart: Beatmap) -> int:
    """Return 1 for a long-note chart, else 0. It may be a hybrid too."""
    return int(KINDS["ln"](ln_ratio(chart)))
