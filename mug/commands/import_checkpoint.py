"""Convert models of the original 2023 program, and back.

A model folder contains model.safetensors, config.yaml, features.yaml and README.md: plain numbers and text, no code.
mug chart and mug web take one as --checkpoint; mug export makes one of a run of mug train.

The original's model.ckpt with its model.yaml -> a model folder, and a model folder -> model.ckpt and model.yaml:

    mug import --checkpoint original/model.ckpt --outdir models/mug-2023
    mug import --checkpoint models/mug-2023 --outdir exported --export

Models with S4 layers: without an optional library, the original summed over only half of the poles of each S4 layer.
That is a different function, and a checkpoint does not record which one it was trained with. half-poles is the default,
because the library is missing on most machines. To find out, import twice, with --s4 half-poles and with --s4
conjugate-poles, and chart a song with the same seed: the right one is the one whose notes follow the music.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mug.cli import command_parser

if TYPE_CHECKING:
    from mug.original2023.checkpoint import Report

S4_IN_THE_ORIGINAL = {
    "half-poles": "as the original does where its optional library for Cauchy sums is missing",
    "conjugate-poles": "as the original does only where its optional library for Cauchy sums is installed",
}


def main(argv: Sequence[str] | None = None) -> None:
    """Convert a checkpoint and print the result."""
    args = build_parser().parse_args(argv)
    from mug.original2023.checkpoint import CKPT, YAML, export_original, import_original

    if args.export:
        report = export_original(args.checkpoint, args.outdir)
        written, following = f"{args.outdir / CKPT} and {YAML}", ""
    else:
        config = args.config or args.checkpoint.with_name(YAML)
        report = import_original(args.checkpoint, config, args.outdir, args.s4)
        written, following = str(args.outdir), next_command(args.outdir, report)
    print(f"wrote {written}")
    for name, count in report.parameters.items():
        print(f"  {name:18}{count:>12,} parameters")
    if report.s4 is not None:
        print(f"S4 layers are read with {report.s4}, {S4_IN_THE_ORIGINAL.get(report.s4, 'which the original cannot')}")
        if not args.export:
            print("  that is assumed: if charts ignore the music, import again with the other --s4")
    for title, lines in (("assumed", report.assumed), ("left out", report.left_out)):
        if lines:
            print(f"{title}:", *lines, sep="\n  ")
    if following:
        print(f"next:\n  {following}")


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("import", __doc__)
    parser.add_argument("--checkpoint", type=Path, required=True, help="the file or folder to convert")
    parser.add_argument("-o", "--outdir", type=Path, required=True, help="folder to write, which must not exist yet")
    parser.add_argument(
        "--config",
        type=Path,
        help="the original's configuration (default: model.yaml beside the checkpoint), with its feature list beside "
        "it if that is not the usual one",
    )
    parser.add_argument(
        "--s4",
        choices=list(S4_IN_THE_ORIGINAL),
        default="half-poles",
        help="how S4 layers are interpreted (default half-poles)",
    )
    parser.add_argument("--export", action="store_true", help="to the original's model.ckpt and model.yaml")
    return parser


def next_command(folder: Path, report: "Report") -> str:
    """Return the next command for a model folder."""
    if report.is_generator:
        return f"mug chart --checkpoint {folder} --audio song.mp3 --prompt sr=4"
    stage_1 = f"model.params.first_stage_config.params.ckpt_path={folder}"
    return f"mug train --base configs/mug/mug_diffusion.yaml -t {stage_1}"
