"""Find the tempo of songs: BPM, offset, meter, and where the tempo changes."""

from mug.cli import run
from mug.commands.timing import main

if __name__ == "__main__":
    run(main)
