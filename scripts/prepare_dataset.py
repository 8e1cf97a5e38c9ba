"""From Songs folders to a training set: gather the charts, describe them, leave out copies and broken ones."""

from mug.cli import run
from mug.commands.prepare import main

if __name__ == "__main__":
    run(main)
