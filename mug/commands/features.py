"""Compute the prompt features of every chart in a beatmap.txt (star rating, skillsets...), in features.db beside it.

Only new or outdated values are computed, so run it again whenever charts, features or calculators change.

mug features -b data/mine/beatmap.txt -f configs/mug/mania_beatmap_features.yaml
"""

import argparse
from collections.abc import Sequence

from mug.cli import command_parser
from mug.features import FEATURES_YAML
from mug.prepare.describe import prepare_features
from mug.ratings.rates import MAX_RATE, MIN_RATE


def main(argv: Sequence[str] | None = None) -> None:
    parser = build_parser()
    options = parser.parse_args(argv)
    low, high = options.rates
    if not MIN_RATE <= low <= high <= MAX_RATE:
        parser.error(f"--rates {low:g} {high:g}: give the lowest and the highest, from {MIN_RATE:g} to {MAX_RATE:g}")
    rates = (low, high)
    print(prepare_features(options.beatmap_txt, options.features_yaml, options.ranked_map_path, rates, options.jobs))


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("features", __doc__)
    parser.add_argument("-b", "--beatmap_txt", required=True, help="list of charts that mug gather made")
    parser.add_argument(
        "-f",
        "--features_yaml",
        default=FEATURES_YAML,
        help="the features to compute (default: %(default)s)",
    )
    parser.add_argument(
        "--ranked_map_path", help="file of 'set_id status' lines; without it, rank statuses are left out"
    )
    parser.add_argument(
        "--rates",
        nargs=2,
        type=float,
        default=(1.0, 1.0),
        metavar=("LOW", "HIGH"),
        help="also rate every chart from the first to the second rate in steps of 0.05; otherwise the first training "
        "that plays songs faster or slower does it",
    )
    parser.add_argument("--jobs", type=int, help="processes that share the work (default: one per core)")
    return parser
