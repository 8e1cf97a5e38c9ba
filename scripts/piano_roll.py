"""Pieces through a trained model of piano rolls: reconstructed, sampled, interpolated."""

from mug.cli import run
from mug.commands.piano_roll import main

if __name__ == "__main__":
    run(main)
