"""Music in a style, drawn by a trained model of spectra."""

from mug.cli import run
from mug.commands.generate_audio import main

if __name__ == "__main__":
    run(main)
