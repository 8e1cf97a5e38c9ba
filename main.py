"""Train and test: `python main.py --base configs/mug/mini_autoencoder.yaml -t`; see --help."""

from mug.cli import run
from mug.commands.train import main

if __name__ == "__main__":
    run(main)
