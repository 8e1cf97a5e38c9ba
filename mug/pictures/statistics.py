"""Statistics of a set of charts as pictures: panels for notebooks, and all of them on one page."""

import base64
import html
import io
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from mug.errors import MugError
from mug.files import replacing
from mug.pictures.charts import BACKGROUND, DIM_TEXT, TEXT
from mug.prepare.statistics import Statistics
from mug.prepare.statistics_text import fitted, statistics_text
from mug.ratings.skillsets import SKILLSETS

try:
    from matplotlib import style
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine
    from matplotlib.ticker import MaxNLocator
except ModuleNotFoundError as error:
    raise MugError("pictures of statistics need matplotlib; install it: pip install 'mug[plots]'") from error

PANEL, EDGE = "#1b1f29", "#2b303d"
ACCENT, MEDIAN, MUTED = "#55b4ff", "#ffd24a", "#3d4557"
MAX_BARS, OTHERS = 8, " others"
N_BINS = 24
STYLE: dict[str, Any] = {
    "figure.facecolor": BACKGROUND,
    "axes.facecolor": PANEL,
    "axes.edgecolor": EDGE,
    "axes.labelcolor": DIM_TEXT,
    "axes.titlecolor": TEXT,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 9,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "grid.color": EDGE,
    "grid.linewidth": 0.8,
    "text.color": TEXT,
    "text.parse_math": False,  # a dollar sign in a name is not maths
    "xtick.color": DIM_TEXT,
    "ytick.color": DIM_TEXT,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "font.size": 9,
}


def histogram(axes: Axes, values: np.ndarray, title: str, step: float | None = None) -> None:
    """Draw a histogram in bins of `step`, or about two dozen, with the median marked.

    The highest hundredth goes into the last bin if it would squeeze all others.
    """
    axes.set_title(title)
    axes.set_ylabel("charts")
    axes.grid(axis="x", visible=False)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    if not len(values):
        _say_nothing(axes)
        return
    low, high = float(values.min()), float(np.quantile(values, 0.99))
    if high < 0.8 * values.max():
        values = np.minimum(values, high)
    else:
        high = float(values.max())
    if step is None:
        step = _round_step((high - low) / N_BINS)
    first = np.floor(low / step) * step
    edges = first + step * np.arange(max(2, int(np.ceil((high - first) / step - 1e-6)) + 1))
    axes.hist(values, edges, color=ACCENT, rwidth=0.86)
    median = float(np.median(values))
    axes.axvline(median, color=MEDIAN, linewidth=1.4)
    axes.annotate(
        f"median {median:.{2 if median < 10 else 0}f}",
        (median, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(4 if median < (edges[0] + edges[-1]) / 2 else -4, -3),
        textcoords="offset points",
        ha="left" if median < (edges[0] + edges[-1]) / 2 else "right",
        va="top",
        color=MEDIAN,
        fontsize=8,
    )
    axes.set_xlim(edges[0], edges[-1])
    axes.margins(y=0.12)


def bars(axes: Axes, shares: Mapping[str, float], title: str) -> None:
    """Draw shares as bars from left to right, each with its name and its percentage."""
    axes.set_title(title)
    axes.grid(visible=False)
    if not shares:
        _say_nothing(axes)
        return
    places = np.arange(len(shares))
    colors = [MUTED if name.endswith(OTHERS) else ACCENT for name in shares]
    axes.barh(places, list(shares.values()), color=colors, height=0.68)
    longest = max(shares.values()) or 1.0
    for place, share in zip(places, shares.values(), strict=True):
        label = f"{share:.0%}" if share >= 0.1 else f"{share:.1%}"
        axes.text(share + 0.02 * longest, float(place), label, va="center", fontsize=8)
    axes.set_yticks(places, [fitted(name, 22) for name in shares])
    axes.tick_params(axis="y", colors=TEXT)
    axes.set_xticks([])
    axes.set_xlim(0, 1.18 * longest)
    axes.set_ylim(max(len(shares), MAX_BARS) - 0.4, -0.6)


def shares_of(counts: Counter[str]) -> dict[str, float]:
    """The shares of the most frequent values, with the rest combined if there are too many for a panel."""
    total = counts.total()
    kept = counts.most_common(MAX_BARS if len(counts) <= MAX_BARS else MAX_BARS - 1)
    shares = {name: count / total for name, count in kept}
    if len(kept) < len(counts):
        shares[f"{len(counts) - len(kept)}{OTHERS}"] = 1 - sum(shares.values())
    return shares


def skillsets(axes: Axes, statistics: Statistics) -> None:
    """Draw the MSD of each skillset: from the 10th to the 90th percentile, the middle half, and the median."""
    axes.set_title("MSD by skillset")
    axes.grid(axis="y", visible=False)
    drawn = {name: values for name in SKILLSETS if len(values := statistics.measured(f"{name}_ett"))}
    if not drawn:
        _say_nothing(axes)
        return
    for place, values in enumerate(drawn.values()):
        tenth, quarter, median, three_quarters, nine_tenths = np.quantile(values, (0.1, 0.25, 0.5, 0.75, 0.9))
        axes.plot([tenth, nine_tenths], [place, place], color=MUTED, linewidth=5, solid_capstyle="round")
        axes.plot([quarter, three_quarters], [place, place], color=ACCENT, linewidth=5, solid_capstyle="round")
        axes.plot(median, place, "o", color=MEDIAN, markersize=5)
    axes.set_yticks(range(len(drawn)), list(drawn))
    axes.tick_params(axis="y", colors=TEXT)
    axes.set_ylim(len(drawn) - 0.4, -0.6)


def density(axes: Axes, statistics: Statistics) -> None:
    """Draw every chart as a point: its star rating over its notes per second."""
    axes.set_title("star rating over density")
    axes.set_xlabel("notes per second")
    axes.set_ylabel("star rating")
    charts = [chart for chart in statistics.charts if chart.measure("sr") is not None]
    x, y = (np.array([chart.measure(name) for chart in charts], dtype=np.float64) for name in ("notes_per_s", "sr"))
    alpha = float(np.clip(100 / max(len(charts), 1), 0.1, 0.8))
    axes.scatter(x, y, s=16, color=ACCENT, alpha=alpha, linewidths=0)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)


def draw_statistics(statistics: Statistics) -> Figure:
    """Return all panels on one page; values that all charts share get a line of text, not a panel."""
    panels: list[Callable[[Axes], None]] = [
        lambda axes: histogram(axes, statistics.measured("sr"), "star rating"),
        lambda axes: histogram(axes, statistics.measured("ett"), "MSD, overall"),
        lambda axes: skillsets(axes, statistics),
        lambda axes: histogram(axes, statistics.measured("notes_per_s"), "notes per second"),
        lambda axes: histogram(axes, 100 * statistics.measured("ln_ratio"), "long notes, %", step=5.0),
        lambda axes: bars(axes, statistics.pattern_shares, "patterns"),
        lambda axes: histogram(axes, statistics.measured("bpm"), "BPM"),
        lambda axes: histogram(axes, statistics.measured("minutes"), "length, minutes"),
        lambda axes: density(axes, statistics),
    ]
    alike = []  # shared by all charts
    for title, counts in (
        ("keys", Counter({f"{keys}K": count for keys, count in statistics.keys.items()})),
        ("rank status", statistics.statuses),
        ("licence", statistics.licences),
        ("mapper", statistics.creators),
    ):
        if len(counts) > 1:
            panels.append(partial(bars, shares=shares_of(counts), title=title))
        elif counts:
            alike.append(f"{title} {next(iter(counts))}")
    n_columns = 3 if len(panels) == 9 else 4
    n_rows = -(-len(panels) // n_columns)
    with style.context(STYLE):
        layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12, wspace=0.03, hspace=0.04)
        figure = Figure(figsize=(15, 0.6 + 3 * n_rows), layout=layout)
        figure.suptitle(f"{statistics.name}: {statistics.headline()}", x=0.012, ha="left", fontsize=14)
        for axes, draw in zip_longest(figure.subplots(n_rows, n_columns).flat, panels):
            axes.remove() if draw is None else draw(axes)
        remarks = [f"{count} {name}" for name, count in statistics.remarks.items() if count]
        said = [
            f"{title}: {', '.join(facts)}" for title, facts in (("charts", remarks), ("all charts", alike)) if facts
        ]
        if said:
            figure.supxlabel(".  ".join(said), x=0.012, ha="left", fontsize=9, color=DIM_TEXT)
    return figure


def write_page(statistics: Statistics, path: Path) -> None:
    """Write the page as a picture (.png, .svg, .pdf) or as an .html file with the numbers, completely or not at all."""
    figure = draw_statistics(statistics)
    with replacing(path) as temporary, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # names in scripts that the font lacks
        if path.suffix.lower() != ".html":
            figure.savefig(temporary, dpi=110)
            return
        picture = io.BytesIO()
        figure.savefig(picture, format="png", dpi=110)
        name = html.escape(statistics.name)
        temporary.write_text(
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{name}</title>'
            f'<body style="background:{BACKGROUND};color:{TEXT};margin:2em">'
            f'<img style="max-width:100%" alt="{name} in pictures" '
            f'src="data:image/png;base64,{base64.b64encode(picture.getvalue()).decode()}">'
            f"<pre>{html.escape(statistics_text(statistics))}</pre></body></html>\n",
            encoding="utf-8",
        )


def _say_nothing(axes: Axes) -> None:
    axes.text(0.5, 0.5, "not given", transform=axes.transAxes, ha="center", va="center", color=DIM_TEXT)
    axes.grid(visible=False)
    axes.set_xticks([])
    axes.set_yticks([])


def _round_step(step: float) -> float:
    """The next of 1, 2, 5, 10... times a power of ten."""
    power = 10.0 ** np.floor(np.log10(max(step, 1e-6)))
    return float(power * next(factor for factor in (1, 2, 5, 10) if factor * power >= step * 0.999))
