"""Configurations: merging, overrides, building what a node names, and messages that name the wrong key."""

from collections.abc import Callable

import pytest
import torch

from mug.charts.beatmap import TimingPoint
from mug.config import (
    PROJECT_ROOT,
    check_params,
    find_file,
    get_obj_from_str,
    instantiate_from_config,
    load_config,
    shipped_model,
    without_removed,
)
from mug.errors import ConfigError


@pytest.fixture
def files(tmp_path):
    (tmp_path / "a.yaml").write_text("model: {width: 2, depth: 3}\ndata: [1, 2]\n")
    (tmp_path / "b.yaml").write_text("model: {depth: 5}\nextra: ${model.width}\n")
    return [tmp_path / "a.yaml", tmp_path / "b.yaml"]


def test_files_merge_left_to_right_and_overrides_come_last(files):
    assert load_config(files) == {"model": {"width": 2, "depth": 5}, "data": [1, 2], "extra": 2}
    config = load_config(files, ["model.width=7", "new.deep=1e-3"])
    assert config == {"model": {"width": 7, "depth": 5}, "data": [1, 2], "extra": 7, "new": {"deep": 0.001}}
    assert type(config["model"]) is dict


def test_the_shipped_model_of_a_key_count():
    assert shipped_model() == shipped_model(4)
    assert [shipped_model(keys).name for keys in (4, 7)] == ["mug-mini", "mug-mini-7k"]
    with pytest.raises(ConfigError, match=r"write 4K and 7K; for 5K, give a model of your own as --checkpoint"):
        shipped_model(5)


def test_what_is_no_configuration(tmp_path, files):
    (tmp_path / "broken.yaml").write_text("a: [1")
    (tmp_path / "list.yaml").write_text("- 1")
    (tmp_path / "latin.yaml").write_bytes(b"a: \xff")
    with pytest.raises(ConfigError, match=r"none\.yaml: no such config file"):
        load_config([tmp_path / "none.yaml"])
    for name in ("broken", "latin"):
        with pytest.raises(ConfigError, match=rf"{name}\.yaml: not a readable YAML config"):
            load_config([tmp_path / f"{name}.yaml"])
    with pytest.raises(ConfigError, match="override 'model' is not"):
        load_config(files, ["model"])
    with pytest.raises(ConfigError, match=r"list\.yaml: not a readable YAML config"):
        load_config([*files, tmp_path / "list.yaml"])
    with pytest.raises(ConfigError, match="cannot merge"):
        load_config(files, ["extra=${nothing.here}"])


def test_an_overlay_changes_replaces_and_removes(files, tmp_path):
    overlay = tmp_path / "over.yaml"
    overlay.write_text("over: a.yaml\nmodel: {width: 9, ~depth: null}\n~data: null\ndata: {one: 1}\n")
    assert load_config([files[0], overlay]) == {"model": {"width": 9}, "data": {"one": 1}}
    with pytest.raises(ConfigError, match=r"over\.yaml: is an overlay on a\.yaml: give both, --base a\.yaml"):
        load_config([overlay])
    overlay.write_text("over: a.yaml\nmodel: {~height: null}\n")
    with pytest.raises(ConfigError, match=r"over\.yaml: model\.~height.*give the file first that has model\.height"):
        load_config([files[0], overlay])
    overlay.write_text("over: a.yaml\n~model: {width: 4}\n")
    with pytest.raises(ConfigError, match="write ~model: null"):
        load_config([files[0], overlay])


def test_files_are_found_from_here_then_from_the_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_file("pyproject.toml") == PROJECT_ROOT / "pyproject.toml"
    (tmp_path / "pyproject.toml").touch()
    assert find_file("pyproject.toml").resolve() == tmp_path / "pyproject.toml"
    assert str(find_file("nowhere.yaml")) == "nowhere.yaml"


def test_a_node_is_built():
    node = {"target": "mug.charts.beatmap.TimingPoint", "params": {"time_ms": 5.0, "beat_ms": 400.0}}
    assert instantiate_from_config(node, "model.x", TimingPoint) == TimingPoint(5.0, 400.0)
    assert instantiate_from_config({"target": "threading.Event"}).is_set() is False
    assert get_obj_from_str("mug.charts.beatmap.TimingPoint") is TimingPoint


@pytest.mark.parametrize(
    ("node", "reason"),
    [
        ({"params": {}}, "model.x: expected a node with 'target'"),
        (5, "model.x: expected a node"),
        ({"target": "a.b", "parms": {}}, "model.x: unknown key 'parms'"),
        ({"target": 3}, "model.x: target is a dotted path"),
        ({"target": "a.b", "params": [1]}, "params a mapping"),
        ({"target": ".a.b"}, "'.a.b' is not a dotted path"),
        ({"target": "TimingPoint"}, "'TimingPoint' is not a dotted path"),
        ({"target": "mug.nothing.X"}, "no module named 'mug.nothing'"),
        ({"target": "mug.charts.beatmap.Nothing"}, "module mug.charts.beatmap has no 'Nothing'"),
        (
            {"target": "mug.charts.beatmap.TimingPoint", "params": {"time_ms": 0, "beat_ms": 1, "tempo": 2}},
            "model.x.params: unknown key 'tempo'; TimingPoint knows time_ms, beat_ms, meter",
        ),
        (
            {"target": "mug.charts.beatmap.TimingPoint", "params": {"time_ms": 0, "beat_sm": 1}},
            r"unknown key 'beat_sm'; did you mean 'beat_ms'\? TimingPoint knows time_ms, beat_ms, meter",
        ),
        (
            {"target": "mug.charts.beatmap.TimingPoint", "params": {"time_ms": 0}},
            "model.x.params: 'beat_ms' is missing",
        ),
    ],
)
def test_wrong_nodes_are_named(node, reason):
    with pytest.raises(ConfigError, match=reason):
        instantiate_from_config(node, where="model.x")


@pytest.mark.parametrize("target", ["os.system", "subprocess.Popen", "os.environ", "mug.lr_scheduler.adamw"])
def test_a_stranger_s_configuration_starts_no_program(target):
    for kind in (torch.nn.Module, Callable):
        with pytest.raises(ConfigError, match=f"model.x: target '{target}' is not a {kind.__name__}"):
            instantiate_from_config({"target": target, "params": {"command": "true", "args": "true"}}, "model.x", kind)


def test_a_constructor_that_takes_anything_is_given_anything():
    def anything(width: int, **others: int) -> None:
        pass

    check_params(anything, {"width": 1, "depth": 2}, where="x")
    with pytest.raises(ConfigError, match="x: 'width' is missing"):
        check_params(anything, {"depth": 2}, where="x")


def test_removed_keys_at_their_defaults_are_dropped() -> None:
    config = {"params": {"vlb_weight": 0.0, "seed": 1, "lossconfig": {"params": {"weight_balanced": 0}}}, "x": [{}]}
    assert without_removed(config) == {"params": {"seed": 1, "lossconfig": {"params": {}}}, "x": [{}]}
    assert without_removed({"vlb_weight": 0.5}) == {"vlb_weight": 0.5}  # unknown to whatever is built of it
