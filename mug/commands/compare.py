"""Measure how different two folders of songs sound, for example composed songs and real ones.

mug compare data/demo_songs ~/osu/Songs

Both are folders with a subfolder for each song, with audio and, for the last rows of the table, charts. Every
statistic is computed from the networks' input spectrum (22050 Hz, 128 mel bins); distances are in standard deviations
of the reference. docs/synth.md says how to read the table.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from mug.cli import command_parser


def main(argv: Sequence[str] | None = None) -> None:
    args = build_parser().parse_args(argv)
    from mug.synth.likeness import compare_folders

    print(compare_folders(args.songs, args.reference).table())


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("compare", __doc__)
    parser.add_argument("songs", type=Path, help="the songs to compare")
    parser.add_argument("reference", type=Path, help="the reference songs")
    return parser
