"""Run all benchmarks, each in its own process, and print their tables: `python -m benchmarks`.

`--save docs/benchmarks.md` replaces the tables at the end of that page.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import LARGE_PAGES, parse
from mug.files import replacing

ROOT = Path(__file__).resolve().parent.parent
FIGURES = "## Figures\n"  # the last heading of the page
# Name and LARGE_PAGES: training with torch's default, and then as main.py runs it.
CPU_QUESTIONS = (
    ("start", "0"),
    ("s4_kernel", "0"),
    ("attention", "0"),
    ("ddim_step", "0"),
    ("training_step", "0"),
    ("training_step", "1"),
    ("networks", "1"),
    ("dataset", "0"),
    ("latents", "1"),
    ("preparation", "0"),
    ("scale", "0"),
    ("msd", "0"),
)
GPU_QUESTIONS = tuple((name, "0") for name in ("s4_kernel", "attention", "ddim_step", "training_step", "gpu"))


def answer(question: str, large_pages: str, arguments: Sequence[str]) -> str:
    """Return what a benchmark prints. Raises CalledProcessError if it fails; its error is on stderr."""
    command = [sys.executable, "-m", f"benchmarks.{question}", *arguments]
    environment = {**os.environ, LARGE_PAGES: large_pages}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


def save(page: Path, figures: str) -> None:
    """Replace everything after the heading of the figures. Raises ValueError for a page without it."""
    text = page.read_text(encoding="utf-8")
    if text.count(FIGURES) != 1:
        raise ValueError(f"{page}: expected one heading '{FIGURES.strip()}' before the figures")
    with replacing(page) as temporary:
        temporary.write_text(text.partition(FIGURES)[0] + FIGURES + "\n" + figures, encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--save", type=Path)
    own, arguments = parser.parse_known_args(argv)
    options = parse(__doc__, arguments)
    parts = []
    for question, large_pages in CPU_QUESTIONS if options.device == "cpu" else GPU_QUESTIONS:
        parts.append(answer(question, large_pages, arguments))
        print(parts[-1], end="\n\n", flush=True)
    if own.save:
        save(own.save, "\n\n".join(parts) + "\n")


if __name__ == "__main__":
    main()
