"""Show what is in a set of charts: how hard, how long, of which kind, by whom, and what is wrong with it."""

from mug.cli import run
from mug.commands.describe import main

if __name__ == "__main__":
    run(main)
