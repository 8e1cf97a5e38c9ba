"""The list of models: in order, with their errors; each loaded once, when first used."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tiny_model import save_tiny_checkpoint

from mug.errors import ConfigError
from mug.features import Feature, FeatureSpec
from mug.generation.generator import ChartGenerator
from mug.training.export import export_run
from mug.webui import models
from mug.webui.models import Model, Models, describe, find_models

STARS = FeatureSpec([Feature("sr", "numeric", 1, 8, 0.2)])


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two model folders, 7K and 4K, and one without weights."""
    folder = tmp_path_factory.mktemp("models")
    for name, keys in (("a-seven", 7), ("b-four", 4)):
        checkpoint = save_tiny_checkpoint(folder / f"{name}.ckpt", keys=keys)
        export_run(checkpoint, folder / "models" / name)
        checkpoint.unlink()
    shutil.copytree(folder / "models" / "b-four", folder / "models" / "broken")
    (folder / "models" / "broken" / "model.safetensors").unlink()
    return folder / "models"


def test_shipped_models_come_by_key_count(folders: Path) -> None:
    found = find_models(shipped=folders)
    assert [(model.name, model.keys, model.label) for model in found] == [
        ("b-four", 4, "4K: b-four"),
        ("a-seven", 7, "7K: a-seven"),
    ]
    assert found[0].about == "A latent diffusion model that writes osu!mania charts for music."


def test_given_models_come_after_with_their_errors(folders: Path, tmp_path: Path) -> None:
    checkpoint = save_tiny_checkpoint(tmp_path / "last.ckpt", keys=3)
    found = find_models([checkpoint, folders, tmp_path / "none"], shipped=folders / "a-seven")
    assert [(model.name, model.keys) for model in found if isinstance(model, Model)] == [
        ("last", 3),
        ("a-seven", 7),
        ("b-four", 4),
    ]
    assert [model.name for model in found[3:]] == ["broken", "none"]
    assert "no model.safetensors" in found[3].error
    assert "no such checkpoint" in found[4].error


def test_a_model_is_listed_once_and_names_differ(folders: Path, tmp_path: Path) -> None:
    shutil.copytree(folders / "b-four", tmp_path / "b-four")
    found = find_models([folders / "b-four", tmp_path / "b-four"], shipped=folders)
    assert [model.name for model in found] == ["b-four", "a-seven", "b-four (2)"]


def test_a_run_names_its_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "2026-mini" / "checkpoints").mkdir(parents=True)
    assert describe(tmp_path / "2026-mini" / "checkpoints" / "last.ckpt").name == "2026-mini"


def test_a_broken_model_does_not_break_the_list(folders: Path) -> None:
    offered = Models(find_models([folders / "broken", folders / "b-four"], shipped=folders / "a-seven"))
    assert offered.first.name == "b-four"
    with pytest.raises(ConfigError, match=r"'broken' cannot be used: .*no model\.safetensors"):
        offered.generator("broken")
    with pytest.raises(ConfigError, match="no model 'other'; there are b-four"):
        offered.generator("other")
    with pytest.raises(ConfigError, match=r"no model\.safetensors"):
        Models([describe(folders / "broken")])


def test_a_model_is_loaded_once_and_two_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[str] = []
    together = threading.Barrier(2, timeout=10)

    def load(path: Path, device: str) -> object:
        if not loads:
            together.wait()  # two ask at once
        loads.append(path.name)
        return object()

    monkeypatch.setattr(ChartGenerator, "load", load)
    offered = Models([Model(name, Path(name), 4, STARS) for name in ("one", "two", "three")])
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(offered.generator, "one") for _ in range(2)]
        together.wait()
        assert asked[0].result() is asked[1].result()
    for name in ("two", "one", "three", "one", "two"):
        offered.generator(name)
    assert models.KEPT == 2
    assert loads == ["one", "two", "three", "two"]


def test_a_chosen_model_is_first() -> None:
    listed = [Model("one", Path("one"), 4, STARS), Model("two", Path("two"), 7, STARS)]
    assert Models(listed).first.keys == 4
    assert Models(listed, first="two").first.keys == 7
