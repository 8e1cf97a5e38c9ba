"""People's charts and those of other folders in one picture: a panel for each figure, stars from left to right."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mug.files import replacing
from mug.metrics.habits.comparison import Band, quartiles
from mug.pictures.charts import TEXT
from mug.pictures.statistics import ACCENT, MEDIAN, STYLE, Axes, Figure, style

PEOPLE, FOLDERS = "#b0b8c8", (MEDIAN, ACCENT, "#7bd88f", "#ff7a90")
COLUMNS = 6
PANELS = {  # group -> the figures that are drawn
    "difficulty": ("moments in the next harder chart",),
    "density": (
        "notes a second",
        "variation over measures",
        "variation over parts",
        "time in rests of two beats",
        "next after 1/2",
        "next after 1/4",
        "in runs of 17 and more",
    ),
    "chords": (
        "single notes",
        "chords of 2",
        "chords of 3",
        "chord after chord",
        "notes at once on beat 1",
        "notes at once on half beats",
        "notes at once on quarters",
    ),
    "columns": (
        "in stairs",
        "in rolls",
        "in trills",
        "in chord trills",
        "in jacks of 2",
        "in jacks of 4 and more",
        "anchor",
        "hand balance in a measure",
        "hands change",
    ),
    "returns": ("rhythm share", "motif share", "rhythm as 1 before", "columns as it was, 4 before"),
    "long notes": (
        "long notes",
        "length, beats",
        "other hand taps",
        "other hand holds",
        "released together",
        "released on a note",
        "released on a beat",
        "inverse",
    ),
}


def write_comparison(bands: Mapping[int, Mapping[str, Band]], path: Path) -> None:
    """Write the picture of each number of keys, one below the other, whole or not at all."""
    with replacing(path) as temporary:
        draw_comparison(bands).savefig(temporary, dpi=90)


def draw_comparison(bands: Mapping[int, Mapping[str, Band]]) -> Figure:
    """Draw the figures of each number of keys: people's quartiles as an area, the others' as lines."""
    names = [(group, name) for group, figures in PANELS.items() for name in figures]
    n_rows = -(-len(names) // COLUMNS)
    with style.context({**STYLE, "axes.titlesize": 9, "font.size": 8}):
        figure = Figure(figsize=(3 * COLUMNS, (2.1 * n_rows + 0.5) * len(bands)), layout="constrained")
        for part, (keys, of_keys) in zip(
            figure.subfigures(len(bands), 1, squeeze=False)[:, 0], bands.items(), strict=True
        ):
            part.suptitle(f"{keys} keys, by stars", x=0.012, ha="left", fontsize=13, color=TEXT)
            panels = part.subplots(n_rows, COLUMNS).flat
            for axes, (group, name) in zip(panels, names, strict=False):
                _panel(axes, of_keys, group, name)
            for axes in panels[len(names) :]:
                axes.remove()
            part.legend(*panels[0].get_legend_handles_labels(), loc="upper right", frameon=False, ncols=9)
    return figure


def _panel(axes: Axes, bands: Mapping[str, Band], group: str, name: str) -> None:
    axes.set_title(name)
    labels = [_short(band) for band in bands]
    axes.set_xticks(range(len(labels)), labels)
    axes.set_xlim(-0.4, len(labels) - 0.6)
    sides = {"people": PEOPLE} | dict(zip(next(iter(bands.values())).composed, FOLDERS, strict=False))
    for number, (side, color) in enumerate(sides.items()):
        found = [quartiles(band.sides[number], group, name) for band in bands.values()]
        places = np.array([place for place, values in enumerate(found) if values is not None], dtype=np.float64)
        low, middle, high = np.array([values for values in found if values is not None]).reshape(-1, 3).T
        if number == 0:
            axes.fill_between(places, low, high, color=color, alpha=0.3, linewidth=0)
            axes.plot(places, middle, color=color, linewidth=1.6, label=side)
        else:
            places = places + 0.08 * (number - 1)
            axes.plot(places, middle, ".-", color=color, linewidth=1.4, label=side)
            axes.vlines(places, low, high, color=color, linewidth=0.9, alpha=0.7)
    axes.set_ylim(bottom=0)


def _short(band: str) -> str:
    """The name of a band, short enough for an axis."""
    return band.replace("below ", "< ").replace(" stars and above", "+").replace(" to ", "-").removesuffix(" stars")
