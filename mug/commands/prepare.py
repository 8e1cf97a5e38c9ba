"""From Songs folders to a training set: collect charts, compute features, leave out duplicates and broken charts.

    mug prepare -s ~/osu/Songs -o data/mine

makes data/mine/beatmap_filtered.txt, the list to train on, with features.db beside it; run it again after
adding songs: only new ones are processed. Each step is also a command with more options: mug gather, mug features,
mug filter, mug offsets; mug describe shows statistics of the result.

    mug prepare -s ~/osu/Songs -o data/mine --align

also measures how far the charts are from their audio, and removes that from what training sees: see mug offsets.
"""

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from mug.cli import command_parser, printable
from mug.features import FEATURES_YAML, FeatureSpec
from mug.prepare.describe import prepare_features, read_ranked_map
from mug.prepare.feature_db import FeatureDB
from mug.prepare.filtering import filter_beatmap
from mug.prepare.gather import prepare_beatmap
from mug.prepare.limits import Limits
from mug.prepare.statistics import read_statistics
from mug.prepare.statistics_text import statistics_text


def main(argv: Sequence[str] | None = None) -> None:
    args = build_parser().parse_args(argv)
    everything, worth_it = args.out_dir / "beatmap.txt", args.out_dir / "beatmap_filtered.txt"

    print("1. gather charts")
    print(prepare_beatmap(args.song_dir, args.out_dir, args.cs or None))
    print("\n2. compute features")
    print(prepare_features(everything, FEATURES_YAML, args.ranked_map_path))
    print("\n3. leave out duplicates and broken charts")
    statuses = (
        read_ranked_map(args.ranked_map_path, FeatureSpec.from_yaml(FEATURES_YAML)) if args.ranked_map_path else None
    )
    print(filter_beatmap(everything, worth_it, Limits(), statuses))
    with FeatureDB(args.out_dir / "features.db", None) as database:
        align = args.align or database.is_aligned  # as it was, or songs added now would be the only ones that are not
    if align or args.offsets:
        from mug.data.set_offsets import update_offsets  # imported here: librosa takes a second

        print("\n4. offsets of charts from their audio")
        print(printable(str(update_offsets(worth_it, align))))
    print(f"\n{5 if align or args.offsets else 4}. statistics")
    print(statistics_text(read_statistics(worth_it, args.ranked_map_path), shutil.get_terminal_size((100, 24)).columns))
    print(
        f"\nnext: mug train --base configs/mug/autoencoder.yaml -t data.params.common.beatmap_txt={worth_it}\n"
        f"      mug describe -b {worth_it} --html dataset.html"
    )


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("prepare", __doc__)
    parser.add_argument(
        "-s", "--song_dir", required=True, nargs="+", help="folders of songs, searched at any depth; packages; charts"
    )
    parser.add_argument("-o", "--out_dir", type=Path, required=True, help="output folder")
    parser.add_argument("--cs", type=int, default=4, help="key count of the charts, 0 for all (default: 4)")
    parser.add_argument("--offsets", action="store_true", help="also measure how far charts are from their audio")
    parser.add_argument(
        "--align", action="store_true", help="also measure it, and remove it from what training sees (mug offsets)"
    )
    parser.add_argument("--ranked_map_path", help="file of 'set_id status' lines, from mug ranked, for rank statuses")
    return parser
