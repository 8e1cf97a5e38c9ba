"""Sampling settings: one set of defaults, guards, and what a model folder says of its own."""

import re
from dataclasses import replace

import pytest

from mug.checkpoints.trained_model import load_trained_model
from mug.errors import CheckpointError, PromptError
from mug.generation import ChartGenerator, SamplingSettings
from mug.training.export import export_run


def test_defaults_are_those_of_the_command_line():
    assert SamplingSettings() == SamplingSettings(
        steps=10,
        guidance=1.0,
        ensemble=24,
        attempts=3,
        sampler="ddim",
        eta=0.0,
        spacing=None,
        guidance_rescale=0.0,
        guidance_interval=None,
        repetition=None,
    )


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"steps": 0}, "0 steps: give 1 or more"),
        ({"steps": 2.5}, "2.5 steps"),
        ({"steps": True}, "True steps"),
        ({"ensemble": 0}, "an ensemble of 0: give 1 to 64"),
        ({"ensemble": 65}, "an ensemble of 65: give 1 to 64"),
        ({"attempts": 0}, "0 attempts: give 1 to 100"),
        ({"guidance": float("nan")}, "guidance nan"),
        ({"guidance": "much"}, "guidance much"),
        ({"eta": 1.5}, "eta 1.5: give a number from 0"),
        ({"eta": float("nan")}, "eta nan"),
        ({"repetition": 1.5}, "repetition 1.5: give a number from 0 (free) to 1 (strict)"),
        ({"repetition": -0.1}, "repetition -0.1"),
        ({"repetition": "often"}, "repetition often"),
        ({"sampler": "euler"}, "sampler 'euler': known are ddim, plms, dpm++, ddpm"),
        ({"sampler": ["ddim"]}, "sampler"),
        ({"guidance_rescale": 1.1}, "guidance_rescale 1.1: give a number from 0 (none) to 1 (all)"),
        ({"guidance_rescale": "all"}, "guidance_rescale all"),
        ({"guidance_interval": (5.0, 0.2)}, "guidance_interval (5.0, 0.2): give two noise levels, 0 <= low < high"),
        ({"guidance_interval": (-1.0, 0.2)}, "guidance_interval (-1.0, 0.2)"),
        ({"guidance_interval": [0.2]}, "guidance_interval (0.2,)"),
        ({"guidance_interval": ("low", "high")}, "guidance_interval ('low', 'high')"),
        ({"guidance_interval": 3.0}, "guidance_interval 3.0"),
        ({"spacing": "even"}, "spacing 'even': known are uniform, quad, karras, trailing"),
        ({"spacing": ["quad"]}, "spacing"),
        ({"sampler": "ddpm", "eta": 1.0}, "eta 1.0: the sampler ddpm does not use eta"),
        ({"sampler": "plms", "eta": 0.5}, "eta 0.5: the sampler plms does not use eta"),
    ],
)
def test_impossible_settings_are_refused(given, what):
    with pytest.raises(PromptError, match=re.escape(what)):
        SamplingSettings(**given)


def test_a_file_gives_some_settings_or_all(tmp_path):
    path = tmp_path / "sampling.yaml"
    path.write_text("steps: 20\nguidance: 2\n")
    assert SamplingSettings.from_yaml(path) == SamplingSettings(steps=20, guidance=2.0)
    own = SamplingSettings(eta=0.5, spacing="karras", guidance_interval=(0.2, 5.0), repetition=0.25)
    own.save(path)
    assert SamplingSettings.from_yaml(path) == own


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("step: 20", "unknown setting 'step'; settings are steps, guidance"),
        ("1: 20", "unknown setting '1'"),
        ("- steps", "expected lines of 'setting: value'"),
        ("steps: many", "many steps: give 1 or more"),
        ("attempts: 1000000", "1000000 attempts: give 1 to 100"),
        ("sampler: os.system", "sampler 'os.system': known are"),
        ("a: &a [1]\nb: *a", "aliases"),
    ],
)
def test_a_wrong_file_is_named(tmp_path, text, what):
    path = tmp_path / "sampling.yaml"
    path.write_text(text)
    with pytest.raises(CheckpointError, match=re.escape(f"{path}: {what}" if "aliases" not in what else what)):
        SamplingSettings.from_yaml(path)


def test_a_model_folder_has_settings_of_its_own(tiny_checkpoint, tmp_path):
    export_run(tiny_checkpoint, tmp_path / "mine")
    assert ChartGenerator.load(tmp_path / "mine").settings == SamplingSettings()
    (tmp_path / "mine" / "sampling.yaml").write_text("steps: 7\n")
    assert ChartGenerator.load(tmp_path / "mine").settings == SamplingSettings(steps=7)


def test_a_generator_samples_with_its_own_settings(tiny_checkpoint, tmp_path, monkeypatch):
    used = []
    own = SamplingSettings(steps=3, ensemble=2)
    generator = ChartGenerator(load_trained_model(tiny_checkpoint), own)
    monkeypatch.setattr("mug.generation.generator.Request", lambda *fields: used.append(fields[5]) or 1 / 0)
    for settings in (None, replace(own, steps=4)):
        with pytest.raises(ZeroDivisionError):
            generator.generate(tmp_path / "song.wav", {}, settings=settings)
    assert used == [own, replace(own, steps=4)]
