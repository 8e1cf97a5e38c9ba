"""Model cards: what they say, and that no value from a file becomes anything but text."""

import pytest
import yaml
from torch import nn

from mug.checkpoints.model_card import Training, code, model_card, parameters_of
from mug.features import Feature

SR = Feature("sr", "numeric", min=1, max=8, interval=0.2)
STATUS = Feature("rank_status", "category", values=("ranked", "loved"))
QUOTES = "'" * 3  # what is left of three backticks
TRAINING = Training(
    step=12_000,
    seed=5,
    averaged=True,
    data={"train": {"charts": 40, "songs": 12}},
    metrics={"val/loss": 0.123456, "val/onset_f1_20ms": 0.7},
    versions={"torch": "2.13.0", "device": "CPU"},
)


def test_a_card_says_what_the_run_recorded() -> None:
    card = model_card(
        "mine", "DDPM", {"unet_model": 1234567}, [SR, STATUS], TRAINING, license_name="cc-by-4.0", half=True
    )
    _, header, text = card.split("---\n", 2)
    assert yaml.safe_load(header) == {
        "license": "cc-by-4.0", "library_name": "mug", "tags": ["osu-mania", "rhythm-game", "chart-generation"]
    }  # fmt: skip
    for line in (
        "# `mine`",
        "| `unet_model` | `1,234,567` |",
        "mug chart --checkpoint models/mine --audio song.mp3 --prompt sr=4",
        "| `sr` | `1 to 8 in steps of 0.2` |",
        "| `rank_status` | `ranked, loved` |",
        "| `optimiser steps` | `12,000` |",
        "| `weights` | `averaged over training (EMA)` |",
        "| `seed` | `5` |",
        "| `data: train` | `40 charts, 12 songs` |",
        "| `val/loss` | `0.1235` |",
        "| `torch` | `2.13.0` |",
    ):
        assert line in text.splitlines(), line
    assert "float16" in text


def test_a_card_is_silent_about_what_nobody_knows() -> None:
    card = model_card("mine", "AutoencoderKL", {"encoder": 10}, [], training=None)
    assert "license" not in card
    assert "Training run" not in card
    assert "float16" not in card
    assert "first_stage_config.params.ckpt_path=models/mine" in card
    assert "mapping.py" not in card


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a | b", "`a / b`"),
        ("x`<img src=x>`", "`x'<img src=x>'`"),
        ("two\nlines\t", "`two lines`"),
        ("", "`-`"),
        ("\u202egnp.exe", "`?gnp.exe`"),
        ("y" * 1000, f"`{'y' * 200}`"),
        (1e-4, "`0.0001`"),
    ],
)
def test_values_are_code(value: object, expected: str) -> None:
    assert code(value) == expected


def test_hostile_names_stay_inside_their_place() -> None:
    name = "x`\n```\n# [Free](http://bad)\n---\n"
    card = model_card(
        name, "DDPM", {name: 1}, [Feature(name, "bool", values=(True, False))], TRAINING, license_name=name
    )
    header, text = card.removeprefix("---\n").split("\n---\n", 1)
    assert yaml.safe_load(header)["license"] == name
    assert "--checkpoint models/mine " in text
    title = f"# `x' {QUOTES} # [Free](http://bad) ---`"
    assert [line for line in text.splitlines() if line.startswith("# ")] == [title]
    assert text.count("```") == 2


def test_parameters_are_counted_by_network() -> None:
    stage_1 = nn.ModuleDict({"encoder": nn.Linear(2, 3), "loss": nn.Identity()})
    assert parameters_of(stage_1) == {"encoder": 9}
