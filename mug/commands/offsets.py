"""Measure how far charts are from their audio, and remove that constant from what a model is trained on.

    mug offsets -b data/mine/beatmap_filtered.txt            measure and report
    mug offsets -b data/mine/beatmap_filtered.txt --align    also remove

Many charts sit some tens of milliseconds beside their audio, each at another distance, since encoders add silence and
songs get transcoded. A model would learn that jitter. With --align training shifts the notes and red lines of each
chart by its offset; without it, by nothing. The shift is a number in features.db: no chart is changed.
Where it cannot be told (a drone, an even stream of notes) an offset is unsure, and the chart stays where it is.
"""

import argparse
from collections.abc import Sequence

from mug.cli import command_parser, printable


def main(argv: Sequence[str] | None = None) -> None:
    args = build_parser().parse_args(argv)
    from mug.data.set_offsets import update_offsets  # imported here: librosa takes a second

    print(printable(str(update_offsets(args.beatmap_txt, args.align, args.jobs))))


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("offsets", __doc__)
    parser.add_argument("-b", "--beatmap_txt", required=True, help="list of charts, with features.db beside it")
    parser.add_argument("--align", action="store_true", help="training shifts each chart by its offset")
    parser.add_argument("--jobs", type=int, help="processes that share the work (default: one per core)")
    return parser
