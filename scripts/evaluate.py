"""How good is a model? Its charts beside people's, librosa's onsets and chance."""

from mug.cli import run
from mug.commands.evaluate import main

if __name__ == "__main__":
    run(main)
