"""The whole way in a row, on songs that the project composes: from nothing to a chart for a held-out song."""

from mug.cli import run
from mug.commands.demo import main

if __name__ == "__main__":
    run(main)
