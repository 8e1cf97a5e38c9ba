"""Encode the training items by the first stage, once, so that stage 2 trains without parsing charts or running it."""

from mug.cli import run
from mug.commands.latents import main

if __name__ == "__main__":
    run(main)
