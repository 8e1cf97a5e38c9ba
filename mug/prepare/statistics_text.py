"""Statistics of a set of charts as lines of text that fit a terminal."""

import unicodedata
from collections.abc import Iterable, Mapping

import numpy as np

from mug.cli import printable
from mug.prepare.statistics import MEASURES, QUANTILES, Statistics

TOP = 8  # mappers or licences shown
BAR = 24  # characters
DECIMALS = {"n_notes": 0, "bpm": 0}


def statistics_text(statistics: Statistics, width: int = 100) -> str:
    """Return the numbers of a set, in lines of at most `width` characters; a width below 60 counts as 60."""
    width = max(width, 60)
    lines = [f"{statistics.name}: {statistics.headline()}", ""]
    lines.append(_row("", ("lowest", "10 %", "median", "90 %", "highest")))
    for name, title in MEASURES.items():
        values = statistics.measured(name)
        quantiles = np.quantile(values, QUANTILES) if len(values) else ()
        lines.append(_row(title, [f"{value:,.{DECIMALS.get(name, 2)}f}" for value in quantiles] or ["   not given"]))
    n = len(statistics.charts)
    keys = {f"{keys} keys": count / n for keys, count in sorted(statistics.keys.items())}
    lines += _shares("key counts", keys)
    lines += _shares("patterns (a chart may have several)", statistics.pattern_shares)
    lines += _shares("rank status", {name: count / n for name, count in statistics.statuses.most_common()})
    lines += _shares("licences", {name: count / n for name, count in statistics.licences.most_common(TOP)})
    lines += _shares(
        "mappers with most charts", {name: count / n for name, count in statistics.creators.most_common(TOP)}
    )
    lines += ["", "remarkable charts"]
    lines += [f"  {name:<24}{count:>8}" for name, count in statistics.remarks.items()]
    return "\n".join(fitted(printable(line), width).rstrip() for line in lines)


def _row(title: str, cells: Iterable[str]) -> str:
    return f"{title:<20}" + "".join(f"{cell:>8}" for cell in cells)


def _shares(title: str, shares: Mapping[str, float]) -> list[str]:
    if not shares:
        return []
    longest = max(shares.values()) or 1.0
    rows = [
        f"  {padded(name, 24)}{share:>8.1%}  {'█' * round(BAR * share / longest)}" for name, share in shares.items()
    ]
    return ["", title, *rows]


def columns(text: str) -> int:
    """The width of a text in terminal columns: Chinese and Japanese characters take two."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def fitted(text: str, width: int) -> str:
    """Cut a text to at most `width` columns."""
    if columns(text) <= width:
        return text
    while columns(text) > width - 1:
        text = text[:-1]
    return text + "…"


def padded(text: str, width: int) -> str:
    text = fitted(printable(text), width - 1)
    return text + " " * (width - columns(text))
