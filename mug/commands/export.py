"""Export a trained model as a self-contained folder of numbers and text, without code.

    mug export --checkpoint logs/<run>/checkpoints/last.ckpt --outdir models/mine

It contains model.safetensors (the run's averaged weights, if it has an EMA), config.yaml, features.yaml and README.md,
the model card: data, steps, metrics and versions of the run, prompt features, usage. Use the folder wherever a
--checkpoint is expected: mug chart, mug web, and mug train as the ckpt_path of a first stage. A placement model
(configs/mug/mini_placement.yaml) and a timing model (configs/mug/mini_timing.yaml) go into the folder of the model
they help:

    mug export --checkpoint logs/<stage 3 run>/checkpoints/last.ckpt --outdir models/mine/placement
    mug export --checkpoint logs/<timing run>/checkpoints/last.ckpt --outdir models/mine/timing

Sampling options such as --steps 20 become the model's own defaults, in its sampling.yaml.

Models of the original 2023 program: mug import.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from mug.cli import command_parser
from mug.generation.sampling_options import add_sampling_options, settings_from
from mug.generation.settings import SAMPLING, SamplingSettings


def main(argv: Sequence[str] | None = None) -> None:
    """Export a run and print what was written."""
    args = build_parser().parse_args(argv)
    from mug.model.weights import WEIGHTS
    from mug.training.export import export_run

    settings = settings_from(args, SamplingSettings())  # invalid settings fail before anything is written
    parameters = export_run(args.checkpoint, args.outdir, args.half, args.license)
    print(f"wrote {args.outdir}, {(args.outdir / WEIGHTS).stat().st_size / 2**20:.1f} MiB")
    if settings != SamplingSettings():
        settings.save(args.outdir / SAMPLING)
    for name, count in parameters.items():
        print(f"  {name:18}{count:>12,} parameters")
    print(f"its model card: {args.outdir / 'README.md'}")


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("export", __doc__)
    parser.add_argument("--checkpoint", type=Path, required=True, help="checkpoint of a run of mug train, stage 1 to 3")
    parser.add_argument("-o", "--outdir", type=Path, required=True, help="folder to write, which must not exist yet")
    parser.add_argument("--half", action="store_true", help="store weights as float16, at half the size")
    parser.add_argument("--license", help="licence of the weights for the card, an identifier such as cc-by-4.0")
    add_sampling_options(parser.add_argument_group("sampling defaults of the model, in its sampling.yaml"))
    return parser
