"""Encode the training items with the first stage once, so that stage 2 trains without parsing charts or encoding them.

mug latents -b configs/mug/mug_diffusion.yaml -o data/mine_latents \\
    --checkpoint logs/<stage 1 run>/checkpoints/last.ckpt data.params.common.beatmap_txt=data/mine/beatmap_filtered.txt

Then train with the same configuration and data.params.train.params.latents=data/mine_latents. Latents cover the
training items of the first --variants epochs: their windows, rates, mirrored and shuffled columns repeat after as many
epochs. Pitch, masked frequencies and dropped prompt features are drawn anew in every epoch. Everything the items depend
on (charts, keys, window, augmentation, seed, first stage) must stay the same; otherwise training stops with an error
before it starts. To train with another --seed, set the seed of the latents, data.params.train.params.seed=23.

With --shards, items are written with their audio, as tar files to stream from a bucket: train with
data.params.stream.url=<folder or address> (docs/scaling.md). This needs pip install 'mug[stream]'.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mug.cli import command_parser
from mug.config import instantiate_from_config, load_config
from mug.device import add_device_argument, pick_device
from mug.errors import ConfigError

if TYPE_CHECKING:
    from mug.data.dataset import OsuDataset
    from mug.diffusion.latent_diffusion import LatentDiffusion


def main(argv: Sequence[str] | None = None) -> None:
    options = build_parser().parse_intermixed_args(argv)
    overrides = [
        item for item in options.base if "=" in item
    ] + options.overrides  # --base also takes overrides that follow it
    if options.variants < 1 or not options.shard_mb > 0:
        raise ConfigError(f"--variants {options.variants}: at least 1; --shard_mb {options.shard_mb}: more than 0")
    from mug.diffusion.encoding import encode_latents
    from mug.diffusion.sharding import encode_shards
    from mug.training.setup import check_config, with_seed

    config = load_config([item for item in options.base if "=" not in item], overrides)
    check_config(config)
    model, dataset, batch_size, num_workers = build(with_seed(config, options.seed), options.checkpoint)
    model.to(pick_device(options.device)).eval()
    loading = (options.variants, batch_size, num_workers)
    what = f"{options.variants} variants of {len(dataset)} items of {len(dataset.entries)} charts"
    if options.shards:
        shards = encode_shards(model, dataset, options.outdir, *loading, options.shard_mb)
        print(f"{options.outdir}: {what}, {len(shards)} shards, {sum(shards.values()) / 1e6:.1f} MB")
        print(f"train with data.params.stream.url={options.outdir}")
    else:
        n_bytes = encode_latents(model, dataset, options.outdir, *loading)
        print(f"{options.outdir}: {what}, {n_bytes / 1e6:.1f} MB")
        print(f"train with data.params.train.params.latents={options.outdir}")


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("latents", __doc__)
    parser.add_argument("-b", "--base", nargs="+", required=True, metavar="YAML", help="configuration files of stage 2")
    parser.add_argument("-o", "--outdir", type=Path, required=True, help="folder for the latents")
    parser.add_argument("--checkpoint", help="checkpoint of stage 1 (default: the configuration's ckpt_path)")
    parser.add_argument("--variants", type=int, default=4, help="epochs of augmentations per item (default: 4)")
    parser.add_argument("--shards", action="store_true", help="write whole items, with their audio, to stream")
    parser.add_argument("--shard_mb", type=float, default=256.0, help="approximate size of a shard (default: 256)")
    add_device_argument(parser)
    parser.add_argument("-s", "--seed", type=int, default=23, help="seed of the training (default: 23, its default)")
    parser.add_argument("overrides", nargs="*", metavar="key.sub=value", help="the overrides of the training")
    return parser


def build(config: dict[str, Any], checkpoint: str | None) -> "tuple[LatentDiffusion, OsuDataset, int, int]":
    """Build the model and its training items; return them with the batch size and the number of processes."""
    from mug.checkpoints.agreement import check_agreement
    from mug.data.datamodule import DataModuleFromConfig
    from mug.data.dataset import OsuDataset
    from mug.diffusion.latent_diffusion import LatentDiffusion
    from mug.model.network_node import build_network

    first_stage = config["model"]["params"].get("first_stage_config")
    if first_stage is None:
        raise ConfigError("encoding needs the configuration of a stage 2 training, e.g. configs/mug/mug_diffusion.yaml")
    if checkpoint is not None:
        first_stage["params"]["ckpt_path"] = checkpoint
    if not first_stage["params"].get("ckpt_path"):
        raise ConfigError("encoding needs the checkpoint of a trained first stage: give --checkpoint")
    model = build_network(config["model"], "model", LatentDiffusion)
    check_agreement(model, config["data"])
    data = config["data"]["params"]
    data.pop("stream", None)  # this command writes it
    (data["train"].get("params") or {}).pop("latents", None)
    datamodule = instantiate_from_config(config["data"], "data", DataModuleFromConfig)
    datamodule.setup("fit")
    dataset = datamodule.datasets["train"]
    if not isinstance(dataset, OsuDataset):
        raise ConfigError("data.params.train: encoding needs the items of mug.data.dataset.OsuTrainDataset")
    return model, dataset, datamodule.batch_size, datamodule.num_workers
