"""Compute the spectra of all songs before training, which otherwise does it when it starts.

python scripts/prepare_audio.py -b configs/mug/mug_diffusion.yaml data.params.common.beatmap_txt=data/mine/beatmap.txt
"""

import argparse

from mug.config import instantiate_from_config, load_config
from mug.data.datamodule import DataModuleFromConfig


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "-b",
        "--base",
        action="append",
        required=True,
        metavar="YAML",
        help="the training's configuration, once or more",
    )
    parser.add_argument("overrides", nargs="*", metavar="key.sub=value", help="and what its command overrides")
    options = parser.parse_args()
    node = load_config(options.base, options.overrides).get("data", {})
    datamodule = instantiate_from_config(node, "data", DataModuleFromConfig)
    for stage in ("fit", "test"):
        datamodule.setup(stage)
    for name, dataset in datamodule.datasets.items():
        print(f"{name}: {dataset.report}")
