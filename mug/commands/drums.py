"""What a trained MusicVAE makes of drums, as MIDI and sound, and how good it is.

    mug drums reconstruct song.mid --checkpoint logs/<run>/checkpoints/last.ckpt
    mug drums sample -n 4 --checkpoint models/drums
    mug drums interpolate a.mid b.mid --steps 5 --checkpoint models/drums
    mug drums interpolate --checkpoint models/drums              # between two clips of the library's test split
    mug drums reconstruct song.mid --more density 1 --more syncopation -0.5 --checkpoint models/drums
    mug drums evaluate --beside logs/<flat run>/checkpoints/last.ckpt --checkpoint models/drums

reconstruct sends whole pieces through the model, four bars at a time, and prints how many steps come back. sample draws
new clips. interpolate goes from the first clip of one piece to that of another. --more adds an attribute of ATTRIBUTES
to each latent: 1 is the difference between the quarter of the training clips with most of it and that with least.
evaluate prints tables of measures on the test split.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mug.cli import command_parser
from mug.commands.music_output import add_output, write_pieces
from mug.errors import ConfigError

WANTED = "this command needs a MusicVAE: mug train --base configs/music/drum_vae.yaml -t"
ACTIONS = {  # how many MIDI files each may take
    "reconstruct": "any number of",
    "sample": "no",
    "interpolate": "2 or no",
    "evaluate": "no",
}


def main(argv: Sequence[str] | None = None) -> None:
    args = build_parser().parse_args(argv)
    n_files = len(args.files)
    if n_files not in {"reconstruct": range(1000), "interpolate": (0, 2)}.get(args.action, (0,)):
        raise ConfigError(f"{args.action} takes {ACTIONS[args.action]} MIDI files, got {n_files}")
    if args.number < 1 or not args.temperature > 0:
        raise ConfigError("--number and --temperature: give numbers above 0")
    if args.beside and args.action != "evaluate":
        raise ConfigError("--beside is for evaluate")
    from mug.commands.drum_model import DrumModel

    model = DrumModel.load(args.checkpoint, args.library, WANTED)
    if args.action == "evaluate":
        from mug.commands.drum_tables import tables

        print(tables([model, *(DrumModel.load(path, args.library, WANTED) for path in args.beside)]))
    else:
        write_pieces(args, made(args, model))


def made(args: argparse.Namespace, model: Any) -> Iterator[tuple[str, Any, str]]:
    """Yield the name, the notes and a remark for each piece that is asked for."""
    import torch

    from mug.music_vae.generate import latents, way, written
    from mug.seeding import generator_of

    shift = model.shift(args.more)
    if args.action == "sample":
        noise = [torch.randn(model.network.z_size, generator=generator_of(args.seed, i)) for i in range(args.number)]
        clips = written(model.network, args.temperature * torch.stack(noise) + shift)
        yield from ((f"sample_{i:02d}", model.notes_of(clip[None]), "") for i, clip in enumerate(clips))
        return
    pieces = [model.read(path) for path in args.files] or model.held_out(2)
    if args.action == "interpolate":
        one, other = (latents(model.network, piece.clips[:1])[0] for piece in pieces)
        clips = written(model.network, way(one, other, args.steps) + shift)
        yield from ((f"step_{i:02d}", model.notes_of(clip[None]), "") for i, clip in enumerate(clips))
        return
    for number, piece in enumerate(pieces):
        clips = written(model.network, latents(model.network, piece.clips) + shift)
        right = f", {(clips == piece.clips).mean():.1%} of the steps of {piece.source}"
        yield f"{number:02d}_{Path(piece.source).stem}", model.notes_of(clips, piece.bpm), right


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("drums", __doc__)
    parser.add_argument("action", choices=tuple(ACTIONS), help="what to do")
    parser.add_argument(
        "files", nargs="*", type=Path, metavar="MIDI", help="pieces with drums; without them, clips of the test split"
    )
    parser.add_argument("--checkpoint", required=True, help="a run's .ckpt, or a model folder")
    add_output(parser, "drums")
    parser.add_argument("-n", "--number", type=int, default=4, help="sample: how many clips (default: 4)")
    parser.add_argument("--temperature", type=float, default=1.0, help="sample: deviation of the noise (default: 1)")
    parser.add_argument("--seed", type=int, default=0, help="sample: of the noise")
    parser.add_argument("--steps", type=int, default=5, help="interpolate: how many, with both ends (default: 5)")
    parser.add_argument(
        "--more", nargs=2, action="append", default=[], metavar=("ATTRIBUTE", "AMOUNT"), help="density or syncopation"
    )
    parser.add_argument(
        "--library", default="data/music/pieces.db", help="for --more, evaluate, and clips of the test split"
    )
    parser.add_argument(
        "--beside", nargs="+", default=[], metavar="CHECKPOINT", help="evaluate: other models for the tables"
    )
    return parser
