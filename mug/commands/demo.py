"""Everything in one run: songs -> features.db -> four stages of training -> a chart for a held-out song.

It begins with a chart by the shipped model, which shows in a minute where this goes.

    mug demo                      on songs composed by the project
    mug demo --songs ~/osu/Songs  on your own

Every step is a command of its own, printed before it runs, so you can repeat it. It trains the architecture of
models/mug-mini for minutes instead of hours.
"""

import argparse
import csv
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mug.cli import command_parser
from mug.config import instantiate_from_config, load_config
from mug.errors import MugError

if TYPE_CHECKING:
    from mug.data.entry import Entry

FIRST_SECONDS = 60  # of the song that the shipped model charts
N_SONGS = 64
CHARTED_SONGS = 5  # held-out songs that are charted for the table
STEPS = {"onsets": 300, "autoencoder": 1500, "diffusion": 900, "placement": 400}
BASES = {"placement": ("diffusion",)}  # stage -> the stages whose configurations its own is overlaid on
# With so few songs, hold out more of them. Not every CPU supports bfloat16.
SMALL = (
    "data.params.common.valid_fraction=0.1",
    "data.params.common.test_fraction=0.1",
    "lightning.trainer.precision=32-true",
)


def main(argv: Sequence[str] | None = None) -> None:
    started = time.monotonic()
    args = parse_args(argv)
    name = args.name
    songs, first = args.songs, args.datadir / f"{name}_first_song"
    step("compose a song", "synthesize", "-o", first, "-n", 1, "--seed", 7, "--seconds", FIRST_SECONDS)
    shipped = ("--prompt", "sr=3.5", "--outdir", args.outdir / name / "shipped_model")
    step("chart it with the shipped model: this is where it goes", "chart", "--audio", first, *shipped)
    if songs is None:
        songs = args.datadir / f"{name}_songs"
        step("compose songs", "synthesize", "-o", songs, "-n", N_SONGS, "--jobs", 2)
    data = args.datadir / name
    everything, beatmap_txt = data / "beatmap.txt", data / "beatmap_filtered.txt"
    step("gather charts", "gather", "-s", songs, "-o", data, "--cs", 4)
    step("compute features", "features", "-b", everything)
    step("leave out duplicates and broken charts", "filter", "-b", everything)
    step("show statistics", "describe", "-b", beatmap_txt)

    overrides = [*SMALL, f"data.params.common.beatmap_txt={beatmap_txt}", *args.overrides]

    def train(title: str, stage: str, configs: Sequence[str], n_steps: int, *more: str) -> Path:
        """Train a stage with three validations, and return its checkpoint."""
        run = f"{name}_{stage}"
        schedule = (
            f"lightning.trainer.max_steps={n_steps}",
            f"lightning.trainer.val_check_interval={max(1, n_steps // 3)}",
            "lightning.trainer.num_sanity_val_steps=-1",  # the untrained model is the first point of the curve
        )
        command = ("train", "-t", "--no-test", "--logdir", args.logdir, "-n", run, "--base", *configs)
        step(title, *command, *schedule, *overrides, *more)
        return newest_run(args.logdir, run) / "checkpoints" / "last.ckpt"

    onsets = train("stage 0: audio encoder on onsets", "onsets", args.onsets, args.stage0_steps)
    autoencoder = train("stage 1: autoencoder of notes", "autoencoder", args.autoencoder, args.stage1_steps)
    diffusion = train(
        "stage 2: diffusion model",
        "diffusion",
        args.diffusion,
        args.stage2_steps,
        f"model.params.first_stage_config.params.ckpt_path={autoencoder}",
        f"model.params.wave_stage_config.params.ckpt_path={onsets}",
    )
    init = f"model.params.ckpt_path={diffusion}"
    placement = train("stage 3: note-placement model", "placement", args.placement, args.stage3_steps, init)
    model = diffusion.parent.parent / "model"
    step("export the model", "export", "--checkpoint", diffusion, "--outdir", model)
    step("export the note-placement model", "export", "--checkpoint", placement, "--outdir", model / "placement")
    step("fit how dense charts are", "density", "--model", model, "--beatmap_txt", beatmap_txt)
    entry = held_out_chart(args.diffusion, overrides)
    step(
        "chart a song",
        *("chart", "--checkpoint", model, "--audio", entry.audio, "--outdir", args.outdir / name),
        *("--prompt", f"sr={entry.prompt['sr']:.1f}", f"ln_ratio={entry.prompt['ln_ratio']:.1f}"),
    )
    step(
        "compare with other charts, librosa's onsets and random notes",
        *("evaluate", "--checkpoint", model, "--beatmap_txt", beatmap_txt),
        *("--max_charts_per_song", 1, "--limit", CHARTED_SONGS, "--out", args.outdir / name / "evaluation"),
    )
    print("\n=== results on songs held out for validation")
    for stage, checkpoint, metric in (
        ("stage 0   loss of onsets, untrained -> trained", onsets, "val/loss"),
        ("stage 1   onset F1 of reconstructed charts, 20 ms, per column", autoencoder, "val/onset_f1"),
        ("stage 2   loss, untrained -> trained", diffusion, "val/loss"),
        ("stage 2   onset F1 of single sampled charts, 20 ms", diffusion, "val/onset_f1_20ms"),
        ("stage 3   loss of note placement, untrained -> trained", placement, "val/loss"),
    ):
        first, *_, last = history(checkpoint.parent.parent, metric)
        print(f"{stage:<64}{first:.3f} -> {last:.3f}")
    motifs, of_people = (history(diffusion.parent.parent, f"val/motif_share{of}")[-1:] for of in ("", "_human"))
    if motifs and of_people:
        print(f"{'stage 2   motif share of these charts; of their songs':<64}{motifs[0]:.3f}, {of_people[0]:.3f}")
    print(f"\n{(time.monotonic() - started) / 60:.1f} minutes in all; the charts are in {args.outdir / name}")


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("demo", __doc__)
    parser.add_argument("--songs", type=Path, help="your own songs (default: composed ones)")
    parser.add_argument(
        "--name", default="demo", help="name of the data folder, the runs and the output (default: demo)"
    )
    for number, (stage, steps) in enumerate(STEPS.items()):
        configs = [f"configs/mug/mini_{name}.yaml" for name in (*BASES.get(stage, ()), stage)]
        default = " ".join(configs)
        parser.add_argument(
            f"--{stage}",
            nargs="+",
            default=configs,
            metavar="YAML",
            help=f"stage {number}'s configuration (default: {default})",
        )
        parser.add_argument(
            f"--stage{number}_steps", type=int, default=steps, help=f"steps of stage {number} (default: {steps})"
        )
    parser.add_argument("--datadir", type=Path, default=Path("data"), help="folder for songs and datasets")
    parser.add_argument("--logdir", type=Path, default=Path("logs"), help="folder for the runs")
    parser.add_argument("-o", "--outdir", type=Path, default=Path("outputs"), help="folder for the charts")
    parser.add_argument("overrides", nargs="*", metavar="key.sub=value", help="overrides for all stages")
    return parser


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    args = build_parser().parse_args(argv)
    for stage in STEPS:  # these options also take the overrides that follow them
        given = getattr(args, stage)
        args.overrides = [item for item in given if "=" in item] + args.overrides
        setattr(args, stage, [item for item in given if "=" not in item])
    return args


def newest_run(logdir: Path, name: str) -> Path:
    """Return the folder of the latest run of this name; folder names start with the time."""
    return sorted(logdir.glob(f"*_{name}"))[-1]


def step(title: str, command: str, *arguments: object) -> None:
    """Print and run one command of `mug`. Raises MugError if it fails."""
    words = [command, *map(str, arguments)]
    print(f"\n=== {title}\n$ mug {shlex.join(words)}", flush=True)
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-m", "mug", *words], check=False)
    if done.returncode:
        raise MugError(f"'{title}' ended with status {done.returncode}; see the lines above")
    print(f"--- {title}: {time.monotonic() - started:.0f} s", flush=True)


def held_out_chart(configs: Sequence[str], overrides: Sequence[str]) -> "Entry":
    """Return the second hardest chart of a song of the test split, or its only one. Raises DatasetError."""
    data = instantiate_from_config(load_config(configs, overrides)["data"], "data")
    data.setup("test")
    entries = data.datasets["test"].entries
    song = min(entry.audio for entry in entries)
    return sorted((entry for entry in entries if entry.audio == song), key=lambda entry: entry.prompt["sr"])[-2:][0]


def history(run: Path, metric: str) -> list[float]:
    """The values of a metric in a run's metrics.csv, first to last."""
    with (run / "metrics.csv").open(newline="") as file:
        return [float(row[metric]) for row in csv.DictReader(file) if row.get(metric)]
