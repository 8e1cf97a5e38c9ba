"""Write a list of charts without duplicates, copies at other speeds, and broken charts; say why each is left out."""

from mug.cli import run
from mug.commands.filter import main

if __name__ == "__main__":
    run(main)
