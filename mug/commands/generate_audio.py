"""Music in a style, drawn by a trained model of spectra: sound and pictures.

    mug generate-audio --style house -n 4 --seconds 16 --checkpoint logs/<run>/checkpoints/last.ckpt

Sound is made from the spectra by Griffin-Lim. Without --style, the songs are of no style in particular.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from mug.cli import command_parser, printable
from mug.errors import ConfigError

WANTED = "this command needs a model of spectra: configs/music/spectrogram_diffusion.yaml"
BATCH = 4  # spectra at a time


def main(argv: Sequence[str] | None = None) -> None:
    args = build_parser().parse_args(argv)
    if args.number < 1 or args.steps < 1 or args.seed < 0:
        raise ConfigError("--number and --steps: give 1 or more; --seed: 0 or more")
    import soundfile

    from mug.checkpoints.trained_model import load_network
    from mug.files import replacing
    from mug.pictures.spectra import draw_spectra
    from mug.progress import progress_bar
    from mug.spectra.generate import SpectrumSampling, frames_of, sample_spectra, style_id
    from mug.spectra.network import SpectrogramDiffusion
    from mug.spectra.sound import griffin_lim

    network, _ = load_network(args.checkpoint, SpectrogramDiffusion, WANTED)
    how = SpectrumSampling(args.steps, args.guidance, args.seed, args.sampler)
    style, frames = style_id(network, args.style), frames_of(network, args.seconds)
    args.out_dir.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    with progress_bar("music") as bar:
        bar.expect(args.number)
        for first in range(0, args.number, BATCH):
            styles = [style] * min(BATCH, args.number - first)
            spectra = sample_spectra(network, styles, frames, how, first, bar.steps_of(len(styles))).numpy()
            for number, spectrum in enumerate(spectra, first):
                name = f"{args.style or 'music'}_{args.seed}_{number:02d}".replace("/", "_")
                path = args.out_dir / f"{name}.{args.format}"
                with replacing(path) as temporary:
                    sound = griffin_lim(spectrum, network.audio)
                    soundfile.write(temporary, sound, network.audio.sr, format=args.format)
                with replacing(path.with_suffix(".png")) as temporary:
                    draw_spectra([spectrum]).save(temporary)
                written.append(path)
    print("\n".join(printable(str(path)) for path in written))


def build_parser() -> argparse.ArgumentParser:
    from mug.diffusion.samplers import SAMPLERS

    parser = command_parser("generate-audio", __doc__)
    parser.add_argument("--checkpoint", required=True, help="a run's .ckpt, or a model folder")
    parser.add_argument("--style", help="one that the model was trained on (default: none in particular)")
    parser.add_argument("-n", "--number", type=int, default=1, help="how many (default: 1)")
    parser.add_argument("--seconds", type=float, default=16.0, help="length, up to 60 (default: 16)")
    parser.add_argument("--guidance", type=float, default=2.0, help="how strongly it follows the style (default: 2)")
    parser.add_argument("--steps", type=int, default=50, help="of the sampler (default: 50)")
    parser.add_argument("--sampler", choices=tuple(SAMPLERS), default="ddim", help="(default: ddim)")
    parser.add_argument("--seed", type=int, default=0, help="of the noise")
    parser.add_argument("--format", choices=("wav", "flac"), default="wav", help="of the sound (default: wav)")
    parser.add_argument("-o", "--out_dir", type=Path, default=Path("outputs/music"), help="output folder")
    return parser
