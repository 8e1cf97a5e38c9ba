"""Compute the spectra of all songs in advance; otherwise training does it when it starts.

mug spectra -b configs/mug/mug_diffusion.yaml data.params.common.beatmap_txt=data/mine/beatmap.txt
"""

import argparse
from collections.abc import Sequence

from mug.cli import command_parser


def main(argv: Sequence[str] | None = None) -> None:
    options = build_parser().parse_args(argv)
    from mug.config import instantiate_from_config, load_config
    from mug.data.datamodule import DataModuleFromConfig

    node = load_config(options.base, options.overrides).get("data", {})
    datamodule = instantiate_from_config(node, "data", DataModuleFromConfig)
    for stage in ("fit", "test"):
        datamodule.setup(stage)
    for name, dataset in datamodule.datasets.items():
        print(f"{name}: {dataset.report}")


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("spectra", __doc__)
    parser.add_argument(
        "-b",
        "--base",
        action="append",
        required=True,
        metavar="YAML",
        help="configuration files of the training",
    )
    parser.add_argument("overrides", nargs="*", metavar="key.sub=value", help="the overrides of the training")
    return parser
