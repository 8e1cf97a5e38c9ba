"""Folders of audio, one for each style, to spectra that a model of music trains on."""

from mug.cli import run
from mug.commands.prepare_sound import main

if __name__ == "__main__":
    run(main)
