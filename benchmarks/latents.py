"""What does stage 2 gain from latents encoded beforehand, compared with encoding notes at every step?

Rows of loading are per item. Rows of a step are per batch: load it, encode its notes or use its latents, and train on
it. Streamed items come from shards on the local disk.
"""

import itertools
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks.dataset import N_SONGS, SECONDS, write_songs
from benchmarks.measure import Row, Settings, median_seconds, parse, report, settings_of
from mug.config import load_config
from mug.data.datamodule import collate
from mug.data.dataset import OsuTrainDataset
from mug.data.streamed import StreamedDataset
from mug.diffusion.encoding import encode_latents
from mug.diffusion.latent_diffusion import LatentDiffusion
from mug.diffusion.sharding import encode_shards
from mug.lr_scheduler import adamw
from mug.model.network_node import build_network
from mug.seeding import generator_of

TITLE = "Latents encoded before"
FULL_SIZE, SMALL = "configs/mug/mug_diffusion.yaml", "configs/mug/mini_diffusion.yaml"
VARIANTS = 2
LEARNING_RATE = 1e-6
Batches = Callable[[], Mapping[str, Any]]


def rows(settings: Settings) -> list[Row]:
    """Items and the first stage at full size, and a whole step at the size of models/mug-mini."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_songs(folder, 10.0 if settings.quick else SECONDS)
        found = []
        config = load_config([SMALL if settings.quick else FULL_SIZE])
        model, items = prepare(config, folder, settings)
        loaded = {name: latents(model, in_turn(dataset, 1)) for name, dataset in items.items()}
        seconds = median_seconds(loaded, settings)
        found.append(Row("full size: an item and its latent", seconds["notes"], seconds["latents"], "s"))
        found.append(Row("full size, streamed: an item and its latent", seconds["notes"], seconds["shards"], "s"))
        silent = {name: dataset.without_audio() for name, dataset in items.items()}
        measured = {name: latents(model, in_turn(dataset, 1)) for name, dataset in silent.items()}
        seconds = median_seconds(measured, settings)
        found.append(Row("full size: a latent, without the audio", seconds["notes"], seconds["latents"], "s"))

        config = load_config([SMALL])
        model, items = prepare(config, folder, settings)
        batch = 2 if settings.quick else config["data"]["params"]["batch_size"]
        steps = {name: step(model, in_turn(dataset, batch)) for name, dataset in items.items()}
        seconds = median_seconds(steps, settings)
        found.append(Row(f"small, batch {batch}: a step", seconds["notes"], seconds["latents"], "s"))
        found.append(Row(f"small, batch {batch}, streamed: a step", seconds["notes"], seconds["shards"], "s"))
    return found


def prepare(config: dict[str, Any], folder: Path, settings: Settings) -> tuple[LatentDiffusion, dict[str, Any]]:
    """Build the model of a configuration with random weights, and its items of notes, of latents and of shards."""
    torch.manual_seed(0)
    model = build_network(config["model"], "model").to(settings.device)
    data = config["data"]["params"]
    kept = {"features": data["common"]["features"], "audio": data["common"]["audio"]}
    kept["augmentation"] = data["train"]["params"]["augmentation"]
    of_charts = {
        **kept,
        "beatmap_txt": str(folder / "beatmap.txt"),
        "cache_dir": str(folder / "cache"),
        "valid_fraction": 0.0,
        "test_fraction": 0.0,
    }
    notes = OsuTrainDataset(**of_charts)
    with torch.no_grad():
        encode_latents(model, notes, folder / "latents", VARIANTS, batch_size=2)
        encode_shards(model, notes, folder / "shards", VARIANTS, batch_size=2)
    return model, {
        "notes": notes,
        "latents": OsuTrainDataset(**of_charts, latents=str(folder / "latents")),
        "shards": StreamedDataset(str(folder / "shards"), **kept),
    }


def in_turn(dataset: Any, batch: int) -> Batches:
    """Return a function that loads the next batch, cycling through songs and epochs."""
    keys = ((index, epoch) for epoch in itertools.count() for index in range(N_SONGS))
    return lambda: collate([dataset[key] for key in itertools.islice(keys, batch)])


def latents(model: LatentDiffusion, batches: Batches) -> Callable[[], object]:
    """Return a function that loads a batch and gets its latents."""
    return lambda: model.plain_latents(batches())


def step(model: LatentDiffusion, batches: Batches) -> Callable[[], None]:
    """Return a training step on the next batch, without Lightning."""
    optimizer = adamw(model.train(), LEARNING_RATE, None)["optimizer"]
    generator = generator_of(0)

    def trained() -> None:
        batch = batches()
        batch = {name: value.to(model.device) for name, value in batch.items() if torch.is_tensor(value)}
        x_0, lengths = model.plain_latents(batch)
        t = torch.randint(model.timesteps, (len(x_0),), generator=generator).to(x_0.device)
        noise = torch.randn(x_0.shape, generator=generator).to(x_0.device)
        optimizer.zero_grad()
        loss, _, _ = model.p_losses(batch, x_0, t, noise, lengths)
        loss.backward()
        optimizer.step()

    return trained


def main(argv: Sequence[str] | None = None) -> None:
    settings = settings_of(parse(__doc__, argv))
    report(TITLE, rows(settings), settings, other="notes")


if __name__ == "__main__":
    main()
