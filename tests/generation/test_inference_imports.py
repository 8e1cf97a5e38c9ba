"""Charting a song loads no code that trains."""

import subprocess
import sys

from conftest import PROJECT_ROOT

CHECK = """
import sys
from mug.generation import ChartGenerator
print(*(name for name in sys.modules if name.startswith('mug.training')))
"""


def test_generation_imports_no_training() -> None:
    done = subprocess.run([sys.executable, "-c", CHECK], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
