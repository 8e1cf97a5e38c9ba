"""How fast is S4's kernel? Forward and backward of one layer's kernel; nothing is cached in training."""

from collections.abc import Sequence

import torch

from benchmarks.measure import Row, Settings, median_seconds, parse, peak_bytes, report, settings_of
from benchmarks.plain import PlainKernel
from mug.model.nplr import NPLRKernel

TITLE = "S4 kernel, forward + backward"


def rows(settings: Settings) -> list[Row]:
    """A layer as wide as the coarsest U-Net level and as long as the finest; the toy size is an eighth of it."""
    channels, length = (64, 64) if settings.quick else (512, 512)
    torch.manual_seed(0)
    ours = NPLRKernel(d_model=channels, d_state=64, n_kernels=1, dt_min=0.001, dt_max=0.1).to(settings.device)
    ours(length)  # stores C for this length, once
    plain = PlainKernel(ours)
    gradient = torch.randn(1, channels, length, device=settings.device)
    variants = {"plain": settings.ready(plain), "ours": settings.ready(ours)}
    steps = {
        name: lambda kernel=kernel: torch.autograd.grad(kernel(length), list(kernel.parameters()), gradient)
        for name, kernel in variants.items()
    }
    seconds = median_seconds(steps, settings)
    peaks = {name: peak_bytes(step, settings.device) for name, step in steps.items()}
    what = f"{channels} channels, 64 states, {length} frames"
    return [
        Row(f"{what}: time", seconds["plain"], seconds["ours"], "s", 4.0),
        Row(f"{what}: peak memory", peaks["plain"], peaks["ours"], "B", 4.0),
    ]


def main(argv: Sequence[str] | None = None) -> None:
    settings = settings_of(parse(__doc__, argv))
    report(TITLE, rows(settings), settings)


if __name__ == "__main__":
    main()
