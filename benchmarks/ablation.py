"""Which choices of stage 2 are worth it? Each variant trains for the same steps, from the same seeds.

    python -m benchmarks.ablation --base configs/mug/mini_diffusion.yaml --steps 400 --seeds 23 24 \\
        data.params.common.beatmap_txt=data/demo/beatmap_filtered.txt \\
        model.params.first_stage_config.params.ckpt_path=logs/<stage 1 run>/checkpoints/last.ckpt

A step costs nearly the same in all variants, so equal steps mean about equal time; the rate is in the table. Losses are
only comparable with the same parameterization and weights. Onset F1 compares charts sampled for the validation songs
with the human's, and is comparable between all variants. Several seeds show how much is noise.
"""

import argparse
import csv
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.measure import aligned
from mug.cli import run
from mug.config import PROJECT_ROOT
from mug.errors import TrainingError

FLOW = ("model.params.parameterization=flow", "model.params.beta_schedule=rectified_flow")
MIN_SNR = ("model.params.min_snr_gamma=5.0",)
NO_EMA = ("lightning.callbacks.ema.params.decay=0.0",)  # the average is then the last weights
VARIANTS: dict[str, tuple[str, ...]] = {
    "v": (),
    "v, min-SNR": MIN_SNR,
    "eps": ("model.params.parameterization=eps",),
    "eps, min-SNR": ("model.params.parameterization=eps", *MIN_SNR),
    "flow": FLOW,
    "flow, min-SNR": (*FLOW, *MIN_SNR),
    "flow, logit-normal": (*FLOW, "model.params.timestep_sampling=logit_normal"),
    "v, no EMA": NO_EMA,
    "v, bf16": ("lightning.trainer.precision=bf16-mixed",),
}
COLUMNS = ("val/onset_f1_20ms", "val/onset_f1_50ms", "val/star_rating_error", "val/loss")
RATE = "train/songs_per_second"


class Result(NamedTuple):
    """Results from a run's metrics.csv: the last values of COLUMNS, and the median of RATE."""

    last: tuple[float, ...]
    rate: float


def train(name: str, variant: Sequence[str], seed: int, options: argparse.Namespace) -> Result:
    """Train one variant in its own process. Raises TrainingError if it fails."""
    run_name = f"{name.replace(', ', '_').replace(' ', '_')}_seed{seed}"
    command = [sys.executable, str(PROJECT_ROOT / "main.py"), "--base", options.base, "-t", "--no-test"]
    command += ["-n", run_name, "--logdir", str(options.logdir), "--seed", str(seed)]
    half = max(1, options.steps // 2)
    schedule = [f"lightning.trainer.max_steps={options.steps}", f"lightning.trainer.val_check_interval={half}"]
    schedule.append(f"lightning.trainer.log_every_n_steps={min(10, half)}")  # otherwise a short run has no rate
    done = subprocess.run([*command, *schedule, *options.overrides, *variant], stdout=subprocess.DEVNULL)
    if done.returncode:
        raise TrainingError(f"{name}, seed {seed}: main.py ended with status {done.returncode}; its output is above")
    return read(max(options.logdir.glob(f"*_{run_name}")) / "metrics.csv")


def read(metrics: Path) -> Result:
    """Read a run's results. Raises TrainingError if a column is missing."""
    with metrics.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    values = {name: [float(row[name]) for row in rows if row.get(name)] for name in (*COLUMNS, RATE)}
    for name, found in values.items():
        if not found:
            raise TrainingError(f"{metrics}: no values of {name}; does its configuration have callbacks that log it?")
    return Result(tuple(values[name][-1] for name in COLUMNS), statistics.median(values[RATE]))


def line(name: str, results: Sequence[Result]) -> list[str]:
    """A line of the table: means over the seeds, and half their range."""
    cells = []
    for index in range(len(COLUMNS)):
        values = [result.last[index] for result in results]
        spread = f" ± {(max(values) - min(values)) / 2:.3f}" if len(values) > 1 else ""
        cells.append(f"{statistics.mean(values):.3f}{spread}")
    return [name, *cells, f"{statistics.mean(result.rate for result in results):.1f}"]


def main(argv: Sequence[str] | None = None) -> None:
    names = f"default: all of {', '.join(repr(name) for name in VARIANTS)}"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", default="configs/mug/mini_diffusion.yaml", help="default: %(default)s")
    parser.add_argument("--steps", type=int, default=400, help="steps of each run (default: %(default)s)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[23], help="each variant trains once with each seed")
    parser.add_argument("--only", nargs="+", choices=VARIANTS, default=list(VARIANTS), metavar="VARIANT", help=names)
    parser.add_argument("--logdir", type=Path, default=Path("logs/ablation"), help="folder for the runs")
    parser.add_argument("overrides", nargs="*", metavar="key.sub=value", help="for all variants")
    options = parser.parse_intermixed_args(argv)
    lines = [["variant", *(name.removeprefix("val/") for name in COLUMNS), "songs/s"]]
    for name in options.only:
        results = [train(name, VARIANTS[name], seed, options) for seed in options.seeds]
        lines.append(line(name, results))
        print(" | ".join(lines[-1]), flush=True)  # hours may pass until the next one
    print(f"\n{options.base}, {options.steps} steps, seeds {options.seeds}\n", aligned(lines), sep="\n")


if __name__ == "__main__":
    run(main)
