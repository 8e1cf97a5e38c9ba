"""The average of a run's weights: what it is, who sees it, and that a run goes on with it as if it had not stopped."""

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.data import DataLoader

from mug.errors import ConfigError
from mug.training.checkpoints import SafeCheckpointIO
from mug.training.ema import EMA, TRAINED_WEIGHTS
from tests.training.test_resume import train

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's and torch's own
EMA_NODE = {"ema": {"target": "mug.training.ema.EMA", "params": {"decay": 0.8}}}


class RisingWeight(pl.LightningModule):
    """One weight that a step raises by 1, from 0 on, a frozen one, and what validation and test saw of them."""

    def __init__(self, raise_in_validation: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.frozen = nn.Parameter(torch.full((1,), 7.0), requires_grad=False)
        self.raise_in_validation = raise_in_validation
        self.seen: list[tuple[str, float]] = []

    def training_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
        self.seen.append(("train", self.weight.item()))
        return -self.weight.sum()

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        self.seen.append(("val", self.weight.item()))
        if self.raise_in_validation and not self.trainer.sanity_checking:
            raise RuntimeError("stop here")

    def test_step(self, batch: Any, batch_idx: int) -> None:
        self.seen.append(("test", self.weight.item()))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD([self.weight], lr=1.0)


def train_rising(folder: Path, model: RisingWeight, decay: float = 0.2, **options: Any) -> tuple[pl.Trainer, EMA]:
    ema, loader = EMA(decay), DataLoader([0, 1, 2], batch_size=1)
    trainer = pl.Trainer(
        accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, callbacks=[ema], plugins=[SafeCheckpointIO()], default_root_dir=folder, **options,
    )  # fmt: skip
    trainer.fit(model, loader, DataLoader([0], batch_size=1))
    return trainer, ema


def test_the_average_by_hand(tmp_path: Path) -> None:
    model = RisingWeight()
    trainer, ema = train_rising(tmp_path, model)
    averages = [0.0]
    for step in (1, 2, 3):
        decay = min(0.2, (1 + step) / (10 + step))  # 2/11, then 0.2
        averages.append(decay * averages[-1] + (1 - decay) * step)
    trainer.test(model, DataLoader([0], batch_size=1), verbose=False)
    assert [stage for stage, _ in model.seen] == ["val", "train", "train", "train", "val", "test"]
    assert [value for _, value in model.seen] == pytest.approx([0, 0, 1, 2, averages[3], averages[3]])
    assert ema.averages.keys() == {"weight"}  # which after the end holds the weight itself
    assert ema.averages["weight"].item() == 3.0


def test_a_step_of_several_batches_counts_once(tmp_path: Path) -> None:
    _, ema = train_rising(tmp_path, RisingWeight(), accumulate_grad_batches=3)
    assert ema.n_updates == 1


def test_an_interrupted_validation_restores_the_weights(tmp_path: Path) -> None:
    model = RisingWeight(raise_in_validation=True)
    with pytest.raises(RuntimeError, match="stop here"):
        train_rising(tmp_path, model)
    assert model.weight.item() == 3.0


def test_a_checkpoint_has_the_average_and_the_weights_beside_it(tmp_path: Path) -> None:
    train(tmp_path, 3, callbacks=EMA_NODE)
    checkpoint = torch.load(tmp_path / "checkpoints" / "last.ckpt", weights_only=True)
    state, trained = checkpoint["state_dict"], checkpoint[TRAINED_WEIGHTS]
    assert not any(name.startswith("model.first_stage_model") for name in trained)
    assert any(not torch.equal(state[name], weight) for name, weight in trained.items())


def test_a_run_goes_on_with_its_average(tmp_path: Path) -> None:
    train(tmp_path / "whole", 7, callbacks=EMA_NODE)
    train(tmp_path / "parts", 7, interrupt_at=5, callbacks=EMA_NODE)
    train(tmp_path / "parts", 7, resume=True, callbacks=EMA_NODE)
    whole, parts = (
        torch.load(tmp_path / name / "checkpoints" / "last.ckpt", weights_only=True) for name in ("whole", "parts")
    )
    for key in ("state_dict", TRAINED_WEIGHTS):
        assert whole[key].keys() == parts[key].keys()
        for name, value in whole[key].items():
            assert torch.equal(value, parts[key][name]), (key, name)


def test_averaging_changes_nothing_of_the_training(tmp_path: Path) -> None:
    _, plain = train(tmp_path / "plain", 4)
    train(tmp_path / "averaged", 4, callbacks=EMA_NODE)
    trained = torch.load(tmp_path / "averaged" / "checkpoints" / "last.ckpt", weights_only=True)[TRAINED_WEIGHTS]
    assert all(torch.equal(weight, plain[name]) for name, weight in trained.items())


def test_a_run_may_begin_to_average_when_it_goes_on(tmp_path: Path) -> None:
    train(tmp_path, 3)
    train(tmp_path, 5, resume=True, callbacks=EMA_NODE)
    assert TRAINED_WEIGHTS in torch.load(tmp_path / "checkpoints" / "last.ckpt", weights_only=True)


@pytest.mark.parametrize("decay", [-0.1, 1.0, float("nan")])
def test_an_impossible_decay_is_named(decay: float) -> None:
    with pytest.raises(ConfigError, match="ema: decay"):
        EMA(decay)


def test_weights_too_coarse_to_average_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="bf16-mixed"):
        train_rising(tmp_path, RisingWeight(), precision="bf16-true")


def test_what_is_trained_may_change_when_a_run_goes_on(tmp_path: Path) -> None:
    ema, model = EMA(), RisingWeight()
    state, trained = {"frozen": torch.ones(1)}, {"frozen": torch.zeros(1)}  # which was trained then
    ema.on_load_checkpoint(None, model, {"state_dict": state, TRAINED_WEIGHTS: trained})  # type: ignore[arg-type]
    ema._swap(model, average_in_model=True)
    assert (model.frozen.item(), ema.averages["frozen"].item()) == (1.0, 0.0)
