"""Fit the estimate of Etterna's ratings (MSD) to reference ratings; write its parameters and its page's figures."""

from mug.cli import run
from mug.commands.fit_msd import main

if __name__ == "__main__":
    run(main)
