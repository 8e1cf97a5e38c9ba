"""Charting a song loads no code that trains, and no trainer."""

import subprocess
import sys

from conftest import PROJECT_ROOT

CHECK = """
import sys, mug.generation
print(*(name for name in sys.modules if name.startswith(("mug.training", "pytorch_lightning"))))
"""


def test_generation_imports_neither_training_nor_lightning() -> None:
    done = subprocess.run([sys.executable, "-c", CHECK], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
