"""Gather the charts of songs, with their audio, into a folder that training reads."""

from mug.cli import run
from mug.commands.gather import main

if __name__ == "__main__":
    run(main)
