"""Fit a prior of chart density given a prompt: a model's training charts -> density.yaml in its folder.

    mug density --model models/mine --beatmap_txt data/mine/beatmap_filtered.txt

With density.yaml in its folder, a model combines two estimates of how dense a chart should be, weighted by their
errors: one from its samples, one from this prior. The prompt features, the key count and the split of the songs are
read from the folder, so no validation or test chart is used.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from mug.cli import command_parser
from mug.errors import ConfigError


def main(argv: Sequence[str] | None = None) -> None:
    """Fit the prior to the training charts of a list, and print how accurate its densities are."""
    args = build_parser().parse_args(argv)
    import numpy as np

    from mug.checkpoints.model_folder import DENSITY, prompt_params, read_folder_config
    from mug.checkpoints.trained_model import naming_config
    from mug.data.library import load_entries
    from mug.data.split import SplitSpec
    from mug.features import FeatureSpec
    from mug.placement.density import DensityPrior

    out = args.model / DENSITY
    if out.exists():
        raise ConfigError(f"{out} already exists; delete it first to fit it again")
    config = read_folder_config(args.model)
    with naming_config(str(args.model)):
        common = config["data"]["params"]["common"]
        keys = int(common["keys"])
        salt = str(common.get("split_salt", ""))
        division = SplitSpec(float(common["valid_fraction"]), float(common["test_fraction"]), salt)
        spec = FeatureSpec.from_yaml(prompt_params(config)["path_to_yaml"])
    entries, report = load_entries([str(args.beatmap_txt)], spec, keys, "train", division, None)
    moments = [np.unique(entry.notes()[1]) for entry in entries]
    dense = [
        (entry.prompt, 1000 * (len(times) - 1) / (times[-1] - times[0]))
        for entry, times in zip(entries, moments, strict=True)
        if len(times) > 1
    ]
    prior = DensityPrior.fit(dense)
    prior.save(out)
    unused = len(report.skipped) + len(entries) - len(dense)
    print(f"wrote {out}: {len(dense)} charts, {len(prior.names)} features; {unused} charts were unusable")
    for what, names in (("nothing", []), ("the star rating", ["sr"]), ("every feature", prior.names)):
        deviation = prior.of(dict.fromkeys(names, 1.0)).deviation
        print(f"  error in the number of moments given {what}: {100 * deviation:.0f} %")


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("density", __doc__)
    parser.add_argument("--model", type=Path, required=True, help="a model folder, as mug export writes them")
    parser.add_argument("--beatmap_txt", type=Path, required=True, help="a list that includes its training charts")
    return parser
