"""Rate charts: osu!'s star rating, the share of long notes, and Etterna's skillset ratings (MSD) of the 4K ones.

mug rate ~/osu/Songs --csv ratings.csv
mug rate chart.osu chart.sm --rate 1.2

Folders are searched at any depth. If a file has several charts, each has a line, path#name. Unreadable files are left
out and listed at the end: broken ones, which make the exit status 1, and charts of other modes, which do not.
MSD come from Etterna's calculator if the package minacalc is installed, otherwise from an estimate (docs/msd.md); 0
means that the calculator does not rate the chart.
"""

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

from mug import cli
from mug.charts.chart_files import find_charts
from mug.cli import command_parser
from mug.errors import DatasetError
from mug.ratings.msd.rating import calculator_version
from mug.ratings.msd.table import BROKEN, rate_files, text_table, write_csv
from mug.ratings.rates import MAX_RATE, MIN_RATE


def main(argv: Sequence[str] | None = None) -> int:
    options = build_parser().parse_args(argv)
    paths = find_charts(options.charts)
    if not paths:
        raise DatasetError(f"no charts in {', '.join(map(str, options.charts))}")
    calculator = calculator_version()
    rated, report = rate_files(paths, options.rate)
    print(cli.printable(text_table(rated)))
    print(cli.printable(f"{report}\nMSD by {calculator}"))
    if options.csv:
        write_csv(options.csv, rated)
    return 1 if any(kind == BROKEN for kind, _ in report.skipped) else 0


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("rate", __doc__)
    parser.add_argument("charts", nargs="+", type=Path, metavar="FILE_OR_FOLDER")
    parser.add_argument("--rate", type=sane_rate, default=1.0, help="playback rate (default: 1)")
    parser.add_argument("--csv", type=Path, help="also write the table to this file")
    return parser


def sane_rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not MIN_RATE <= rate <= MAX_RATE:  # also catches NaN
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from {MIN_RATE:g} to {MAX_RATE:g}")
    return rate
