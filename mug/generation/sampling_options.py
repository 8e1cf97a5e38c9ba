"""The options of all commands that sample charts: the names of SamplingSettings, and the names that they once had."""

import argparse
from dataclasses import fields, replace

from mug.cli import add_earlier_names
from mug.generation.settings import SamplingSettings


def add_sampling_options(group: argparse._ActionsContainer) -> None:
    """Add --steps, --guidance and the others to a parser or a group of its options. None of them is given a default."""
    for name, earlier, kind, text in (
        ("steps", ("--ddim_steps",), int, "steps of the sampler; more takes longer"),
        ("guidance", ("--scale",), float, "how strictly the prompt is followed; 1 is as trained"),
        ("ensemble", (), int, "samples that are combined into each chart; 1 takes a sample as it is"),
        ("attempts", (), int, "how often samples whose star rating is off are drawn again"),
        ("sampler", (), str, "ddim, or plms, which comes as near with fewer steps"),
        ("eta", ("--ddim_eta",), float, "noise that ddim adds at its steps, from 0 (none) to 1 (as much as DDPM)"),
    ):
        described = f"{text} (default: the model's sampling.yaml, else {getattr(SamplingSettings, name)})"
        option = group.add_argument(f"--{name}", type=kind, help=described)
        add_earlier_names(group, option, *earlier)


def settings_from(args: argparse.Namespace, defaults: SamplingSettings) -> SamplingSettings:
    """Return the settings of a command line; those that it does not give are the defaults. Raises PromptError."""
    given = {field.name: getattr(args, field.name) for field in fields(SamplingSettings)}
    return replace(defaults, **{name: value for name, value in given.items() if value is not None})
