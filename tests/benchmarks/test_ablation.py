"""What the comparison of objectives trains, and what it reads of a run: hours pass before a mistake would show."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from benchmarks.ablation import COLUMNS, RATE, VARIANTS, Result, line, main, read
from mug.config import load_config
from mug.errors import TrainingError
from mug.model.network_node import build_network
from mug.training.setup import build_trainer, check_config


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_a_configuration(name: str, tmp_path: Path) -> None:
    config = load_config(["configs/mug/mini_diffusion.yaml"], [*VARIANTS[name], "lightning.trainer.accelerator=cpu"])
    check_config(config)
    build_trainer(config, tmp_path)
    model = build_network(config["model"], "model")
    assert model.parameterization == name.split(",")[0]


def test_the_last_values_and_the_median_rate_are_read(tmp_path: Path) -> None:
    metrics = tmp_path / "metrics.csv"
    metrics.write_text(
        f"step,{','.join(COLUMNS)},{RATE}\n0,,,,,10\n1,0.1,0.2,3,0.9,\n1,,,,,30\n2,0.5,0.6,1.5,0.7,\n3,,,,,20\n"
    )
    assert read(metrics) == Result((0.5, 0.6, 1.5, 0.7), 20)
    metrics.write_text(f"step,{RATE}\n0,10\n")
    with pytest.raises(TrainingError, match="no values of val/onset_f1_20ms"):
        read(metrics)


def test_a_line_has_means_and_half_of_the_range_over_the_seeds() -> None:
    results = [Result((0.5, 0.6, 1.0, 0.7), 10), Result((0.7, 0.6, 2.0, 0.7), 20)]
    assert line("v", results) == ["v", "0.600 ± 0.100", "0.600 ± 0.000", "1.500 ± 0.500", "0.700 ± 0.000", "15.0"]
    assert line("v", results[:1]) == ["v", "0.500", "0.600", "1.000", "0.700", "10.0"]


def test_a_run_that_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = []

    def fails(command: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 2)

    monkeypatch.setattr("benchmarks.ablation.subprocess.run", fails)
    with pytest.raises(TrainingError, match=r"^v, no EMA, seed 23: .* ended with status 2"):
        main(["--only", "v, no EMA", "--steps", "4", "--logdir", str(tmp_path)])
    assert "lightning.trainer.log_every_n_steps=2" in commands[0]
    with pytest.raises(TrainingError):
        main(["--logdir", str(tmp_path)])
    assert "lightning.trainer.log_every_n_steps=10" in commands[1]
