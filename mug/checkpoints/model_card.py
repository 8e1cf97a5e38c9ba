"""The README.md of a model folder: what the model is, how it was trained and how to use it.

It is Markdown with a YAML header, the format of model hubs. Values from a configuration or from a run's files are
written as code, because third-party text could contain links, pictures or HTML.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from torch import nn

from mug.checkpoints.model_folder import PLACEMENT, TIMING, prompt_params
from mug.config import find_file
from mug.diffusion.latent_diffusion import LatentDiffusion
from mug.features import Feature, FeatureSpec

MAX_SHOWN = 200  # characters per value
KINDS = {  # descriptions by class name; any other class is a first stage
    "DDPM": "A latent diffusion model that writes osu!mania charts for music.",
    "PlacementModel": "A note-placement model for osu!mania charts: how likely a note is at each moment of a song.",
    "TimingModel": "A model of musical time: the beats, downbeats and tempo of a song.",
    "RollVAE": "A variational autoencoder of piano rolls.",
    "MusicVAE": "A variational autoencoder of drums: four bars to one latent vector and back.",
}
SAMPLED_BY = {"RollVAE": "piano-roll", "MusicVAE": "drums"}  # commands, of models of music
PLACES = {"PlacementModel": PLACEMENT, "TimingModel": TIMING}  # where they go in another model's folder
OF_FIRST_STAGE = "An autoencoder for osu!mania charts: stage 1 of a model that writes them."


@dataclass(frozen=True)
class Training:
    """A run's records.

    data: number of charts and songs in each split. metrics: last value by name. versions: of the program, its
    libraries and devices. averaged: whether the weights are an exponential moving average (EMA).
    """

    step: int
    seed: int | None
    averaged: bool
    data: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, Any] = field(default_factory=dict)


def parameters_of(network: nn.Module) -> dict[str, int]:
    """Return the number of parameters of each part of a model; parts without any are left out."""
    whole = network.model if isinstance(network, LatentDiffusion) else network
    counts = {name: sum(parameter.numel() for parameter in part.parameters()) for name, part in whole.named_children()}
    return {name: count for name, count in counts.items() if count}


def features_of(config: Mapping[str, Any]) -> tuple[Feature, ...]:
    """Return the prompt features of a configuration; none for stage 1."""
    prompt = prompt_params(config)
    return FeatureSpec.from_yaml(find_file(prompt["path_to_yaml"])).features if "path_to_yaml" in prompt else ()


def kind_of(config: Mapping[str, Any]) -> str:
    """Return the class name of a configuration's model."""
    return str(config["model"]["target"]).rpartition(".")[2]


def model_card(
    name: str,
    kind: str,
    parameters: Mapping[str, int],
    features: Iterable[Feature],
    training: Training | None,
    license_name: str | None = None,
    half: bool = False,
) -> str:
    """Return the card's text.

    kind: the model's class name. features: the prompt's, none for stage 1. training: None if unknown. half: whether
    weights are stored as float16.
    """
    features = list(features)
    header: dict[str, Any] = {"library_name": "mug", "tags": ["osu-mania", "rhythm-game", "chart-generation"]}
    if license_name is not None:
        header = {"license": license_name, **header}
    parts = [
        f"---\n{yaml.safe_dump(header, sort_keys=False)}---\n",
        f"# {code(name)}\n",
        _what_it_is(kind, parameters, half),
        f"## Usage\n\n{_how_to_use(name, kind)}",
        _table("Prompt features", ("feature", "values"), [(f.name, _values_of(f)) for f in features]),
        "" if training is None else _how_it_was_made(training),
    ]
    return "\n".join(part for part in parts if part)


def code(value: Any) -> str:
    """Return a value as Markdown code, safe inside a table, whatever it contains."""
    text = re.sub(r"\s+", " ", str(value)).strip().replace("`", "'").replace("|", "/")
    text = "".join(character if character.isprintable() else "?" for character in text)
    return f"`{text[:MAX_SHOWN] or '-'}`"


def _what_it_is(kind: str, parameters: Mapping[str, int], half: bool) -> str:
    rows = [(part, f"{count:,}") for part, count in parameters.items()]
    stored = " Weights are stored as float16 and used as float32." if half else ""
    what = f"{KINDS.get(kind, OF_FIRST_STAGE)} The folder contains numbers and text, no code.{stored}"
    return f"{what}\n\n{_table('', ('network', 'parameters'), rows)}"


def _how_to_use(name: str, kind: str) -> str:
    if kind in PLACES:
        return (
            f"Put it into the folder of a model that writes charts, as `{PLACES[kind]}`; it is then used by default.\n"
        )
    folder = "models/" + (name if re.fullmatch(r"[\w.-]+", name, re.ASCII) else "mine")
    if kind in SAMPLED_BY:
        return f"```sh\nmug {SAMPLED_BY[kind]} sample --checkpoint {folder}\n```\n"
    commands = (
        f"mug chart --checkpoint {folder} --audio song.mp3 --prompt sr=4\nmug web --checkpoint {folder}\n"
        if kind == "DDPM"
        else "mug train --base configs/mug/mug_diffusion.yaml -t \\\n"
        f"    model.params.first_stage_config.params.ckpt_path={folder}\n"
    )
    return f"```sh\n{commands}```\n"


def _how_it_was_made(training: Training) -> str:
    facts: dict[str, Any] = {
        "optimiser steps": f"{training.step:,}",
        "weights": "averaged over training (EMA)" if training.averaged else "from the last step",
    }
    if training.seed is not None:
        facts["seed"] = training.seed
    for split, counts in training.data.items():
        facts[f"data: {split}"] = ", ".join(f"{count} {what}" for what, count in counts.items())
    metrics = [(metric, f"{value:.4g}") for metric, value in sorted(training.metrics.items())]
    return "\n".join(
        table
        for table in (
            _table("Training run", ("", ""), list(facts.items())),
            _table("Metrics", ("metric", "last value"), metrics),
            _table("Software", ("", ""), list(training.versions.items())),
        )
        if table
    )


def _values_of(feature: Feature) -> str:
    if feature.type == "numeric":
        return f"{feature.min:g} to {feature.max:g} in steps of {feature.interval:g}"
    return "true, false" if feature.type == "bool" else ", ".join(map(str, feature.values))


def _table(title: str, columns: tuple[str, str], rows: list[tuple[Any, Any]]) -> str:
    if not rows:
        return ""
    lines = [f"| {columns[0]} | {columns[1]} |", "|---|---|", *(f"| {code(a)} | {code(b)} |" for a, b in rows), ""]
    return "\n".join([f"## {title}", "", *lines] if title else lines)
