"""Compute the spectra of all songs before training, which otherwise does it when it starts."""

from mug.cli import run
from mug.commands.spectra import main

if __name__ == "__main__":
    run(main)
