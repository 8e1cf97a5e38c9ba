"""How far a folder of songs sounds from another one: is what the project composes like real music?

python scripts/compare_audio.py data/demo_songs ~/osu/Songs

Both are folders with a subfolder for each song, which holds audio and, for the last rows of the table, charts. Every
statistic is of the spectrum that networks hear (22050 Hz, 128 mel bins); distances are in standard deviations of the
reference. docs/synth.md says how to read the table.
"""

import argparse
from pathlib import Path

from mug.synth.likeness import compare_folders


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("songs", type=Path, help="the songs in question")
    parser.add_argument("reference", type=Path, help="the songs they should be like")
    args = parser.parse_args()
    print(compare_folders(args.songs, args.reference).table())
