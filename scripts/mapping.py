"""Charts from one song on the command line: a song, a prompt -> an .osz and a picture of each chart."""

from mug.cli import run
from mug.commands.chart import main

if __name__ == "__main__":
    run(main)
