"""Write a Songs folder of synthesised music with some five charts a song: other skills, other stars, other long notes.

python scripts/synthesize_songs.py -o data/demo_songs -n 24
"""

import argparse

from mug.synth.songs import write_songs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", required=True, help="the Songs folder to write")
    parser.add_argument("-n", "--songs", type=int, default=24, help="how many songs (24)")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of a song (60)")
    parser.add_argument("--seed", type=int, default=0, help="song i depends on the seed and i alone (0)")
    parser.add_argument("--keys", type=int, default=4, help="columns of the charts (4)")
    parser.add_argument("--jobs", type=int, default=1, help="processes that share the work (1)")
    args = parser.parse_args()
    folders = write_songs(args.out, args.seed, args.songs, args.seconds, args.keys, args.jobs)
    print(f"{len(folders)} songs in {args.out}")
