"""How far a model's music is from real music, beside other real music, noise, and real spectra made sound again.

    mug score-audio --checkpoint logs/<run>/checkpoints/last.ckpt --spectra data/spectra

Two distances to the songs of the training split: the Frechet distance of the embeddings of the chart model's audio
encoder (fad), and the root mean square difference of the average spectra, in dB (avg_db).
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from mug.cli import command_parser
from mug.errors import ConfigError


def main(argv: Sequence[str] | None = None) -> None:
    args = build_parser().parse_args(argv)
    if args.number < 2 or args.steps < 1:
        raise ConfigError("--number: give 2 or more; --steps: 1 or more")
    from mug.checkpoints.trained_model import load_network, load_trained_model
    from mug.commands.generate_audio import WANTED
    from mug.cond.wave import MelspectrogramScaleEncoder1D
    from mug.config import shipped_model
    from mug.data.split import SplitSpec
    from mug.spectra.generate import SpectrumSampling
    from mug.spectra.network import SpectrogramDiffusion
    from mug.spectra.scores import score_rows

    network, config = load_network(args.checkpoint, SpectrogramDiffusion, WANTED)
    listener = load_trained_model(args.encoder or shipped_model())
    encoder = listener.model.model.wave_model
    if not isinstance(encoder, MelspectrogramScaleEncoder1D):
        raise ConfigError(f"{args.encoder}: its audio encoder has one scale; take models/mug-mini")
    how = SpectrumSampling(args.steps, args.guidance, args.seed)
    division = SplitSpec.from_params(config["data"]["params"]["common"])
    rows = score_rows(network, args.spectra, division, encoder, listener.audio_settings, args.number, how)
    for number, (name, frechet, decibels) in enumerate(rows):
        if not number:  # not before what may be wrong with the spectra is said
            print(f"{'music':<34}{'fad':>8}{'avg_db':>8}")
        print(f"{name:<34}{frechet:>8.2f}{decibels:>8.2f}", flush=True)


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("score-audio", __doc__)
    parser.add_argument("--checkpoint", required=True, help="a run's .ckpt, or a model folder")
    parser.add_argument("--spectra", type=Path, required=True, help="made by mug prepare-sound")
    parser.add_argument("--encoder", help="the chart model whose audio encoder listens (default: the shipped one)")
    parser.add_argument("-n", "--number", type=int, default=32, help="crops of each kind (default: 32)")
    parser.add_argument("--guidance", type=float, default=2.0, help="how strongly it follows the style (default: 2)")
    parser.add_argument("--steps", type=int, default=50, help="of the sampler (default: 50)")
    parser.add_argument("--seed", type=int, default=0, help="of the noise")
    return parser
