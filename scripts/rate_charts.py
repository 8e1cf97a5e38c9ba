"""Rate charts: osu!'s star rating, the share of long notes, and Etterna's skillset ratings (MSD) of the 4K ones."""

from mug.cli import run
from mug.commands.rate import main

if __name__ == "__main__":
    run(main)
