"""How do seconds and memory grow with the length of a song? One chart of songs of some lengths by a trained model.

    python -m benchmarks.long_songs --minutes 1 3 10 30 180

Every length has a process of its own, with one thread, whose processor time is given. A song of more than 15 minutes is
read in pieces, and a little above that it is charted in windows. Peak memory is what the process itself needs; a long
song's spectrum is in a temporary file, which the system keeps in memory as long as there is room.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.measure import aligned, amount
from mug.config import SHIPPED_MODEL
from mug.progress import Progress

SR, BEAT = 22050, 11025  # Hz; samples, 120 BPM
MEASURES_A_MINUTE = 30
EVERY_S = 0.05


def write_song(path: Path, minutes: float) -> None:
    """Bursts of noise on the beats of four measures, again and again: a flac file."""
    rng = np.random.default_rng(0)
    beats = rng.normal(0, 0.1, (16, BEAT)) * np.exp(-np.arange(BEAT) / 1500) * rng.choice([1.0, 0.4], (16, 1))
    with soundfile.SoundFile(path, "w", SR, 1) as file:
        for _ in range(max(1, round(minutes * MEASURES_A_MINUTE / 4))):
            file.write(beats.ravel())


class PeakMemory(threading.Thread):
    """Watches how much memory of its own this process has: `bytes` is the most of it. Linux only."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.bytes = 0

    def run(self) -> None:
        while True:
            status = Path("/proc/self/status").read_text(encoding="ascii")
            self.bytes = max(self.bytes, 1024 * int(status.partition("RssAnon:")[2].split()[0]))
            time.sleep(EVERY_S)


def chart_one(song: Path, model: Path, steps: int, ensemble: int) -> None:
    """Chart a song, and print seconds, bytes and notes as JSON."""
    import torch

    from mug.generation import ChartGenerator, SamplingSettings

    torch.set_num_threads(1)
    generator = ChartGenerator.load(model, "cpu")
    settings = SamplingSettings(steps=steps, ensemble=ensemble, attempts=1)
    memory = PeakMemory()
    memory.start()
    start = time.process_time()
    (chart,) = generator.generate(song, {}, settings=settings, progress=Progress())
    print(json.dumps([time.process_time() - start, memory.bytes, len(chart.notes)]))


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, nargs="+", default=[1.0, 3.0, 10.0, 30.0])
    parser.add_argument("--checkpoint", type=Path, default=SHIPPED_MODEL)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--ensemble", type=int, default=1)
    parser.add_argument("--song", type=Path, help=argparse.SUPPRESS)  # of the process for one length
    options = parser.parse_args(argv)
    if options.song is not None:
        chart_one(options.song, options.checkpoint, options.steps, options.ensemble)
        return
    lines = [["minutes", "seconds", "seconds per minute", "peak memory", "notes"]]
    for minutes in options.minutes:
        with tempfile.TemporaryDirectory() as folder:
            song = Path(folder) / "song.flac"
            write_song(song, minutes)
            own = ["--song", str(song), "--checkpoint", str(options.checkpoint)]
            own += ["--steps", str(options.steps), "--ensemble", str(options.ensemble)]
            command = [sys.executable, "-m", "benchmarks.long_songs", *own]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        seconds, peak, notes = json.loads(done.stdout)
        per_minute = f"{seconds / minutes:.2f} s"
        lines.append([f"{minutes:g}", f"{seconds:.1f} s", per_minute, amount(peak, "B"), str(notes)])
        print(f"{minutes:g} minutes: {seconds:.1f} s, {amount(peak, 'B')}", file=sys.stderr, flush=True)
    print(f"{options.checkpoint}, {options.steps} steps, ensemble of {options.ensemble}, one thread", end="\n\n")
    print(aligned(lines))


if __name__ == "__main__":
    main()
