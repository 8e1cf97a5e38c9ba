"""torch.compile as a callback: the same numbers, the same names, the same checkpoints."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from mug.errors import ConfigError
from mug.training import compiling
from mug.training.compiling import BLOCKS, Compile, blocks_of
from tests.diffusion.test_diffusion import tiny_model
from tests.training.test_processes import first_moments
from tests.training.test_resume import train

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's and torch's own


def node(backend: str) -> dict[str, Any]:
    return {
        "compile": {"target": "mug.training.compiling.Compile", "params": {"backend": backend}},
        "ema": {"target": "mug.training.ema.EMA", "params": {"decay": 0.8}},
    }


def test_what_is_trained_is_compiled_and_the_first_stage_is_not() -> None:
    model = tiny_model()
    blocks = list(blocks_of(model))
    first_stage = set(model.model.first_stage_model.modules())
    assert not first_stage & set(blocks)
    for network in (model.model.unet_model, model.model.wave_model):
        assert {block for block in network.modules() if isinstance(block, BLOCKS)} <= set(blocks)


def test_a_run_may_go_on_with_and_without_it(tmp_path: Path) -> None:
    """Backend "eager" compiles to the very operations, so that all of a run is the same to the last bit."""
    ema = {"ema": node("eager")["ema"]}
    train(tmp_path / "plain", 3, callbacks=ema)
    train(tmp_path / "compiled", 2, callbacks=node("eager"))
    train(tmp_path / "compiled", 3, resume=True, callbacks=ema)
    plain, compiled = (
        torch.load(tmp_path / name / "checkpoints" / "last.ckpt", weights_only=True) for name in ("plain", "compiled")
    )
    for key in ("state_dict", "trained_weights"):
        assert plain[key].keys() == compiled[key].keys()
        assert all(torch.equal(value, compiled[key][name]) for name, value in plain[key].items())
    train(tmp_path / "compiled", 4, resume=True, callbacks=node("eager"))


def test_every_graph_is_used(tmp_path: Path) -> None:
    graphs: list[Any] = []

    def counting(graph: Any, inputs: Any) -> Any:
        graphs.append(graph)
        return graph.forward

    torch._dynamo.register_backend(counting, name="counting")
    torch._dynamo.reset()
    train(tmp_path, 1, callbacks=node("counting"))
    once = len(graphs)
    assert once > 0
    train(tmp_path, 3, resume=True, callbacks={**node("counting"), "ema": node("eager")["ema"]})
    assert len(graphs) <= 2 * once  # further steps compile nothing


def test_an_unknown_backend_is_named() -> None:
    with pytest.raises(ConfigError, match=r"compile: unknown backend 'inductro'; torch knows .*inductor"):
        Compile("inductro")


def test_weights_keep_their_names() -> None:
    layers = nn.ModuleList([tiny_model()])
    before = list(layers.state_dict())
    for block in blocks_of(layers):
        block.compile(backend="eager")
    assert list(layers.state_dict()) == before


@pytest.mark.slow
def test_inductor_computes_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gradients, of which Adam's averages are a tenth; steps would blow up what differs in those next to zero.

    One block of each kind is compiled, as each takes seconds.
    """
    monkeypatch.setattr(compiling, "blocks_of", lambda model: {type(b): b for b in blocks_of(model)}.values())
    train(tmp_path / "plain", 1, levels=2, callbacks={"ema": node("eager")["ema"]})
    train(tmp_path / "compiled", 1, levels=2, callbacks=node("inductor"))
    plain, compiled = (
        first_moments(torch.load(tmp_path / name / "checkpoints" / "last.ckpt", weights_only=True))
        for name in ("plain", "compiled")
    )
    scale = max(moment.abs().max().item() for moment in plain)
    for moment, wanted in zip(compiled, plain, strict=True):
        torch.testing.assert_close(moment, wanted, rtol=1e-3, atol=1e-5 * scale)
