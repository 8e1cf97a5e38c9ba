"""Ask osu! which beatmap sets are ranked, loved or in the graveyard: a file of 'set_id status' lines."""

from mug.cli import run
from mug.commands.ranked import main

if __name__ == "__main__":
    run(main)
