"""What the commands of models of music share: where their pieces go, and as what."""

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from mug.cli import printable


def add_output(parser: argparse.ArgumentParser, folder: str) -> None:
    """Add the options of `write_pieces`."""
    parser.add_argument("-o", "--out_dir", type=Path, default=Path("outputs") / folder, help="output folder")
    parser.add_argument("--soundfont", type=Path, help="an .sf2 file to play it; without one, our own instruments")


def write_pieces(args: argparse.Namespace, pieces: Iterable[tuple[str, np.ndarray, str]]) -> None:
    """Write pieces (name, NOTE [N], remark) as MIDI and sound, and print a line for each."""
    import soundfile

    from mug.music.midi import write_midi
    from mug.music.sound import render
    from mug.synth.sound import SAMPLE_RATE
    from mug.synth.soundfont import SoundFont

    font = SoundFont.read(args.soundfont) if args.soundfont else None
    for name, notes, remark in pieces:
        path = args.out_dir / f"{name}.mid"
        write_midi(path, notes)
        soundfile.write(path.with_suffix(".flac"), render(notes, font), SAMPLE_RATE)
        print(printable(f"{path}: {len(notes)} notes{remark}"))
