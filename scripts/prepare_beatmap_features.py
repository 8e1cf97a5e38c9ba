"""Describe every chart that a beatmap.txt lists, star rating, long-note ratio and so on, in features.db beside it.

python scripts/prepare_beatmap_features.py -b data/mine/beatmap.txt -f configs/mug/mania_beatmap_features.yaml
"""

import argparse

from mug import cli
from mug.data.describe import prepare_features


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-b", "--beatmap_txt", required=True, help="list of charts that prepare_beatmap.py made")
    parser.add_argument(
        "-f",
        "--features_yaml",
        default="configs/mug/mania_beatmap_features.yaml",
        help="the features to compute (default: %(default)s)",
    )
    parser.add_argument(
        "--ranked_map_path", help="file of 'set_id status' lines; without it the rank status is not given"
    )
    options = parser.parse_args()
    print(prepare_features(options.beatmap_txt, options.features_yaml, options.ranked_map_path))


if __name__ == "__main__":
    cli.run(main)
