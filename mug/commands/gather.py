"""Collect the charts of songs, with their audio, into a folder for training.

mug gather -s ~/osu/Songs ~/etterna/Songs -o data/mine --cs 4

Reads osu!mania .osu, StepMania and Etterna .sm and .ssc of four panels, Quaver .qua, Malody .mc, and the packages .osz,
.olz, .qp, .mcz, .smzip and .zip. Run it again when there are new songs: what is already there is left alone.
"""

import argparse
from collections.abc import Sequence

from mug.cli import command_parser
from mug.errors import DatasetError
from mug.prepare.gather import prepare_beatmap

MANIA = 3


def main(argv: Sequence[str] | None = None) -> None:
    options = build_parser().parse_args(argv)
    if options.mode != MANIA:
        raise DatasetError(f"mode {options.mode}: charts of osu!mania, mode {MANIA}, are what can be prepared")
    print(prepare_beatmap(options.song_dir, options.out_dir, options.cs or None))
    print(f"next: mug features -b {options.out_dir}/beatmap.txt")


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("gather", __doc__)
    parser.add_argument(
        "-s", "--song_dir", required=True, nargs="+", help="folders of songs, searched at any depth; packages; charts"
    )
    parser.add_argument("-o", "--out_dir", required=True, help="output folder: charts, audio and beatmap.txt")
    parser.add_argument("-m", "--mode", type=int, default=MANIA, help="game mode; only 3, osu!mania, is supported")
    parser.add_argument("--cs", type=int, default=4, help="key count of the charts, 0 for all (default: 4)")
    return parser
