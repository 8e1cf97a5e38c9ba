"""Plots of a scoreboard: F1 by star rating, requested and actual stars, snaps and chords."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mug.files import replacing
from mug.metrics.contest import GENERATED, HUMAN, LIBROSA, RANDOM
from mug.metrics.patterns import as_arrays
from mug.metrics.scoreboard import Summary
from mug.metrics.snaps import SNAPS
from mug.pictures.charts import TEXT
from mug.pictures.statistics import ACCENT, MEDIAN, MUTED, STYLE, Axes, Figure, style

COLORS = {GENERATED: ACCENT, HUMAN: MEDIAN, LIBROSA: "#7bd88f", RANDOM: MUTED}
PEOPLE = "#b0b8c8"


def write_plots(summaries: Mapping[str, Summary], folder: Path) -> list[Path]:
    """Write the plots into a folder and return their paths. Plots of prompts need a model's charts."""
    drawn = {"f1_by_stars.png": draw_f1(summaries)}
    if GENERATED in summaries:
        drawn |= {
            "stars.png": draw_stars(summaries[GENERATED]),
            "snaps_and_chords.png": draw_shares(summaries[GENERATED]),
        }
    for name, figure in drawn.items():
        with replacing(folder / name) as temporary:
            figure.savefig(temporary, dpi=110)
    return [folder / name for name in drawn]


def draw_f1(summaries: Mapping[str, Summary]) -> Figure:
    """Onset F1 at 50 ms of every chart over the stars of its reference."""
    figure, (axes,) = _page(1)
    axes.set_title("onset F1 within 50 ms, by the stars of the human's chart")
    for name, summary in summaries.items():
        stars = [pair.reference.star_rating for pair in summary.pairs]
        axes.scatter(
            stars,
            [row["onset_f1_50ms"] for row in summary.rows],
            s=22,
            alpha=0.8,
            linewidths=0,
            color=COLORS[name],
            label=name,
        )
    axes.set_xlabel("stars")
    axes.set_ylim(0, 1)
    axes.legend(frameon=False, labelcolor=TEXT, loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def draw_stars(summary: Summary) -> Figure:
    """The star rating of every chart over the requested one."""
    figure, (axes,) = _page(1)
    axes.set_title("stars: requested and actual")
    requested, got = (np.array([row[name] for row in summary.rows]) for name in ("star_rating_asked", "star_rating"))
    top = max(float(requested.max()), float(got.max()), 1.0) * 1.05
    axes.plot([0, top], [0, top], color=MUTED, linewidth=1.2)
    axes.scatter(requested, got, s=22, alpha=0.8, linewidths=0, color=ACCENT)
    axes.set_xlabel("requested")
    axes.set_ylabel("got")
    axes.set_xlim(0, top)
    axes.set_ylim(0, top)
    return figure


def draw_shares(summary: Summary) -> Figure:
    """Snaps and chord sizes of the generated and the human charts."""
    figure, (left, right) = _page(2)
    sides = [[pair.reference for pair in summary.pairs], [pair.estimated for pair in summary.pairs]]
    _bars(left, "snaps", list(SNAPS), [np.mean([chart.snaps for chart in side], axis=0) for side in sides])
    sizes = sorted({size for side in sides for chart in side for size in chart.chords})
    shares = [array.mean(axis=0) for array in as_arrays(*([chart.chords for chart in side] for side in sides))]
    _bars(right, "notes at once", [str(size) for size in sizes], shares)
    right.legend(frameon=False, labelcolor=TEXT)
    return figure


def _bars(axes: Axes, title: str, names: list[str], shares: list[np.ndarray]) -> None:
    axes.set_title(title)
    places = np.arange(len(names))
    for shift, values, color, label in zip((-0.2, 0.2), shares, (PEOPLE, ACCENT), ("human", "generated"), strict=True):
        axes.bar(places + shift, values, width=0.38, color=color, label=label)
    axes.set_xticks(places, names)
    axes.grid(axis="x", visible=False)


def _page(n_columns: int) -> tuple[Figure, list[Axes]]:
    with style.context(STYLE):
        figure = Figure(figsize=(5 + 3.5 * n_columns, 4.2), layout="constrained")
        return figure, list(np.atleast_1d(figure.subplots(1, n_columns)))
