"""The full-size model of configs/mug/mug_diffusion.yaml with random weights, and inputs with realistic shapes.

Axes: B batch, K keys, T note frames, A audio frames, M mel bins, Z latent channels, L latent frames, F features.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from benchmarks.measure import Settings
from mug.config import load_config
from mug.data.note_codec import N_PLANES
from mug.diffusion.guidance import guided
from mug.diffusion.latent_diffusion import LatentDiffusion
from mug.diffusion.steps import Denoise
from mug.features import FeatureSpec
from mug.model.network_node import build_network

CONFIG = "configs/mug/mug_diffusion.yaml"
FEATURES = "configs/mug/mania_beatmap_features.yaml"
GUIDANCE_SCALE = 3.0
TOY = [  # the same networks, a quarter as wide and half as deep; a song of 12 s
    "model.params.z_length=32",
    "model.params.unet_config.params.model_channels=32",
    "model.params.unet_config.params.num_res_blocks=1",
    "model.params.unet_config.params.audio_channels=[64,128,128,128]",
    "model.params.wave_stage_config.params.middle_channels=32",
    "model.params.wave_stage_config.params.num_res_blocks=1",
    "model.params.first_stage_config.params.ddconfig.middle_channels=16",
]


def full_size_model(settings: Settings) -> LatentDiffusion:
    """Build the model in eval mode and run it once, so that its S4 kernels are cached for the length of a song."""
    torch.manual_seed(0)
    model = build_network(load_config([CONFIG], TOY if settings.quick else [])["model"], "model")
    model.to(settings.device).eval()
    with torch.no_grad():
        guided_denoiser(model, n_charts=1)(*noise(model, 1))
    return model


def compile_networks(model: LatentDiffusion, settings: Settings) -> None:
    """Compile the two expensive networks if the settings say so."""
    for network in (model.model.unet_model, model.model.wave_model):
        settings.ready(network)


def audio(model: LatentDiffusion, batch: int) -> Tensor:
    """Log-mel spectrograms [B, M, A] of songs as long as a training window: 190 s."""
    wave_model = model.model.wave_model
    n_frames = model.z_length * wave_model.factor >> (model.model.unet_model.n_audios - 1)
    return torch.rand(batch, wave_model.n_freq, n_frames, generator=generator()).to(model.device)


def notes(model: LatentDiffusion, batch: int) -> Tensor:
    """Note planes [B, 4K, T], one entry in ten set."""
    planes = model.model.first_stage_model.keys * N_PLANES
    n_frames = model.z_length * model.latent_factor
    return (torch.rand(batch, planes, n_frames, generator=generator()) < 0.1).float().to(model.device)


def prompts(model: LatentDiffusion, batch: int) -> Tensor:
    """Prompt ids [B, F], nothing given."""
    ids = torch.from_numpy(FeatureSpec.from_yaml(FEATURES).unconditional)
    return ids.repeat(batch, 1).to(model.device)


def noise(model: LatentDiffusion, batch: int) -> tuple[Tensor, Tensor]:
    """A noisy latent [B, Z, L] and its timesteps [B]."""
    x = torch.randn(batch, model.z_channels, model.z_length, generator=generator())
    return x.to(model.device), torch.linspace(100, 900, batch).long().to(model.device)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@torch.no_grad()
def guided_denoiser(model: LatentDiffusion, n_charts: int, scale: float = GUIDANCE_SCALE) -> Denoise:
    """The denoiser that sampling calls at every step for charts of one song: the U-Net on a batch of twice as many."""
    context, audios = model.encode_prompt(prompts(model, 1)), model.encode_audio(audio(model, 1))
    contexts = context.repeat(n_charts, 1, 1)
    heard = [level.repeat(n_charts, 1, 1) for level in audios]
    return guided(model.denoise, contexts, contexts, scale, heard)


def guided_step(model: LatentDiffusion, n_charts: int, settings: Settings) -> Callable[[], Tensor]:
    """Return one step of sampling, without the sampler's own arithmetic."""
    denoise = guided_denoiser(model, n_charts)
    x, t = noise(model, n_charts)
    t[:] = 500

    def step() -> Tensor:
        with settings.autocast(), torch.no_grad():
            return denoise(x, t)

    return step


def training_step(
    model: LatentDiffusion, optimizer: torch.optim.Optimizer, batch: int, settings: Settings
) -> Callable[[], None]:
    """Return a step on a batch of whole songs: encode the notes, forward, backward, update."""
    items = {"audio": audio(model, batch), "feature": prompts(model, batch), "note": notes(model, batch)}
    epsilon, t = noise(model, batch)

    def step() -> None:
        optimizer.zero_grad()
        with settings.autocast():
            loss, _, _ = model.p_losses(items, model.encode_latent(items["note"]), t, epsilon)
        loss.backward()
        optimizer.step()

    return step


def resident_bytes(model: nn.Module, optimizer: torch.optim.Optimizer) -> int:
    """The memory training holds between steps: parameters, buffers and optimiser state."""
    state = [value for values in optimizer.state.values() for value in values.values()]
    return sum(tensor.nbytes for tensor in (*model.parameters(), *model.buffers(), *filter(torch.is_tensor, state)))
