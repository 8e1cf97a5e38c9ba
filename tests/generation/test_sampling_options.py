"""The options that say how charts are sampled: the same in every command, and their earlier names."""

import argparse
import re
from dataclasses import fields

import pytest

from mug.commands import chart, evaluate, export
from mug.config import PROJECT_ROOT
from mug.diffusion.samplers import SAMPLERS
from mug.generation.sampling_options import add_sampling_options, settings_from
from mug.generation.settings import SAMPLING, SamplingSettings


@pytest.fixture
def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    add_sampling_options(parser)
    return parser


def test_what_is_not_given_is_the_models(parser):
    own = SamplingSettings(steps=20, ensemble=5)
    assert settings_from(parser.parse_args([]), own) == own
    given = ["--guidance", "2", "--steps", "7", "--sampler", "plms", "--attempts", "1", "--repetition", "1"]
    given += ["--spacing", "quad", "--guidance_rescale", "0.7", "--guidance_interval", "0.2", "5"]
    expected = SamplingSettings(
        steps=7,
        guidance=2.0,
        ensemble=5,
        attempts=1,
        sampler="plms",
        spacing="quad",
        guidance_rescale=0.7,
        guidance_interval=(0.2, 5.0),
        repetition=1.0,
    )
    assert settings_from(parser.parse_args(given), own) == expected


def test_earlier_names_work_and_are_not_in_the_help(parser):
    earlier = ["--ddim_steps", "7", "--scale", "2.5", "--ddim_eta", "0.5"]
    expected = SamplingSettings(steps=7, guidance=2.5, eta=0.5)
    assert settings_from(parser.parse_args(earlier), SamplingSettings()) == expected
    shown = parser.format_help()
    assert "--steps STEPS" in shown
    assert not any(name in shown for name in earlier[::2])


def test_charts_are_counted_by_either_name():
    for option in ("--count", "--n_samples"):
        assert chart.build_parser().parse_args(["--audio", "song.mp3", option, "3"]).count == 3
    assert chart.build_parser().parse_args(["--audio", "song.mp3"]).count == 1


@pytest.mark.parametrize("command", [chart, evaluate, export])
def test_every_command_has_the_same_options(command):
    shown = command.build_parser().format_help()
    for name in (field.name for field in fields(SamplingSettings)):
        assert f"--{name} " in shown
    assert all(f"{name}: " in " ".join(shown.split()) for name in SAMPLERS)


def test_an_exported_model_may_have_settings_of_its_own(tiny_checkpoint, tmp_path):
    export.main(["--checkpoint", str(tiny_checkpoint), "--outdir", str(tmp_path / "usual")])
    assert not (tmp_path / "usual" / SAMPLING).exists()
    export.main(["--checkpoint", str(tiny_checkpoint), "--outdir", str(tmp_path / "own"), "--steps", "20"])
    assert SamplingSettings.from_yaml(tmp_path / "own" / SAMPLING) == SamplingSettings(steps=20)


def test_the_docs_have_every_setting_and_sampler():
    page = (PROJECT_ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    section = page.split("## Sampling settings")[1].split("\n## ")[0]
    settings, samplers = (
        re.findall(r"^\| `([^`]+)` \| (.+) \|$", table, re.MULTILINE)
        for table in section.split("| sampler | what it is |")
    )
    assert [name for name, _ in settings] == [field.name for field in fields(SamplingSettings)]
    assert samplers == [(name, info.about) for name, info in SAMPLERS.items()]
