"""Describe every chart that a beatmap.txt lists, star rating, skillsets and so on, in features.db beside it."""

from mug.cli import run
from mug.commands.features import main

if __name__ == "__main__":
    run(main)
