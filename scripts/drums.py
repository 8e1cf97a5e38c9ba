"""Drums through a trained MusicVAE: reconstructed, sampled, interpolated, and how good it is."""

from mug.cli import run
from mug.commands.drums import main

if __name__ == "__main__":
    run(main)
