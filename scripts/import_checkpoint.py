"""Models of the original 2023 program here, and back."""

from mug.cli import run
from mug.commands.import_checkpoint import main

if __name__ == "__main__":
    run(main)
