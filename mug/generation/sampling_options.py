"""The sampling options of all commands: the fields of SamplingSettings, and their earlier names."""

import argparse
from dataclasses import fields, replace
from typing import Any, NamedTuple

from mug.cli import add_earlier_names
from mug.diffusion.samplers import samplers_in_words
from mug.diffusion.spacings import SPACINGS
from mug.generation.settings import SamplingSettings


class Option(NamedTuple):
    """An option for a field of SamplingSettings.

    unset: what the default None means. values: what each of several values is. earlier: its earlier names.
    """

    name: str
    kind: type
    text: str
    unset: str = ""
    values: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()


OPTIONS = (
    Option("steps", int, "sampling steps; more take longer", earlier=("--ddim_steps",)),
    Option(
        "guidance",
        float,
        "classifier-free guidance scale: how strictly to follow the prompt; 1 is off",
        earlier=("--scale",),
    ),
    Option("ensemble", int, "samples combined into each chart; 1 uses a single sample"),
    Option("attempts", int, "how often to resample if the star rating is off"),
    Option("sampler", str, samplers_in_words()),
    Option("eta", float, "noise that ddim adds per step, from 0 (none) to 1 (as in DDPM)", earlier=("--ddim_eta",)),
    Option(
        "spacing",
        str,
        f"which timesteps are visited: {', '.join(SPACINGS)}",
        unset="what fits the model's noise schedule",
    ),
    Option(
        "guidance_rescale",
        float,
        "how far latents that strong guidance made larger are scaled back, from 0 (not) to 1 (entirely)",
    ),
    Option(
        "guidance_interval",
        float,
        "noise levels (noise / signal) between which guidance is applied, such as 0.2 5",
        unset="all",
        values=("LOW", "HIGH"),
    ),
    Option(
        "repetition",
        float,
        "how often notes come again where the music does, from 0 to 1; only models that count in beats use it",
        unset="as often as in people's charts",
    ),
)


def add_sampling_options(group: argparse._ActionsContainer) -> None:
    """Add --steps, --guidance and the others to a parser or group.

    They have no defaults here: an option that is not set uses the model's default.
    """
    for option in OPTIONS:
        usual = getattr(SamplingSettings, option.name)
        described = f"{option.text} (default: the model's sampling.yaml, else {option.unset or usual})"
        several: dict[str, Any] = {"nargs": len(option.values), "metavar": option.values} if option.values else {}
        action = group.add_argument(f"--{option.name}", type=option.kind, help=described, **several)
        add_earlier_names(group, action, *option.earlier)


def settings_from(args: argparse.Namespace, defaults: SamplingSettings) -> SamplingSettings:
    """Return a command line's settings; options that are not set use `defaults`. Raises PromptError."""
    given = {field.name: getattr(args, field.name) for field in fields(SamplingSettings)}
    return replace(defaults, **{name: value for name, value in given.items() if value is not None})
