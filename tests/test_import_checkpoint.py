"""scripts/import_checkpoint.py: what it prints, and that its mistakes are one line."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from mug.commands import chart as mapping
from mug.commands import import_checkpoint
from mug.config import PROJECT_ROOT
from mug.model.network_node import build_network
from mug.original2023.config import our_model
from tests.original2023.test_original_checkpoint import write
from tests.original2023.test_original_config import original_node

SCRIPT = PROJECT_ROOT / "scripts" / "import_checkpoint.py"


@pytest.fixture
def original(tmp_path) -> Path:
    model = build_network(our_model(original_node(), "half-poles", []))
    return write(tmp_path / "original", model.state_dict() | {"logvar": torch.zeros(1000)}, original_node())


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the script's main and return what it prints."""

    def run_main(*arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", ["import_checkpoint.py", *map(str, arguments)])
        import_checkpoint.main()
        return capsys.readouterr().out

    return run_main


def test_from_the_original_to_a_chart(monkeypatch, capsys, run, original, tmp_path):
    printed = run("--checkpoint", original, "--outdir", tmp_path / "ours")
    assert printed.startswith(f"wrote {tmp_path}/ours\n  unet_model")
    assert re.search(r"^  first_stage_model +\d\d?,\d{3} parameters$", printed, re.MULTILINE)
    assert "S4 layers are read with half-poles, as the original does where" in printed
    assert "import again with the other --s4" in printed
    assert "assumed:\n  the prompt's features are those of" in printed
    assert "  audio: sr = 22050" in printed
    assert "  logvar: a learned weight of the loss" in printed
    assert "  model.params.unet_config.params.lstm_last = False" in printed
    command = printed.splitlines()[-1].split()
    assert command[:4] == ["mug", "chart", "--checkpoint", f"{tmp_path}/ours"]

    soundfile.write(tmp_path / "song.wav", np.random.default_rng(0).normal(0, 0.2, 2 * 22050), 22050)
    arguments = ["--audio", str(tmp_path / "song.wav"), "--outdir", str(tmp_path), "--steps", "2", "--ensemble", "2"]
    monkeypatch.setattr(sys, "argv", ["mapping.py", *command[2:4], *arguments])
    mapping.main()
    assert (tmp_path / capsys.readouterr().out.splitlines()[0]).suffix == ".osz"


def test_back_to_the_original(run, original, tmp_path):
    run("--checkpoint", original, "--outdir", tmp_path / "ours", "--s4", "conjugate-poles")
    printed = run("--checkpoint", tmp_path / "ours", "--outdir", tmp_path / "back", "--export")
    assert printed.startswith(f"wrote {tmp_path}/back/model.ckpt and model.yaml\n")
    assert "S4 layers are read with conjugate-poles, as the original does only where" in printed
    assert "next:" not in printed
    before, after = (
        torch.load(path, weights_only=True)["state_dict"] for path in (original, tmp_path / "back/model.ckpt")
    )
    assert all(torch.equal(before[name], value) for name, value in after.items())
    assert before.keys() - after.keys() == {"logvar"}


def test_a_configuration_elsewhere(run, original, tmp_path):
    original.with_name("model.yaml").rename(tmp_path / "other.yaml")
    assert "wrote" in run("--checkpoint", original, "--config", tmp_path / "other.yaml", "--outdir", tmp_path / "ours")


def test_stage_1_alone_goes_on_to_stage_2(run, tmp_path):
    node = original_node()["params"]["first_stage_config"]
    model = build_network(our_model(node, "half-poles", []))
    printed = run("--checkpoint", write(tmp_path, model.state_dict(), node), "--outdir", tmp_path / "ours")
    assert "S4" not in printed
    assert printed.splitlines()[-1].endswith(f"first_stage_config.params.ckpt_path={tmp_path}/ours")


def test_a_mistake_ends_in_one_line(run_mug, tmp_path):
    done = run_mug("import", "--checkpoint", "none.ckpt", "--outdir", tmp_path / "out")
    assert (done.returncode, done.stderr) == (2, "error: none.ckpt: no such checkpoint\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [["--checkpoint", "x", "--s4", "both"], ["--checkpoint", "x", "--pack"], []],
)
def test_a_wrong_command_line_shows_the_usage(run, tmp_path, capsys, arguments):
    with pytest.raises(SystemExit):
        run(*arguments, "--outdir", tmp_path / "out")
    assert capsys.readouterr().err.startswith("usage: ")


def test_help_teaches(run, capsys):
    with pytest.raises(SystemExit):
        run("--help")
    printed = capsys.readouterr().out
    for words in (
        "model.yaml",
        "--s4 half-poles",
        "--s4\nconjugate-poles",
        "--export",
        "mug export",
        "follow the music",
    ):
        assert words in printed
