"""Find the charts of mappers who have ranked maps, their unranked ones included: people who know what they do."""

from mug.cli import run
from mug.commands.mappers import main

if __name__ == "__main__":
    run(main)
