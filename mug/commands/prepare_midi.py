"""MIDI files, scores or composed songs to a library of pieces that models of music train on.

    mug prepare-midi --midi ~/midi -o data/music

writes data/music/pieces.db; run it again after adding files: only new ones are read. Files without notes, damaged ones
and copies, also transposed ones, are left out and listed.

    mug prepare-midi --scores --composed 200 -o data/music

takes the public-domain scores of the package music21 (docs/music.md lists the composers), and 200 songs of our own
composer. Pieces are split into train, valid and test by a hash of their work, when a model trains.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from mug.cli import command_parser, printable
from mug.errors import ConfigError

LIBRARY = "pieces.db"


def main(argv: Sequence[str] | None = None) -> None:
    args = build_parser().parse_args(argv)
    from mug.music.prepare import prepare_pieces
    from mug.music.sources import midi_files, scores, songs

    sources = midi_files(args.midi)
    sources += scores(args.scores) if args.scores is not None else []
    sources += songs(args.seed, args.composed, args.seconds) if args.composed else []
    if not sources:
        raise ConfigError("nothing to prepare: give --midi FOLDER, --scores or --composed 200")
    path = args.out_dir / LIBRARY
    print(printable(str(prepare_pieces(path, sources, args.jobs))))
    print(f"\nnext: mug train --base configs/music/piano_roll_vae.yaml -t data.params.common.library={path}")


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("prepare-midi", __doc__)
    parser.add_argument("--midi", nargs="+", default=[], metavar="FOLDER", help="folders of MIDI files, at any depth")
    parser.add_argument(
        "--scores", nargs="*", metavar="COMPOSER", help="scores of music21: by these composers, or by all of the list"
    )
    parser.add_argument("--composed", type=int, default=0, metavar="N", help="songs of our own composer")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long a composed song is (default: 60)")
    parser.add_argument("--seed", type=int, default=0, help="of the composed songs")
    parser.add_argument("-o", "--out_dir", type=Path, default=Path("data/music"), help="output folder")
    parser.add_argument("--jobs", type=int, help="processes (default: one per core)")
    return parser
