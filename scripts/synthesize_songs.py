"""Compose songs with some five charts each, from a seed, as a Songs folder."""

from mug.cli import run
from mug.commands.synthesize import main

if __name__ == "__main__":
    run(main)
