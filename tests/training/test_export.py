"""A run's checkpoint as a model folder: it says what the run recorded, and charts as the checkpoint does."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import soundfile
import torch
import yaml
from safetensors.torch import load_file
from tiny_model import save_tiny_placement

from mug.checkpoints.trained_model import load_trained_model
from mug.errors import CheckpointError
from mug.generation import ChartGenerator, SamplingSettings
from mug.model.network_node import build_network
from mug.progress import Progress
from mug.training.export import export_run, last_metrics, last_versions
from mug.training.versions import VersionsSaver
from tests.diffusion.test_diffusion import tiny_config

VERSIONS = """\
- started: 2026-01-02T03-04-05
  torch: 2.13.0
  cuda: null
  devices: [CPU, CPU]
  git: {commit: abc, changed: [main.py, mine.txt], patch: changes.patch}
  command: main.py --base /home/me/a.yaml
"""


@pytest.fixture(scope="module")
def run(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The last checkpoint of a run folder."""
    folder = tmp_path_factory.mktemp("logs") / "run"
    (folder / "checkpoints").mkdir(parents=True)
    content = torch.load(tiny_checkpoint, weights_only=True)
    content["config"]["model"]["params"]["seed"] = 7
    content |= {
        "global_step": 20, "trained_weights": {}, "optimizer_states": [{"state": torch.zeros(10_000)}],
        "DataModuleFromConfig": {"train": {"charts": 4, "songs": 2}},
    }  # fmt: skip
    torch.save(content, folder / "checkpoints" / "last.ckpt")
    (folder / "metrics.csv").write_text("epoch,step,train/loss,val/loss\n0,9,,0.5\n1,19,0.2,0.25\n1,29,,0.1\n")
    (folder / "versions.yaml").write_text("- {torch: 2.12.0}\n" + VERSIONS)
    return folder / "checkpoints" / "last.ckpt"


def charts(checkpoint: Path, song: Path) -> list[tuple[float, int]]:
    settings = SamplingSettings(steps=4, ensemble=1, attempts=1)
    (chart,) = ChartGenerator.load(checkpoint).generate(song, {}, seed=3, settings=settings, progress=Progress())
    return [(note.start_ms, note.column) for note in chart.notes]


@pytest.fixture
def song(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "song.wav", np.random.default_rng(0).normal(0, 0.2, 4 * 22050), 22050)
    return tmp_path / "song.wav"


def test_a_folder_charts_as_the_checkpoint_does(run: Path, song: Path, tmp_path: Path) -> None:
    parameters = export_run(run, tmp_path / "mine")
    assert list(parameters) == ["unet_model", "first_stage_model", "wave_model", "cond_stage_model"]
    assert sorted(path.name for path in (tmp_path / "mine").iterdir()) == [
        *["README.md", "config.yaml", "features.yaml", "model.safetensors"]
    ]
    expected = charts(run, song)
    assert len(expected) > 10
    assert charts(tmp_path / "mine", song) == expected


def test_the_card_says_what_the_run_recorded(run: Path, tmp_path: Path) -> None:
    export_run(run, tmp_path / "mine", license_name="mit")
    lines = (tmp_path / "mine" / "README.md").read_text(encoding="utf-8").splitlines()
    assert not {"cuda", "command", "mine.txt"} & set(re.findall(r"[\w.]+", "\n".join(lines)))
    for line in (
        "license: mit", "| `optimiser steps` | `20` |", "| `seed` | `7` |", "| `val/loss` | `0.25` |",
        "| `weights` | `averaged over training (EMA)` |", "| `data: train` | `4 charts, 2 songs` |",
        "| `git commit` | `abc` |", "| `files changed since` | `2` |", "| `torch` | `2.13.0` |",
        "| `devices` | `CPU, CPU` |", "| `ln` | `true, false` |",
    ):  # fmt: skip
        assert line in lines, line


def test_a_placement_model_is_exported_too(tmp_path: Path) -> None:
    parameters = export_run(save_tiny_placement(tmp_path / "last.ckpt"), tmp_path / "placement", half=True)
    assert list(parameters) == ["unet_model", "wave_model", "cond_stage_model"]
    card = (tmp_path / "placement" / "README.md").read_text(encoding="utf-8")
    assert "how likely a note is at each moment of a song." in card
    assert "Put it into the folder of a model that writes charts, as `placement`" in card
    assert "mapping.py" not in card
    assert "| `optimiser steps` | `3` |" in card.splitlines()


def test_half_of_the_numbers_size(run: Path, tmp_path: Path) -> None:
    export_run(run, tmp_path / "whole")
    export_run(run, tmp_path / "half", half=True)
    sizes = [(tmp_path / name / "model.safetensors").stat().st_size for name in ("half", "whole")]
    assert sizes[0] / sizes[1] < 0.7  # its S4 layers and names are much of so small a model
    stored = load_file(tmp_path / "half" / "model.safetensors")
    assert stored["alphas_cumprod"].dtype == torch.float32
    assert stored["model.cond_stage_model.embedding.weight"].dtype == torch.float16
    assert stored["model.unet_model.time_embed.0.bias"].dtype == torch.float16
    assert stored["model.unet_model.out.0.weight"].dtype == torch.float32  # a norm
    loaded, original = (load_trained_model(tmp_path / name).model.state_dict() for name in ("half", "whole"))
    for name, value in original.items():
        assert loaded[name].dtype == value.dtype
        torch.testing.assert_close(loaded[name], value, rtol=1e-3, atol=1e-6)
    assert "float16" in (tmp_path / "half" / "README.md").read_text()


def test_numbers_that_float16_cannot_hold_are_named(run: Path, tmp_path: Path) -> None:
    content = torch.load(run, weights_only=True)
    content["state_dict"]["model.cond_stage_model.embedding.weight"][0, 0] = 1e5
    torch.save(content, tmp_path / "large.ckpt")
    with pytest.raises(CheckpointError, match=r"large\.ckpt: model\.cond_stage_model\.embedding\.weight has numbers"):
        export_run(tmp_path / "large.ckpt", tmp_path / "half", half=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["large.ckpt"]


def test_the_first_stage_goes_on_to_the_second(tmp_path: Path) -> None:
    node = tiny_config()["first_stage_config"]
    model = build_network(node)
    torch.save({"state_dict": model.state_dict(), "config": {"model": node}}, tmp_path / "stage1.ckpt")
    assert list(export_run(tmp_path / "stage1.ckpt", tmp_path / "mine")) == ["encoder", "decoder"]
    assert sorted(path.name for path in (tmp_path / "mine").iterdir()) == [
        *["README.md", "config.yaml", "model.safetensors"]
    ]
    again = build_network({**node, "params": {**node["params"], "ckpt_path": str(tmp_path / "mine")}})
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in model.state_dict().items())


def test_what_does_not_fit_is_named_and_nothing_is_written(run: Path, tmp_path: Path) -> None:
    content = torch.load(run, weights_only=True)
    state, name = content["state_dict"], "model.cond_stage_model.embedding.weight"
    for wrong, problem in (
        ({key: value for key, value in state.items() if key != "betas"}, "betas is missing"),
        ({**state, "extra": torch.zeros(1)}, "extra is unknown"),
        ({**state, name: torch.zeros(2, 3)}, rf"{name} is \[2, 3\], the model's is"),
    ):
        torch.save({**content, "state_dict": wrong}, tmp_path / "wrong.ckpt")
        with pytest.raises(CheckpointError, match=problem):
            export_run(tmp_path / "wrong.ckpt", tmp_path / "mine")
    assert [path.name for path in tmp_path.iterdir()] == ["wrong.ckpt"]


def test_a_folder_of_other_tensors_names_them(run: Path, tmp_path: Path) -> None:
    export_run(run, tmp_path / "mine")
    config = yaml.safe_load((tmp_path / "mine" / "config.yaml").read_text())
    config["model"]["params"]["cond_stage_config"]["params"]["embed_dim"] = 6
    config["model"]["params"]["unet_config"]["params"]["context_dim"] = 6
    (tmp_path / "mine" / "config.yaml").write_text(yaml.safe_dump(config))
    with pytest.raises(CheckpointError, match=r"model\.cond_stage_model\.embedding\.weight is \[\d+, 5\]"):
        load_trained_model(tmp_path / "mine")


def test_a_model_folder_is_not_exported_again(run: Path, tmp_path: Path) -> None:
    export_run(run, tmp_path / "mine")
    with pytest.raises(CheckpointError, match="is a model folder already"):
        export_run(tmp_path / "mine", tmp_path / "again")


@pytest.mark.parametrize("text", ["step,val/loss\nx,1\n", "val/loss\n1\n", "step,val/loss\n1,much\n", "step\n1\0\n"])
def test_a_file_that_is_no_table_of_metrics_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "metrics.csv").write_text(text)
    with pytest.raises(CheckpointError, match=r"metrics\.csv: not a table of a run's metrics"):
        last_metrics(tmp_path / "metrics.csv", step=5)


@pytest.mark.parametrize("text", ["torch: 2.13.0\n", "[]\n", "- torch\n"])
def test_a_file_that_is_no_list_of_starts_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "versions.yaml").write_text(text)
    with pytest.raises(CheckpointError, match=r"versions\.yaml: not a list of a run's starts"):
        last_versions(tmp_path / "versions.yaml")


def test_what_a_run_writes_can_be_read(tmp_path: Path) -> None:
    trainer = pl.Trainer(accelerator="cpu", logger=False, default_root_dir=tmp_path)
    VersionsSaver().setup(trainer, pl.LightningModule(), "fit")
    found = last_versions(tmp_path / "versions.yaml")
    assert found["torch"] == torch.__version__
    assert "(cpu)" in found["devices"]


@pytest.mark.parametrize("wrong", [{"global_step": "20"}, {"DataModuleFromConfig": {"train": {"charts": [[0]]}}}])
def test_what_a_checkpoint_says_of_its_run_is_numbers(run: Path, tmp_path: Path, wrong: dict[str, Any]) -> None:
    torch.save(torch.load(run, weights_only=True) | wrong, tmp_path / "wrong.ckpt")
    with pytest.raises(CheckpointError, match=r"wrong\.ckpt: its steps or data sizes are not whole numbers"):
        export_run(tmp_path / "wrong.ckpt", tmp_path / "mine")


def test_metrics_up_to_the_step_count_where_they_are_numbers(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text("step,val/a,val/b,x\n1,1,2,3\n2,,nan,3\n3,9,,\n")
    assert last_metrics(tmp_path / "metrics.csv", step=2) == {"val/a": 1.0, "val/b": 2.0}
    assert last_metrics(tmp_path / "nowhere.csv", step=2) == {}
