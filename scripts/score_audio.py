"""How far a model's music is from real music, as a table."""

from mug.cli import run
from mug.commands.score_audio import main

if __name__ == "__main__":
    run(main)
