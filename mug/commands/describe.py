"""Statistics of a set of charts: difficulty, length, patterns, mappers, and problems.

    mug describe -b data/mine/beatmap.txt
    mug describe -b data/mine/beatmap.txt --plot mine.png --html mine.html

Features come from features.db beside the list; charts missing there are rated now, which takes longer. If there is a
SOURCES.tsv beside the list (first column: chart or folder; one with "licence" in its name), licences are counted.
"""

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from mug.cli import command_parser
from mug.errors import DatasetError
from mug.prepare.statistics import read_statistics
from mug.prepare.statistics_text import statistics_text

PICTURES = (".png", ".svg", ".pdf")


def main(argv: Sequence[str] | None = None) -> None:
    args = build_parser().parse_args(argv)
    for path, suffixes in ((args.plot, PICTURES), (args.html, (".html",))):
        if path is not None and path.suffix.lower() not in suffixes:
            raise DatasetError(f"{path}: give it a name that ends in {' or '.join(suffixes)}")
    pages = [path for path in (args.plot, args.html) if path is not None]
    if pages:
        from mug.pictures.statistics import (
            write_page,  # here, so that only plots need matplotlib, and fail early without it
        )
    beatmap_txt = args.beatmap_txt / "beatmap.txt" if args.beatmap_txt.is_dir() else args.beatmap_txt
    statistics = read_statistics(beatmap_txt, args.ranked_map_path, args.jobs)
    print(statistics_text(statistics, shutil.get_terminal_size((100, 24)).columns))
    for path in pages:
        write_page(statistics, path)
        print(f"\n{path}")


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("describe", __doc__)
    parser.add_argument(
        "-b",
        "--beatmap_txt",
        type=Path,
        required=True,
        help="list of charts that mug gather made, or its folder",
    )
    parser.add_argument("--plot", type=Path, help=f"picture to write ({', '.join(PICTURES)}); needs matplotlib")
    parser.add_argument("--html", type=Path, help="page to write, picture and numbers in one file; needs matplotlib")
    parser.add_argument(
        "--ranked_map_path", help="file of 'set_id status' lines, for charts without a rank status in features.db"
    )
    parser.add_argument("--jobs", type=int, help="processes that share the work (default: one per core)")
    return parser
