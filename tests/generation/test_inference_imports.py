"""Charting a song imports no trainer, no plots, no compiler and no page, and most of SciPy only where it is used."""

import subprocess
import sys

from conftest import PROJECT_ROOT

CHECK = """
import sys
import numpy as np, soundfile
from mug.generation import ChartGenerator, SamplingSettings
from mug.progress import Progress

def loaded(*names):
    return [name for name in names if name in sys.modules]

generator = ChartGenerator.load("models/mug-mini")
print("loading", *loaded("scipy", "sympy", "torch._dynamo"))
soundfile.write(sys.argv[1], np.random.default_rng(0).normal(0, 0.3, 5 * 22050), 22050)
settings = SamplingSettings(steps=1, ensemble=1, attempts=1)
list(generator.generate(sys.argv[1], {"sr": 3}, settings=settings, progress=Progress()))
print("charting", *loaded(
    "mug.training", "pytorch_lightning", "tensorboard", "matplotlib", "pandas", "sklearn", "gradio", "torch._dynamo",
    "librosa", "numba", "joblib", "scipy.signal", "scipy.stats",
))
"""


def test_charting_imports_only_what_it_uses(tmp_path) -> None:
    program = [sys.executable, "-W", "ignore", "-c", CHECK, str(tmp_path / "song.wav")]
    done = subprocess.run(program, cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "loading\ncharting\n"
