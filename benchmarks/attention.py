"""How fast is the attention with relative positions? Forward and backward of self-attention over one song's frames.

The plain version holds a bias and a gate for every head of every song; ours must use less memory by at least these.
"""

from collections.abc import Sequence

import torch

from benchmarks.measure import Row, Settings, median_seconds, parse, peak_bytes, report, settings_of
from benchmarks.plain import PlainAttention
from mug.model.attention import RelativeAttention

TITLE = "Attention, forward + backward"
FLOAT_BYTES = 4


def rows(settings: Settings) -> list[Row]:
    batch, heads, frames = (2, 2, 64) if settings.quick else (8, 8, 512)
    width = 64 * heads
    torch.manual_seed(0)
    ours = settings.ready(RelativeAttention(width, heads=heads, dim_head=64))
    plain = settings.ready(PlainAttention(ours))
    x = torch.randn(batch, frames, width, device=settings.device, requires_grad=True)
    gradient = torch.randn_like(x)

    def step(attention: torch.nn.Module) -> tuple[torch.Tensor, ...]:
        with settings.autocast():
            out = attention(x)
        return torch.autograd.grad(out, [x, *attention.parameters()], gradient.to(out.dtype))

    steps = {"plain": lambda: step(plain), "ours": lambda: step(ours)}
    seconds = median_seconds(steps, settings)
    peaks = {name: peak_bytes(run, settings.device) for name, run in steps.items()}
    bias_and_gate = 2 * batch * heads * frames * frames * FLOAT_BYTES
    without_both = peaks["plain"] / (peaks["plain"] - bias_and_gate)
    what = f"batch {batch}, {heads} heads of 64, {frames} frames"
    return [
        Row(f"{what}: time", seconds["plain"], seconds["ours"], "s", 1.5),
        Row(f"{what}: peak memory", peaks["plain"], peaks["ours"], "B", without_both),
    ]


def main(argv: Sequence[str] | None = None) -> None:
    settings = settings_of(parse(__doc__, argv))
    report(TITLE, rows(settings), settings)


if __name__ == "__main__":
    main()
