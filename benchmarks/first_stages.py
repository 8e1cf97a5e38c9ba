"""What first stages keep of charts that they have not seen, how large their latents are, and how fast they are.

    python -m benchmarks.first_stages logs/<run>/checkpoints/last.ckpt logs/<other run>/checkpoints/last.ckpt

Crops of the test split of the first run's data, as many note frames long as that run's. F1 is of note starts, in their
columns and within 20 ms, as in validation. Seconds are of one crop, there and back, in batches of 16.
"""

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from mug.checkpoints.trained_model import load_network
from mug.cli import run
from mug.config import instantiate_from_config
from mug.data.datamodule import collate
from mug.data.items import ItemDataset
from mug.firststage.first_stage import FirstStage
from mug.firststage.lit_autoencoder import ONSET_TOLERANCE_MS
from mug.firststage.scores import f1, onset_counts

BATCH = 16
WANTED = "this benchmark compares first stages, such as configs/mug/mini_autoencoder.yaml"


def batches_of(config: Mapping[str, Any], crops: int) -> list[Mapping[str, Any]]:
    """The first crops of the test split of a run's data, as batches."""
    params = config["data"]["params"]
    node = params["test"]
    given = {**params["common"], **(node.get("params") or {})}
    dataset = instantiate_from_config({"target": node["target"], "params": given}, "data.params.test", ItemDataset)
    items = [dataset[index, 0] for index in range(min(crops, len(dataset)))]
    return [collate(items[first : first + BATCH]) for first in range(0, len(items), BATCH)]


@torch.no_grad()
def row_of(name: str, network: FirstStage, batches: Sequence[Mapping[str, Any]]) -> list[str]:
    """A model's line of the table."""
    counts, seconds, n_crops = np.zeros(3), 0.0, 0
    for batch in batches:
        begun = time.perf_counter()
        decoded, _ = network(batch["note"])
        seconds += time.perf_counter() - begun
        n_crops += len(decoded)
        frames = (convertor["frame_ms"] for convertor in batch["convertor"])
        arrays = (tensor.numpy() for tensor in (decoded, batch["note"], batch["valid_flag"]))
        for *item, frame_ms in zip(*arrays, frames, strict=True):
            counts += onset_counts(*item, frame_ms, ONSET_TOLERANCE_MS)
    latent = network.z_channels * decoded.shape[2] // network.factor
    size = sum(parameter.numel() for parameter in network.parameters()) / 1e6
    return [name, f"{f1(counts):.4f}", str(latent), f"{size:.1f} M", f"{1000 * seconds / n_crops:.1f} ms"]


def table(checkpoints: Sequence[str], crops: int) -> Iterator[str]:
    """Yield the lines of the table, in Markdown."""
    models = [load_network(checkpoint, FirstStage, WANTED) for checkpoint in checkpoints]
    batches = batches_of(models[0][1], crops)
    frames = batches[0]["note"].shape[2]
    yield f"{sum(len(batch['note']) for batch in batches)} crops of {frames} note frames"
    yield ""
    yield "| first stage | F1 | numbers in a latent | parameters | a crop |"
    yield "|---|---|---|---|---|"
    for checkpoint, (network, _) in zip(checkpoints, models, strict=True):
        yield f"| {' | '.join(row_of(f'{type(network).__name__}, `{checkpoint}`', network, batches))} |"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", nargs="+", metavar="CHECKPOINT", help="a run's .ckpt, or a model folder")
    parser.add_argument("--crops", type=int, default=512, help="at most so many (default: 512)")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    for line in table(args.checkpoints, args.crops):
        print(line, flush=True)


if __name__ == "__main__":
    run(main)
