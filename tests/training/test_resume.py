"""A run that stops and goes on computes what an uninterrupted one computes: same data, same noise, same weights."""

from pathlib import Path
from typing import Any

import pytest
import torch

from mug.config import instantiate_from_config
from mug.training.setup import build_trainer
from mug.training.trainers import build_trainable
from tests.diffusion.test_diffusion import short_config
from tests.training.synthetic_data import data_node

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's and torch's own
STEPS = 7  # of 3 batches an epoch


def train(
    folder: Path,
    max_steps: int,
    resume: bool = False,
    interrupt_at: int | None = None,
    num_workers: int = 0,
    stage: int = 2,
    levels: int = 1,
    callbacks: dict[str, Any] | None = None,
    **trainer: Any,
) -> Any:
    """Train a tiny model; return the batches it saw, as (epoch, batch, sum of its audio), and its weights."""
    params = short_config(levels, monitor="val/loss", learning_rate=1e-2, normalize_latents=True)
    autoencoder = params["first_stage_config"]
    autoencoder = {**autoencoder, "params": {**autoencoder["params"], "monitor": "val/loss", "learning_rate": 1e-2}}
    diffusion = {"target": "mug.diffusion.diffusion.DDPM", "params": params}
    config = {
        "model": autoencoder if stage == 1 else diffusion,
        "data": data_node(folder, size=7),
        "lightning": {
            "trainer": {
                "accelerator": "cpu", "enable_progress_bar": False, "enable_model_summary": False,
                "limit_val_batches": 1, "log_every_n_steps": 1, "max_steps": max_steps, **trainer,
            },
            "callbacks": callbacks,
        },
    }  # fmt: skip
    config["data"]["params"]["num_workers"] = num_workers
    pl_trainer = build_trainer(config, folder)
    torch.manual_seed(1)
    model = build_trainable(config["model"])
    seen: list[tuple[int, int, float]] = []
    training_step = model.training_step

    def watched(batch: Any, batch_idx: int) -> torch.Tensor:
        if len(seen) == interrupt_at:
            raise KeyboardInterrupt
        seen.append((pl_trainer.current_epoch, batch_idx, batch["audio"].sum().item()))
        return training_step(batch, batch_idx)

    model.training_step = watched
    checkpoint = folder / "checkpoints" / "last.ckpt" if resume else None
    data = instantiate_from_config(config["data"])
    try:
        pl_trainer.fit(model, datamodule=data, ckpt_path=checkpoint)
    except SystemExit:
        assert interrupt_at is not None
    return seen, model.state_dict()


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return train(tmp_path_factory.mktemp("uninterrupted"), STEPS)


def assert_same(uninterrupted: Any, first: Any, second: Any) -> None:
    assert first[0] + second[0] == uninterrupted[0]
    for name, value in uninterrupted[1].items():
        assert torch.equal(second[1][name], value), name


@pytest.mark.parametrize("stop", [2, 3])
def test_more_steps_go_on_in_mid_epoch_and_at_its_end(tmp_path: Path, uninterrupted: Any, stop: int) -> None:
    first = train(tmp_path, stop)
    assert_same(uninterrupted, first, train(tmp_path, STEPS, resume=True))


def test_an_interrupted_run_goes_on(tmp_path: Path, uninterrupted: Any) -> None:
    first = train(tmp_path, STEPS, interrupt_at=5)
    assert len(first[0]) == 5
    assert_same(uninterrupted, first, train(tmp_path, STEPS, resume=True))


def test_the_first_stage_goes_on(tmp_path: Path) -> None:
    whole = train(tmp_path / "whole", 4, stage=1)
    first = train(tmp_path / "parts", 2, stage=1)
    assert_same(whole, first, train(tmp_path / "parts", 4, resume=True, stage=1))


def test_workers_that_load_ahead_go_on(tmp_path: Path, uninterrupted: Any) -> None:
    first = train(tmp_path, 4, num_workers=1)
    assert_same(uninterrupted, first, train(tmp_path, STEPS, resume=True, num_workers=1))


def test_accumulated_batches_go_on(tmp_path: Path) -> None:
    whole = train(tmp_path / "whole", 4, accumulate_grad_batches=2)
    first = train(tmp_path / "parts", 3, accumulate_grad_batches=2)
    assert_same(whole, first, train(tmp_path / "parts", 4, resume=True, accumulate_grad_batches=2))


def test_every_epoch_has_an_order_of_its_own(uninterrupted: Any) -> None:
    sums = {epoch: [total for at, _, total in uninterrupted[0] if at == epoch] for epoch in (0, 1)}
    assert len(sums[0]) == len(sums[1]) == 3
    assert sums[0] != sums[1]
