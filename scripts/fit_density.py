"""How dense charts are, by what a prompt says: from the charts that trained a model -> density.yaml of its folder."""

from mug.cli import run
from mug.commands.density import main

if __name__ == "__main__":
    run(main)
