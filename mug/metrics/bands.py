"""What returns in charts, by the stars of the human's chart: easy charts repeat more than hard ones."""

import math
from collections.abc import Iterable, Mapping
from statistics import median

from mug.metrics.scoreboard import Summary

LIMITS = (1.5, 2.5, 3.5, 4.5, 6.0, math.inf)  # upper limits of the bands, in stars
TITLE = "motif share / structure, medians (charts)"
PEOPLE, CHANCE = "people", "their columns shuffled"

Figures = Mapping[str, float]


def band_of(stars: float) -> str:
    """Return the name of a star rating's band."""
    number = next(i for i, limit in enumerate(LIMITS) if stars < limit)
    if number == 0:
        return f"below {LIMITS[0]:g} stars"
    low, high = LIMITS[number - 1 : number + 1]
    return f"{low:g} stars and above" if math.isinf(high) else f"{low:g} to {high:g} stars"


def band_rows(summaries: Mapping[str, Summary]) -> list[list[str]]:
    """The cells of motif share and structure in each band: of the humans' charts, of chance, and of each source.

    Chance is the motif share of the humans' charts with shuffled columns.
    """
    people: dict[str, tuple[str, Figures]] = {}  # by reference: its band and figures
    chance: dict[str, tuple[str, Figures]] = {}
    sources: dict[str, list[tuple[str, Figures]]] = {name: [] for name in summaries}
    for name, summary in summaries.items():
        for pair, row in zip(summary.pairs, summary.rows, strict=True):
            band = band_of(pair.reference.star_rating)
            sources[name].append((band, {key: row[key] for key in ("motif_share", "structure")}))
            humans = {"motif_share": row["motif_share_human"], "structure": row["structure_human"]}
            people[pair.name] = (band, humans)
            chance[pair.name] = (band, {"motif_share": pair.reference.motifs.chance, "structure": math.nan})
    columns: dict[str, Iterable[tuple[str, Figures]]] = {PEOPLE: people.values(), CHANCE: chance.values(), **sources}
    rows = [[TITLE, *columns]]
    for band in dict.fromkeys(map(band_of, (0.0, *LIMITS[:-1]))):
        cells = [_cell([figures for own, figures in column if own == band]) for column in columns.values()]
        if set(cells) != {"-"}:
            rows.append([band, *cells])
    return rows


def _cell(charts: list[Figures]) -> str:
    """The medians of the charts that have them, and how many charts have a motif share; "-" without any."""
    known = {key: [row[key] for row in charts if math.isfinite(row[key])] for key in ("motif_share", "structure")}
    if not known["motif_share"]:
        return "-"
    figures = " / ".join(f"{median(values):.2f}" if values else "-" for values in known.values())
    return f"{figures} ({len(known['motif_share'])})"
