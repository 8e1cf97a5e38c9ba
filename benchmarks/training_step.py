"""How fast is training, and how much memory does it need? One full training step on two songs of 190 s.

Plain uses torch's default AdamW and keeps all activations; "recomputed" is ours with `use_checkpoint`. Memory is the
peak of a step including parameters and optimiser state.
"""

from collections.abc import Callable, Sequence

import torch

from benchmarks.full_size import compile_networks, full_size_model, resident_bytes, training_step
from benchmarks.measure import Row, Settings, median_seconds, parse, peak_bytes, report, settings_of
from benchmarks.plain import make_plain, set_checkpointing
from mug.lr_scheduler import adamw

TITLE = "Training step"
BATCH = 2
LEARNING_RATE = 1e-6


def rows(settings: Settings) -> list[Row]:
    ours = full_size_model(settings).train()
    plain = make_plain(ours)
    for model in (plain, ours):
        compile_networks(model, settings)
    optimizers = {
        "plain": torch.optim.AdamW([p for p in plain.parameters() if p.requires_grad], lr=LEARNING_RATE),
        "ours": adamw(ours, LEARNING_RATE, None)["optimizer"],
    }
    kept = training_step(ours, optimizers["ours"], BATCH, settings)
    steps = {
        "plain": training_step(plain, optimizers["plain"], BATCH, settings),
        "ours": kept,
        "recomputed": checkpointing(ours, kept),
    }
    seconds = median_seconds(steps, settings)
    peaks = {}
    for name, step in steps.items():
        optimizer = optimizers["plain" if name == "plain" else "ours"]
        optimizer.zero_grad()
        peaks[name] = resident_bytes(ours, optimizer) + peak_bytes(step, settings.device)
    return [
        Row(f"batch {BATCH}: time", seconds["plain"], seconds["ours"], "s", 1.6),
        Row(f"batch {BATCH}, recomputed: time", seconds["plain"], seconds["recomputed"], "s"),
        Row(f"batch {BATCH}: peak memory", peaks["plain"], peaks["ours"], "B"),
        Row(f"batch {BATCH}, recomputed: peak memory", peaks["plain"], peaks["recomputed"], "B", 1 / 0.7),
    ]


def checkpointing(model: torch.nn.Module, step: Callable[[], None]) -> Callable[[], None]:
    """Return the step with activations recomputed."""

    def recomputed() -> None:
        set_checkpointing(model, True)
        step()
        set_checkpointing(model, False)

    return recomputed


def main(argv: Sequence[str] | None = None) -> None:
    settings = settings_of(parse(__doc__, argv))
    report(TITLE, rows(settings), settings)


if __name__ == "__main__":
    main()
