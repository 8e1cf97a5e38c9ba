"""A trained model as a folder to hand on: numbers and text, no code."""

from mug.cli import run
from mug.commands.export import main

if __name__ == "__main__":
    run(main)
