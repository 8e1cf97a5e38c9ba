"""How far a folder of songs sounds from another one: is what the project composes like real music?

mug compare data/demo_songs ~/osu/Songs

Both are folders with a subfolder for each song, which holds audio and, for the last rows of the table, charts. Every
statistic is of the spectrum that networks hear (22050 Hz, 128 mel bins); distances are in standard deviations of the
reference. docs/synth.md says how to read the table.
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
    parser.add_argument("songs", type=Path, help="the songs in question")
    parser.add_argument("reference", type=Path, help="the songs they should be like")
    return parser
