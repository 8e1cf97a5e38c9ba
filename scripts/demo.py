"""The whole way in a row: songs -> features.db -> stage 1 -> stage 2 -> a chart for a song that no training saw.

    python scripts/demo.py                      on songs that the project composes itself
    python scripts/demo.py --songs ~/osu/Songs  on yours

Every step is a command of its own, printed before it runs: what the demo does, you can do.
"""

import argparse
import csv
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import librosa
import numpy as np
import torch
from scipy.signal import find_peaks

from mug import cli
from mug.config import PROJECT_ROOT, instantiate_from_config, load_config
from mug.data.audio import decode_audio
from mug.data.beatmap import Beatmap
from mug.data.library import Entry
from mug.data.osu import read_osu
from mug.errors import MugError
from mug.generate import ChartGenerator
from mug.metrics.onsets import moments_ms, onset_f1, random_onsets

N_SONGS = 64
ONSET_SR = 22050
TOLERANCES_MS = (20.0, 50.0)
GUIDANCE_SCALE = 1.5  # of a small model more costs onset F1; an early one had 0.65, 0.62, 0.60, 0.58 at 1, 1.5, 2, 3
CHARTED_SONGS = 5  # held-out songs that are charted for the table


def main() -> None:
    started = time.monotonic()
    args = parse_args()
    name = args.name
    songs = args.songs
    if songs is None:
        songs = args.datadir / f"{name}_songs"
        step("compose songs", "scripts/synthesize_songs.py", "-o", songs, "-n", N_SONGS, "--jobs", 2)
    data = args.datadir / name
    everything, beatmap_txt = data / "beatmap.txt", data / "beatmap_filtered.txt"
    step("gather charts", "scripts/prepare_beatmap.py", "-s", songs, "-o", data, "--cs", 4)
    step("describe them", "scripts/prepare_beatmap_features.py", "-b", everything)
    step("leave out copies and broken ones", "scripts/filter_beatmap.py", "-b", everything)
    step("look at them", "scripts/describe_dataset.py", "-b", beatmap_txt)
    overrides = [f"data.params.common.beatmap_txt={beatmap_txt}", *args.overrides]
    logdir = ("--logdir", args.logdir)
    train = ("main.py", "-t", "--no-test", *logdir)
    step(
        "stage 1",
        *train,
        "-n",
        f"{name}_autoencoder",
        "--base",
        args.autoencoder,
        *overrides,
        *steps(args.stage1_steps),
    )
    first_stage = newest_run(args.logdir, f"{name}_autoencoder") / "checkpoints" / "last.ckpt"
    ckpt_path = f"model.params.first_stage_config.params.ckpt_path={first_stage}"
    step(
        "stage 2",
        *train,
        "-n",
        f"{name}_diffusion",
        "--base",
        args.diffusion,
        *overrides,
        ckpt_path,
        *steps(args.stage2_steps),
    )
    run = newest_run(args.logdir, f"{name}_diffusion")
    held_out = test_entries(args.diffusion, overrides)
    entry, _ = chosen(held_out)[0]
    stars = entry.prompt["sr"]
    step(
        "chart a song",
        *("scripts/mapping.py", "--checkpoint", run / "checkpoints" / "last.ckpt", "--audio", entry.audio),
        *("--prompt", f"sr={stars:.1f}", f"ln_ratio={entry.prompt['ln_ratio']:.1f}"),
        *("--outdir", args.outdir / name, "--ddim_steps", 30, "--scale", GUIDANCE_SCALE),
    )
    report(run, held_out)
    print(f"\n{(time.monotonic() - started) / 60:.1f} minutes in all; the charts are in {args.outdir / name}")


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--songs", type=Path, help="your own songs (default: composed ones)")
    parser.add_argument("--name", default="demo", help="of the data folder, the runs and the output (default: demo)")
    parser.add_argument("--autoencoder", default="configs/mug/demo_autoencoder.yaml", help="stage 1's configuration")
    parser.add_argument("--diffusion", default="configs/mug/demo_diffusion.yaml", help="stage 2's configuration")
    parser.add_argument("--stage1_steps", type=int, help="steps of stage 1 (default: what its configuration says)")
    parser.add_argument("--stage2_steps", type=int, help="steps of stage 2 (default: what its configuration says)")
    parser.add_argument("--datadir", type=Path, default=Path("data"), help="where songs and datasets are kept")
    parser.add_argument("--logdir", type=Path, default=Path("logs"), help="where the runs are kept")
    parser.add_argument("--outdir", type=Path, default=Path("outputs"), help="where the charts go")
    parser.add_argument("overrides", nargs="*", metavar="key.sub=value", help="single values for both stages")
    return parser.parse_args()


def steps(n: int | None) -> list[str]:
    return [] if n is None else [f"lightning.trainer.max_steps={n}"]


def newest_run(logdir: Path, name: str) -> Path:
    """Return the folder of the last run of this name: they begin with the time."""
    return sorted(logdir.glob(f"*_{name}"))[-1]


def step(title: str, script: str, *arguments: object) -> None:
    """Print and run one command of the project. Raises MugError when it fails."""
    arguments = tuple(map(str, arguments))
    print(f"\n=== {title}\n$ python {shlex.join([script, *arguments])}", flush=True)
    started = time.monotonic()
    done = subprocess.run([sys.executable, str(PROJECT_ROOT / script), *arguments], check=False)
    if done.returncode:
        raise MugError(f"'{title}' ended with status {done.returncode}; the lines above say why")
    print(f"--- {title}: {time.monotonic() - started:.0f} s", flush=True)


def test_entries(config: str, overrides: Sequence[str]) -> list[Entry]:
    """Return the charts of the test split, which neither stage has seen, easiest first. Raises DatasetError."""
    node = load_config([config], overrides)["data"]
    data = instantiate_from_config(node, "data")
    data.setup("test")
    return sorted(data.datasets["test"].entries, key=lambda entry: (entry.audio, entry.prompt["sr"]))


def report(run: Path, held_out: Sequence[Entry]) -> None:
    """Print how well both stages do on charts that they have not seen, beside what chance and plain onsets reach."""
    generator = ChartGenerator.load(run / "checkpoints" / "last.ckpt")
    reconstructed = [per_column_f1(read_osu(entry.path), generator) for entry in held_out]
    losses = validation_losses(run)
    print(f"\n=== what was learned, on {len(held_out)} charts of {len({e.audio for e in held_out})} songs held out")
    print(f"stage 1   onset F1 of reconstructed charts, 20 ms, per column   {np.mean(reconstructed):.3f}")
    print(f"stage 2   validation loss, untrained -> trained                 {losses[0]:.3f} -> {losses[-1]:.3f}")
    scores: dict[str, list[list[float]]] = {"generated": [], "random notes": [], "librosa's onsets": []}
    for entry, chart in chosen(held_out):
        for name, onsets in rivals(generator, entry, chart).items():
            scores[name].append([onset_f1(moments_ms(chart), onsets, tolerance).f1 for tolerance in TOLERANCES_MS])
    print(f"\nonset F1 against the charts of {len(scores['generated'])} songs, at their star rating   20 ms   50 ms")
    for name, rows in scores.items():
        at_20, at_50 = np.mean(rows, axis=0)
        print(f"  {name:<60}{at_20:.3f}   {at_50:.3f}")


def chosen(entries: Sequence[Entry]) -> list[tuple[Entry, Beatmap]]:
    """Of up to CHARTED_SONGS songs the second hardest chart, or the only one: entries come easiest first."""
    by_song: dict[Path, list[Entry]] = {}
    for entry in entries:
        by_song.setdefault(entry.audio, []).append(entry)
    middle = [spread[-2:][0] for spread in list(by_song.values())[:CHARTED_SONGS]]
    return [(entry, read_osu(entry.path)) for entry in middle]


def rivals(generator: ChartGenerator, entry: Entry, chart: Beatmap) -> dict[str, np.ndarray]:
    """Return onset times in ms: of a generated chart, and of as many random notes and strongest audio onsets."""
    prompt = {"sr": entry.prompt["sr"], "ln_ratio": entry.prompt["ln_ratio"]}
    (generated,) = generator.generate(entry.audio, prompt, steps=30, guidance_scale=GUIDANCE_SCALE, seed=1)
    reference = moments_ms(chart)
    drawn = random_onsets(len(reference), reference[0], reference[-1], np.random.default_rng(0))
    # a short window: with librosa's 2048 the peaks come 20 ms late
    samples = decode_audio(entry.audio, ONSET_SR)
    strength = librosa.onset.onset_strength(y=samples, sr=ONSET_SR, hop_length=128, n_fft=512)
    # at most one in 30 ms; librosa's own picker is compiled at run time, and its cache can crash
    frames, _ = find_peaks(strength, distance=5)
    strongest = np.sort(frames[np.argsort(-strength[frames])[: len(reference)]])
    peaks = librosa.frames_to_time(strongest, sr=ONSET_SR, hop_length=128) * 1000
    return {"generated": moments_ms(generated), "random notes": drawn, "librosa's onsets": peaks}


def per_column_f1(chart: Beatmap, generator: ChartGenerator) -> float:
    """Onset F1 at 20 ms of the first stage's reconstruction, every column for itself."""
    notes = generator.reconstruct(chart)
    span = 2 * chart.last_ms + 1000.0  # columns one after the other, too far apart to match
    reference = [note.start_ms + note.column * span for note in chart.notes]
    return onset_f1(reference, [note.start_ms + note.column * span for note in notes], 20.0).f1


def validation_losses(run: Path) -> list[float]:
    """The run's validation losses from its metrics.csv, first to last."""
    with (run / "metrics.csv").open(newline="") as file:
        return [float(row["val/loss"]) for row in csv.DictReader(file) if row.get("val/loss")]


if __name__ == "__main__":
    torch.set_num_threads(min(2, torch.get_num_threads()))
    cli.run(main)
