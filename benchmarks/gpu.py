"""How well is the device used, and how long does a user wait? Meant for `--device cuda --dtype bfloat16`.

Training throughput; model FLOP utilisation, the operations of matrix products and convolutions in forward and backward
(without recomputation) over the device's peak; and the time from a spectrogram to the note planes of four charts.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import full_size
from benchmarks.measure import Settings, aligned, amount, machine, median_seconds, parse, peak_bytes, settings_of
from mug.diffusion.ddim import ddim_sample
from mug.diffusion.latent_diffusion import LatentDiffusion
from mug.lr_scheduler import adamw

TITLE = "The device in use"
BATCHES = (4, 16)
N_CHARTS, STEPS = 4, 100
# Dense TFLOP/s in float32 and bfloat16, from data sheets. Float32 means TF32 where available, because torch uses it in
# convolutions. The first name contained in the device's name counts.
PEAK_TFLOPS = {
    "H100 PCIe": (378.0, 756.0),
    "H100": (494.7, 989.4),
    "H200": (494.7, 989.4),
    "A100": (156.0, 312.0),
    "L40S": (183.0, 362.0),
    "L4": (60.0, 121.0),
    "RTX 4090": (82.6, 165.2),
    "RTX 3090": (35.6, 71.0),
}


def peak_flops(device_name: str, dtype: torch.dtype) -> float | None:
    """Peak operations per second of a device; None if not in the table."""
    for name, (single, half) in PEAK_TFLOPS.items():
        if name in device_name:
            return 1e12 * (single if dtype == torch.float32 else half)
    return None


def figures(settings: Settings) -> list[list[str]]:
    """Return the lines of the table."""
    model = full_size.full_size_model(settings).train()
    optimizer = adamw(model, 1e-6, None)["optimizer"]
    with FlopCounterMode(display=False) as counter:
        full_size.training_step(model, optimizer, 1, settings)()
    flops = counter.get_total_flops()  # of one song
    full_size.compile_networks(model, settings)
    name = torch.cuda.get_device_name(settings.device) if settings.device.type == "cuda" else "CPU"
    limit = peak_flops(name, settings.dtype)
    lines = [["training: operations of a song", f"{flops / 1e9:.0f} GFLOP"]]
    for batch in (1,) if settings.quick else BATCHES:
        lines += training_lines(model, optimizer, batch, flops, limit, settings)
    steps = 5 if settings.quick else STEPS
    charts = sampling(model.eval(), steps, settings)
    seconds = median_seconds({"charts": charts}, settings)["charts"]
    return [*lines, [f"{N_CHARTS} charts of a 3-minute song, {steps} DDIM steps", amount(seconds, "s")]]


def training_lines(
    model: LatentDiffusion,
    optimizer: torch.optim.Optimizer,
    batch: int,
    flops: float,
    limit: float | None,
    settings: Settings,
) -> list[list[str]]:
    """Throughput, utilisation and memory of training; `flops` per song, `limit`: the device's FLOP/s."""
    what = f"training, batch {batch}"
    step = full_size.training_step(model, optimizer, batch, settings)
    try:
        seconds = median_seconds({"step": step}, settings)["step"]
        optimizer.zero_grad()
        peak = full_size.resident_bytes(model, optimizer) + peak_bytes(step, settings.device)
    except torch.cuda.OutOfMemoryError:
        return [[what, "does not fit the device"]]
    rate = batch * flops / seconds
    utilisation = "unknown peak" if limit is None else f"{100 * rate / limit:.1f} %"
    return [
        [f"{what}: throughput", f"{batch / seconds:.2f} songs/s"],
        [f"{what}: operations", f"{rate / 1e12:.2f} TFLOP/s"],
        [f"{what}: model FLOP utilisation", utilisation],
        [f"{what}: peak memory", amount(peak, "B")],
    ]


def sampling(model: LatentDiffusion, steps: int, settings: Settings) -> Callable[[], Tensor]:
    """Return a full request: encode the song, sample, decode."""
    x_T, _ = full_size.noise(model, N_CHARTS)

    def charts() -> Tensor:
        with settings.autocast(), torch.no_grad():
            denoise = full_size.guided_denoiser(model, N_CHARTS)
            z = ddim_sample(denoise, x_T, model.alphas_cumprod, steps, tqdm_class=lambda path, **_: path)
            return model.decode_latent(z)

    return charts


def main(argv: Sequence[str] | None = None) -> None:
    settings = settings_of(parse(__doc__, argv))
    print(machine(settings), aligned([[TITLE, "ours"], *figures(settings)]), sep="\n\n")


if __name__ == "__main__":
    main()
