"""How dense charts are, by what a prompt says: from the charts that trained a model -> density.yaml of its folder.

    mug density --model models/mine --beatmap_txt data/mine/beatmap_filtered.txt

A model that finds density.yaml in its folder writes charts as dense as it hears and as the prompt has it, both weighed
by how sure they are. The folder says what a prompt can say, how many keys there are, and how the training split the
songs, so that no chart of validation or test is counted.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from mug.cli import command_parser
from mug.errors import ConfigError


def main(argv: Sequence[str] | None = None) -> None:
    """Fit the training charts of a list and say how well densities are known."""
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
        raise ConfigError(f"{out} exists already; delete it to fit another one")
    config = read_folder_config(args.model)
    with naming_config(str(args.model)):
        common = config["data"]["params"]["common"]
        keys = int(common["keys"])
        salt = str(common.get("split_salt", ""))
        division = SplitSpec(float(common["valid_fraction"]), float(common["test_fraction"]), salt)
        spec = FeatureSpec.from_yaml(prompt_params(config)["path_to_yaml"])
    entries, report = load_entries([str(args.beatmap_txt)], spec, keys, "train", division, None)
    moments = [np.unique(entry.start_ms) for entry in entries]
    dense = [
        (entry.prompt, 1000 * (len(times) - 1) / (times[-1] - times[0]))
        for entry, times in zip(entries, moments, strict=True)
        if len(times) > 1
    ]
    prior = DensityPrior.fit(dense)
    prior.save(out)
    unused = len(report.skipped) + len(entries) - len(dense)
    print(f"wrote {out}: {len(dense)} charts, {len(prior.names)} features; {unused} charts could not be used")
    for what, names in (("nothing", []), ("the star rating", ["sr"]), ("every feature", prior.names)):
        deviation = prior.of(dict.fromkeys(names, 1.0)).deviation
        print(f"  where {what} of a chart is known its number of moments is off by {100 * deviation:.0f} %")


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("density", __doc__)
    parser.add_argument("--model", type=Path, required=True, help="a model folder, as mug export writes them")
    parser.add_argument("--beatmap_txt", type=Path, required=True, help="the charts that trained it, and others")
    return parser
