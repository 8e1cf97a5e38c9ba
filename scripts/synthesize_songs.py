"""Write a Songs folder of synthesised music with some five charts a song: other skills, other stars, other long notes."""

from mug.cli import run
from mug.commands.synthesize import main

if __name__ == "__main__":
    run(main)
