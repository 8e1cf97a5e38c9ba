"""Draw a part of a chart anew, vary it, or write charts between two."""

from mug.cli import run
from mug.commands.edit import main

if __name__ == "__main__":
    run(main)
