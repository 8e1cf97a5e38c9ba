"""From MIDI files, scores or composed songs to a library of pieces that models of music train on."""

from mug.cli import run
from mug.commands.prepare_midi import main

if __name__ == "__main__":
    run(main)
