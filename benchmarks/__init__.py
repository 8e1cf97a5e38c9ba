"""Measurements: `python -m benchmarks` for all of them, `python -m benchmarks.attention` for one question."""

import os

os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # before torch: its profiler would announce itself between the tables
