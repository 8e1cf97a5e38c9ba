"""What a trained model of piano rolls makes, as MIDI and sound.

    mug piano-roll reconstruct song.mid --checkpoint logs/<run>/checkpoints/last.ckpt
    mug piano-roll sample -n 4 --density 4 --checkpoint models/piano
    mug piano-roll interpolate a.mid b.mid --steps 5 --checkpoint models/piano

reconstruct sends whole pieces through the model and prints how many notes come back (F1 of notes whose onset is within
50 ms). sample draws new segments from noise. interpolate goes from the beginning of one piece to that of another.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mug.cli import command_parser
from mug.commands.music_output import add_output, write_pieces
from mug.errors import ConfigError

WANTED = "this command needs a RollVAE: mug train --base configs/music/piano_roll_vae.yaml -t"
ACTIONS = {"reconstruct": "1 or more", "sample": "no", "interpolate": "2"}  # how many MIDI files each takes


def main(argv: Sequence[str] | None = None) -> None:
    args = build_parser().parse_args(argv)
    n_files = len(args.files)
    if not {"reconstruct": n_files > 0, "sample": n_files == 0, "interpolate": n_files == 2}[args.action]:
        raise ConfigError(f"{args.action} takes {ACTIONS[args.action]} MIDI files, got {n_files}")
    if args.number < 1 or not args.density > 0 or not args.temperature > 0:
        raise ConfigError("--number, --density and --temperature: give numbers above 0")
    from mug.checkpoints.trained_model import load_network
    from mug.music.roll_decoding import RollDecoding
    from mug.roll_vae.network import RollVAE

    how = RollDecoding(args.threshold, args.release, args.shortest_frames)
    network, _ = load_network(args.checkpoint, RollVAE, WANTED)
    write_pieces(args, made(args, network, how))


def made(args: argparse.Namespace, network: Any, how: Any) -> Iterator[tuple[str, Any, str]]:
    """Yield the name, the notes and a remark for each piece that is asked for."""
    from mug.music.midi import read_midi
    from mug.music.note_scores import note_f1
    from mug.music.piano_roll import piano_notes
    from mug.roll_vae.generate import interpolate, reconstruct, sample

    pieces = [piano_notes(read_midi(path), str(path)) for path in args.files]
    if args.action == "reconstruct":
        for number, (path, notes) in enumerate(zip(args.files, pieces, strict=True)):
            again = reconstruct(network, notes, how)
            yield f"{number:02d}_{path.stem}", again, f", {len(notes)} in {path}, F1 {note_f1(notes, again):.3f}"
    elif args.action == "sample":
        drawn = sample(network, args.number, args.density, args.seed, args.temperature, how)
        yield from ((f"sample_{number:02d}", notes, "") for number, notes in enumerate(drawn))
    else:
        steps = interpolate(network, pieces[0], pieces[1], args.steps, how)
        yield from ((f"step_{number:02d}", notes, "") for number, notes in enumerate(steps))


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("piano-roll", __doc__)
    parser.add_argument("action", choices=tuple(ACTIONS), help="what to do")
    parser.add_argument("files", nargs="*", type=Path, metavar="MIDI", help="pieces to reconstruct, or two ends")
    parser.add_argument("--checkpoint", required=True, help="a run's .ckpt, or a model folder")
    add_output(parser, "piano_roll")
    parser.add_argument("-n", "--number", type=int, default=4, help="sample: how many segments (default: 4)")
    parser.add_argument("--density", type=float, default=4.0, help="sample: notes a second (default: 4)")
    parser.add_argument("--temperature", type=float, default=1.0, help="sample: deviation of the noise (default: 1)")
    parser.add_argument("--seed", type=int, default=0, help="sample: of the noise")
    parser.add_argument("--steps", type=int, default=5, help="interpolate: how many, with both ends (default: 5)")
    parser.add_argument("--threshold", type=float, help="what begins a note (default: by Otsu, for each roll)")
    parser.add_argument("--release", type=float, default=0.5, help="a note goes on above this share of it")
    parser.add_argument("--shortest_frames", type=int, default=2, help="shorter notes are dropped (default: 2 frames)")
    return parser
