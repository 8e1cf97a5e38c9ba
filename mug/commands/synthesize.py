"""Write a Songs folder of synthesised music, with about five charts per song of different patterns and difficulties.

mug synthesize -o data/demo_songs -n 24
mug synthesize -o data/demo_songs -n 24 --soundfont /usr/share/sounds/sf2/FluidR3_GM.sf2

With SoundFonts, most acoustic instruments and drum kits are recorded ones. docs/synth.md names free SoundFonts.
"""

import argparse
from collections.abc import Sequence

from mug.cli import command_parser
from mug.errors import ConfigError


def main(argv: Sequence[str] | None = None) -> None:
    args = build_parser().parse_args(argv)
    from mug.synth.songs import write_songs

    shortest, *longest = args.seconds
    if len(longest) > 1:
        raise ConfigError(f"--seconds has {len(args.seconds)} numbers; give a length, or the shortest and the longest")
    folders = write_songs(
        args.out,
        args.seed,
        args.songs,
        shortest,
        args.keys,
        args.jobs,
        soundfonts=args.soundfont,
        longest=longest[0] if longest else None,
    )
    print(f"{len(folders)} songs in {args.out}")
    if args.excerpts:
        from mug.synth.excerpts import write_excerpts

        print(f"{len(write_excerpts(folders, args.excerpts))} excerpts and a picture in {args.excerpts}")


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("synthesize", __doc__)
    parser.add_argument("-o", "--out", required=True, help="the Songs folder to write")
    parser.add_argument("-n", "--songs", type=int, default=24, help="number of songs (default: 24)")
    parser.add_argument(
        "--seconds",
        type=float,
        nargs="+",
        default=[60.0],
        help="length of a song, or the shortest and the longest, such as 85 240 (default: 60)",
    )
    parser.add_argument("--seed", type=int, default=0, help="song i depends only on the seed and i (default: 0)")
    parser.add_argument(
        "--keys", type=int, nargs="+", default=[4], help="key counts; a song gets charts of each (default: 4)"
    )
    parser.add_argument(
        "--soundfont",
        nargs="+",
        default=[],
        metavar="SF2",
        help="SoundFonts to sample instruments from (default: none)",
    )
    parser.add_argument(
        "--excerpts", metavar="FOLDER", help="write 10 s of the first ten songs and a picture of charts"
    )
    parser.add_argument("--jobs", type=int, default=1, help="processes that share the work (default: 1)")
    return parser
