"""Export a trained model as a folder of numbers and text, without code."""

from mug.cli import run
from mug.commands.export import main

if __name__ == "__main__":
    run(main)
