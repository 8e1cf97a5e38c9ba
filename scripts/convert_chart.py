"""Convert charts between osu!mania, StepMania, Quaver and Malody."""

from mug.cli import run
from mug.commands.convert import main

if __name__ == "__main__":
    run(main)
