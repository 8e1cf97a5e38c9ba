"""The sampling options of all commands: the fields of SamplingSettings, and their earlier names."""

import argparse
from dataclasses import fields, replace

from mug.cli import add_earlier_names
from mug.diffusion.samplers import samplers_in_words
from mug.diffusion.spacings import SPACINGS
from mug.generation.settings import SamplingSettings

# What stands for None in the help
UNSET = {"spacing": "what fits the model's noise schedule", "repetition": "as often as in people's charts"}


def add_sampling_options(group: argparse._ActionsContainer) -> None:
    """Add --steps, --guidance and the others to a parser or group.

    They have no defaults here: an option that is not set uses the model's default.
    """
    for name, earlier, kind, text in (
        ("steps", ("--ddim_steps",), int, "sampling steps; more take longer"),
        (
            "guidance",
            ("--scale",),
            float,
            "classifier-free guidance scale: how strictly to follow the prompt; 1 is off",
        ),
        ("ensemble", (), int, "samples combined into each chart; 1 uses a single sample"),
        ("attempts", (), int, "how often to resample if the star rating is off"),
        ("sampler", (), str, samplers_in_words()),
        ("eta", ("--ddim_eta",), float, "noise that ddim adds per step, from 0 (none) to 1 (as in DDPM)"),
        ("spacing", (), str, f"which timesteps are visited: {', '.join(SPACINGS)}"),
        (
            "repetition",
            (),
            float,
            "how often notes come again where the music does, from 0 to 1; only models that count in beats use it",
        ),
    ):
        usual = getattr(SamplingSettings, name)
        usual = UNSET[name] if usual is None else usual
        described = f"{text} (default: the model's sampling.yaml, else {usual})"
        option = group.add_argument(f"--{name}", type=kind, help=described)
        add_earlier_names(group, option, *earlier)


def settings_from(args: argparse.Namespace, defaults: SamplingSettings) -> SamplingSettings:
    """Return a command line's settings; options that are not set use `defaults`. Raises PromptError."""
    given = {field.name: getattr(args, field.name) for field in fields(SamplingSettings)}
    return replace(defaults, **{name: value for name, value in given.items() if value is not None})
