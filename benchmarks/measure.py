"""Measures seconds and bytes of alternating variants, and reports them as a table."""

import argparse
import contextlib
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile

ModuleT = TypeVar("ModuleT", bound=nn.Module)

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
LARGE_PAGES = "THP_MEM_ALLOC_ENABLE"  # torch's environment variable, which main.py sets for training
MIN_SECONDS = 0.1  # anything faster is run several times per reading


@dataclass(frozen=True)
class Settings:
    """What the command line says; `dtype` other than float32 is that of autocast."""

    device: torch.device
    dtype: torch.dtype = torch.float32
    compile: bool = False
    repeats: int = 5
    quick: bool = False

    def autocast(self) -> contextlib.AbstractContextManager[None]:
        """The autocast context of the measured networks."""
        if self.dtype == torch.float32:
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, self.dtype)

    def ready(self, network: ModuleT) -> ModuleT:
        """Move a network to the device, and compile it if requested; in place."""
        network.to(self.device)
        if self.compile:
            network.compile()
        return network


def parse(description: str | None, argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the options common to all benchmarks."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1, ...")
    parser.add_argument("--dtype", choices=sorted(DTYPES), default="float32", help="bfloat16 runs under autocast")
    parser.add_argument("--compile", action="store_true", help="run both variants through torch.compile")
    parser.add_argument("--threads", type=int, help="CPU threads (default: torch's choice)")
    parser.add_argument("--repeats", type=int, default=5, help="readings per variant; the median is reported")
    parser.add_argument(
        "--quick", action="store_true", help="toy sizes, to check that it runs; the figures mean nothing"
    )
    options = parser.parse_args(argv)
    if options.device.startswith("cuda") and not torch.cuda.is_available():
        parser.error(f"--device {options.device}: torch finds no GPU here")
    return options


def settings_of(options: argparse.Namespace) -> Settings:
    """Turn options into settings, and set the number of threads."""
    if options.threads:
        torch.set_num_threads(options.threads)
    device = torch.device(options.device)
    if device.type == "cuda":
        torch.cuda.set_device(device)
    return Settings(device, DTYPES[options.dtype], options.compile, options.repeats, options.quick)


def median_seconds(variants: Mapping[str, Callable[[], object]], settings: Settings) -> dict[str, float]:
    """Median seconds of each variant. They alternate, A B A B, so that a slow period of the machine affects all."""
    calls = {}
    for name, run in variants.items():
        run()  # the first run compiles, fills caches and reserves memory
        calls[name] = 1
        if not settings.quick:
            calls[name] = max(1, round(MIN_SECONDS / max(_seconds(run, 1, settings.device), 1e-6)))
    readings: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(settings.repeats):
        for name, run in variants.items():
            readings[name].append(_seconds(run, calls[name], settings.device))
    return {name: statistics.median(values) for name, values in readings.items()}


def _seconds(run: Callable[[], object], calls: int, device: torch.device) -> float:
    """Seconds of one call, of `calls` in a row."""
    if device.type != "cuda":
        start = time.perf_counter()
        for _ in range(calls):
            run()
        return (time.perf_counter() - start) / calls
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    torch.cuda.synchronize(device)
    begin.record()
    for _ in range(calls):
        run()
    end.record()
    torch.cuda.synchronize(device)
    return begin.elapsed_time(end) / 1000 / calls


def peak_bytes(run: Callable[[], object], device: torch.device) -> int:
    """The peak memory of tensors during a run, above the level before it.

    On a GPU it comes from the allocator. On a CPU it is summed from the allocations and releases recorded by torch's
    profiler: the same quantity, unaffected by memory the process used before, unlike resident memory.
    """
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        run()
        torch.cuda.synchronize(device)
        return torch.cuda.max_memory_allocated(device) - before
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as trace:
        run()
    events = [event for event in trace.profiler.kineto_results.events() if event.name() == "[memory]"]
    held = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    return peak


class Row(NamedTuple):
    """One line of a table: another version and ours, in seconds ("s") or bytes ("B"), and the target ratio."""

    what: str
    other: float
    ours: float
    unit: str
    target: float | None = None

    @property
    def ratio(self) -> float:
        """How many times faster or smaller ours is."""
        return self.other / self.ours

    @property
    def is_met(self) -> bool | None:
        return None if self.target is None else self.ratio >= self.target

    def cells(self) -> list[str]:
        target = "" if self.target is None else f"≥ {self.target:.2f}x"
        met = {None: "", True: "yes", False: "no"}[self.is_met]
        amounts = [amount(value, self.unit) for value in (self.other, self.ours)]
        return [self.what, *amounts, f"{self.ratio:.2f}x", target, met]


def amount(value: float, unit: str) -> str:
    """Format seconds or bytes for reading: 12.3 ms, 1.20 s, 34 MB, 1.20 GB."""
    if unit == "s":
        return f"{value:.2f} s" if value >= 1 else f"{1000 * value:.3g} ms"
    return f"{value / 1e9:.2f} GB" if value >= 1e9 else f"{value / 1e6:.3g} MB"


def table(title: str, rows: Sequence[Row], other: str = "plain") -> str:
    """A Markdown table that also reads well in a terminal."""
    return aligned([[title, other, "ours", "ratio", "target", "met?"], *(row.cells() for row in rows)])


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose first line is the header."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    head, *body = ["| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines]
    return "\n".join([head, "|" + "|".join("-" * (width + 2) for width in widths) + "|", *body])


def machine(settings: Settings) -> str:
    """The machine and settings of a measurement, in two lines."""
    cpu = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        cpu = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), cpu)
    place = f"{cpu}, {os.cpu_count()} cores, {torch.get_num_threads()} threads, torch {torch.__version__}"
    if settings.device.type == "cuda":
        place = f"{torch.cuda.get_device_name(settings.device)}; {place}"
    how = [
        str(settings.dtype).removeprefix("torch."),
        "TOY SIZES" if settings.quick else "full size",
        f"median of {settings.repeats} alternating readings",
    ]
    if settings.compile:
        how.append("compiled")
    if os.environ.get(LARGE_PAGES) == "1":
        how.append("large pages")
    return f"{place}\n{', '.join(how)}"


def report(title: str, rows: Sequence[Row], settings: Settings, other: str = "plain") -> None:
    """Print the machine and the table; toy sizes are not compared with targets."""
    if settings.quick:
        rows = [row._replace(target=None) for row in rows]
    print(machine(settings), table(title, rows, other), sep="\n\n")
