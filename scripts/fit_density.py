"""How dense charts are, by what a prompt says, from the charts of a training set -> density.yaml of a model folder.

    python scripts/fit_density.py --beatmap_txt data/mini/beatmap.txt --features configs/mug/mini_features.yaml \\
        --keys 4 --valid_fraction 0.03 --test_fraction 0.05 --out models/mine/density.yaml

A model that finds density.yaml in its folder writes charts as dense as it hears and as the prompt has it, both weighed
by how sure they are. The fractions are those of the training, so that no chart of validation or test is counted.
"""

import argparse
from pathlib import Path

import numpy as np

from mug.cli import run
from mug.data.features import FeatureSpec
from mug.data.library import load_entries
from mug.errors import ConfigError
from mug.placement.density import DensityPrior


def main() -> None:
    """Fit the training charts of a list and say how well densities are known."""
    args = parse_args()
    if args.out.exists():
        raise ConfigError(f"{args.out} exists already; name another file, or delete this one")
    fractions = (args.valid_fraction, args.test_fraction, args.split_salt)
    spec = FeatureSpec.from_yaml(args.features)
    entries, report = load_entries([str(args.beatmap_txt)], spec, args.keys, "train", fractions, None)
    moments = [np.unique(entry.start_ms) for entry in entries]
    prior = DensityPrior.fit(
        (entry.prompt, 1000 * (len(times) - 1) / (times[-1] - times[0]))
        for entry, times in zip(entries, moments, strict=True)
        if len(times) > 1
    )
    prior.save(args.out)
    unused = len(report.skipped)
    print(f"wrote {args.out}: {len(entries)} charts, {len(prior.names)} features; {unused} charts could not be used")
    for what, names in (("nothing", []), ("its stars", ["sr"]), ("all of them", prior.names)):
        deviation = prior.of(dict.fromkeys(names, 1.0)).deviation
        print(f"  of a chart of which {what} is known the number of moments is off by {100 * deviation:.0f} %")


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--beatmap_txt", type=Path, required=True, help="charts, as prepare_beatmap.py lists them")
    parser.add_argument("--features", type=Path, required=True, help="the list that the model's prompt has")
    parser.add_argument("--keys", type=int, default=4, help="of the model (default: 4)")
    parser.add_argument("--valid_fraction", type=float, default=0.0, help="of songs, as in the training (default: 0)")
    parser.add_argument("--test_fraction", type=float, default=0.0, help="of songs, as in the training (default: 0)")
    parser.add_argument("--split_salt", default="", help="as in the training (default: none)")
    parser.add_argument("--out", type=Path, required=True, help="the file to write: density.yaml of a model folder")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
