"""How fast is each network, compared with the original 2023 program on two CPU cores (float32)?

The original's figures were recorded once; only compare them with ours on a similar machine. Memory is the peak of the
whole process.
"""

import resource
import sys
from collections.abc import Callable, Sequence

import torch

from benchmarks import full_size
from benchmarks.measure import Row, Settings, median_seconds, parse, report, settings_of
from mug.config import load_config
from mug.diffusion.latent_diffusion import LatentDiffusion
from mug.firststage.autoencoder import AutoencoderKL
from mug.lr_scheduler import adamw
from mug.model.network_node import build_network

TITLE = "Networks of the full-size model"
OTHER = "original, 2 cores"
VAE_CONFIG = "configs/mug/autoencoder.yaml"
ORIGINAL_SECONDS = {
    "U-Net forward, batch 1": 0.40,
    "U-Net forward, batch 4": 0.74,
    "guided DDIM step, 1 chart": 0.48,
    "audio encoder forward, batch 1": 0.34,
    "VAE encode, batch 1": 0.02,
    "VAE training step, batch 8": 1.4,
    "training step, batch 1": 3.6,
    "training step, batch 2": 5.7,
}
ORIGINAL_TRAINING_BYTES = 3.9e9  # batch 2


def rows(settings: Settings) -> list[Row]:
    model = full_size.full_size_model(settings)
    full_size.compile_networks(model, settings)
    optimizer = adamw(model, 1e-6, None)["optimizer"]
    song, planes = full_size.audio(model, 1), full_size.notes(model, 1)
    runs = {
        "U-Net forward, batch 1": unet_forward(model, 1, settings),
        "U-Net forward, batch 4": unet_forward(model, 4, settings),
        "guided DDIM step, 1 chart": full_size.guided_step(model, 1, settings),
        "audio encoder forward, batch 1": inference(lambda: model.model.wave_model(song), settings),
        "VAE encode, batch 1": inference(lambda: model.encode_latent(planes), settings),
        "VAE training step, batch 8": vae_training_step(full_size.notes(model, 8), settings),
        "training step, batch 1": full_size.training_step(model, optimizer, 1, settings),
        "training step, batch 2": full_size.training_step(model, optimizer, 2, settings),
    }
    result = []
    for what, run in runs.items():
        model.train("training" in what)
        seconds = median_seconds({what: run}, settings)[what]
        result.append(Row(what, ORIGINAL_SECONDS[what], seconds, "s"))
    unit = 1 if sys.platform == "darwin" else 1024
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return [*result, Row("training step, batch 2: memory of the process", ORIGINAL_TRAINING_BYTES, resident, "B")]


def inference(run: Callable[[], object], settings: Settings) -> Callable[[], None]:
    """Return `run` in inference mode."""

    def forward() -> None:
        with settings.autocast(), torch.no_grad():
            run()

    return forward


def unet_forward(model: LatentDiffusion, batch: int, settings: Settings) -> Callable[[], None]:
    """A guided step is a forward pass on twice the charts; at guidance 1 it would be a single pass like this."""
    denoise = full_size.guided_denoiser(model, batch, scale=1.0)
    x, t = full_size.noise(model, batch)
    return inference(lambda: denoise(x, t), settings)


def vae_training_step(note: torch.Tensor, settings: Settings) -> Callable[[], None]:
    """Return a step of stage 1 on note planes [B, 4K, T]: forward, backward, update."""
    vae: AutoencoderKL = build_network(load_config([VAE_CONFIG])["model"], "model")
    settings.ready(vae)
    optimizer = adamw(vae, 1e-6, None)["optimizer"]
    valid = torch.ones_like(note[:, 0])

    def step() -> None:
        optimizer.zero_grad()
        with settings.autocast():
            reconstructions, posterior = vae(note, torch.Generator().manual_seed(0))
            loss = vae.loss(reconstructions, note, valid)[0] + vae.divergence.weight * posterior.kl().mean()
        loss.backward()
        optimizer.step()

    return step


def main(argv: Sequence[str] | None = None) -> None:
    settings = settings_of(parse(__doc__, argv))
    report(TITLE, rows(settings), settings, OTHER)


if __name__ == "__main__":
    main()
