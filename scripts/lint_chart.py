"""Check charts against osu!mania's ranking criteria, and repair what leaves the rhythm as it is."""

from mug.cli import run
from mug.commands.lint import main

if __name__ == "__main__":
    run(main)
