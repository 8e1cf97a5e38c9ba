"""The whole way in a row: songs -> features.db -> four stages of training -> a chart for a song that no training saw."""

from mug.cli import run
from mug.commands.demo import main

if __name__ == "__main__":
    run(main)
