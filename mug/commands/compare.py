"""Measure how different folders of songs are from a reference, for example composed songs from real ones.

    mug compare data/demo_songs ~/osu/Songs
    mug compare --charts data/demo_songs ~/osu/Songs
    mug compare --charts data/before data/after ~/osu/Songs --keys 4 7 --plot charts.png

Each has a subfolder for each song. Without --charts the audio is compared: every statistic is computed from the
networks' input spectrum (22050 Hz, 128 mel bins), and distances are in standard deviations of the reference. With it,
the charts are, by number of keys and stars, and no audio is needed. docs/synth.md says how to read the tables.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from mug.cli import command_parser
from mug.errors import DatasetError


def main(argv: Sequence[str] | None = None) -> None:
    args = build_parser().parse_args(argv)
    if args.charts:
        _compare_charts(args.songs, args.reference, args.keys, args.plot, args.jobs)
        return
    from mug.synth.likeness import compare_folders

    for folder in args.songs:
        print(compare_folders(folder, args.reference).table())


def _compare_charts(
    folders: Sequence[Path], reference: Path, keys: Sequence[int], plot: Path | None, jobs: int | None
) -> None:
    from mug.metrics.habits.comparison import bands_of, comparison_table
    from mug.metrics.habits.measured import measure_folder

    people = measure_folder(reference, jobs)
    composed = {folder.name: measure_folder(folder, jobs) for folder in folders}
    bands = {number: found for number in keys if (found := bands_of(people, composed, number))}
    if not bands:
        raise DatasetError(f"{reference}: fewer than three charts of {' or '.join(map(str, keys))} keys; give --keys")
    for number, found in bands.items():
        print(f"**{number} keys**\n\n{comparison_table(found)}\n")
    if plot is not None:
        from mug.metrics.habits.picture import write_comparison  # here, so that only plots need matplotlib

        write_comparison(bands, plot)


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("compare", __doc__)
    parser.add_argument("songs", type=Path, nargs="+", help="the songs to compare, one folder or several")
    parser.add_argument("reference", type=Path, help="the reference songs")
    parser.add_argument("--charts", action="store_true", help="compare the charts, not the audio")
    of_charts = parser.add_argument_group("with --charts")
    of_charts.add_argument("--keys", type=int, nargs="+", default=[4], help="numbers of keys (default: 4)")
    of_charts.add_argument("--plot", type=Path, help="picture to write, such as charts.png; needs matplotlib")
    of_charts.add_argument("--jobs", type=int, help="processes that share the work (default: one per core)")
    return parser
