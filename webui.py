"""The web page: `python webui.py`; see --help."""

from mug.cli import run
from mug.commands.web import main

if __name__ == "__main__":
    run(main)
