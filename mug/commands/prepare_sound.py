"""Folders of audio to spectra that a model of music trains on. Each sub-folder is a style: an artist, or a genre.

    mug prepare-sound --audio ~/music -o data/spectra
    mug prepare-sound --composed data/demo_songs -o data/spectra

The second takes songs of mug synthesize, whose style is their genre. Every file is decoded once; run it again after
adding files, and only new ones are. Files that cannot be decoded, and copies, are left out and listed.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from mug.cli import command_parser, printable
from mug.errors import ConfigError


def main(argv: Sequence[str] | None = None) -> None:
    args = build_parser().parse_args(argv)
    if not args.audio and not args.composed:
        raise ConfigError("nothing to prepare: give --audio FOLDER, or --composed FOLDER with songs of mug synthesize")
    from mug.data.audio import AudioSettings
    from mug.spectra.prepare import OVERLAY, composed_songs, prepare_spectra, songs_by_folder

    settings = AudioSettings(sr=args.sr, n_fft=args.n_fft, n_mels=args.n_mels)
    songs = [song for folder in args.audio for song in songs_by_folder(folder)]
    songs += [song for folder in args.composed for song in composed_songs(folder)]
    print(printable(str(prepare_spectra(args.out_dir, songs, settings, args.jobs))))
    base = f"configs/music/spectrogram_diffusion.yaml {args.out_dir / OVERLAY}"
    print(printable(f"\nnext: mug train --base {base} -t"))


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("prepare-sound", __doc__)
    parser.add_argument("--audio", nargs="+", default=[], type=Path, metavar="FOLDER", help="sub-folders are styles")
    parser.add_argument("--composed", nargs="+", default=[], type=Path, metavar="FOLDER", help="of mug synthesize")
    parser.add_argument("-o", "--out_dir", type=Path, default=Path("data/spectra"), help="output folder")
    parser.add_argument("--sr", type=int, default=16000, help="sample rate (default: 16000)")
    parser.add_argument("--n_fft", type=int, default=1024, help="window; a frame is a quarter of it (default: 1024)")
    parser.add_argument("--n_mels", type=int, default=80, help="mel bins (default: 80)")
    parser.add_argument("--jobs", type=int, help="processes (default: one per core)")
    return parser
