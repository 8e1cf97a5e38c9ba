"""Measurements: `python -m benchmarks` for all of them, `python -m benchmarks.attention` for one of them."""

import os

os.environ.setdefault(
    "KINETO_LOG_LEVEL", "99"
)  # set before importing torch: its profiler would print between the tables
