"""How far a folder of songs sounds from another one: is what the project composes like real music?"""

from mug.cli import run
from mug.commands.compare import main

if __name__ == "__main__":
    run(main)
