"""A loss that is no number ends training, named by its step; what it broke is never saved."""

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.data import DataLoader

from mug.errors import TrainingError
from mug.training.callbacks import LastCheckpoint
from mug.training.checkpoints import SafeCheckpointIO
from mug.training.finite import FiniteCheck
from mug.training.resume import ExactResume

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's and torch's own


class Breaks(pl.LightningModule):
    """One weight; the loss of the batch with number `bad` is `value` times it."""

    def __init__(self, bad: int, value: float, validated: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.bad, self.value, self.validated = bad, value, validated

    def training_step(self, batch: torch.Tensor, batch_idx: int) -> torch.Tensor:
        return self.weight.sum() * (self.value if int(batch) == self.bad else 0.5)

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        pass

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam([self.weight], lr=0.1)


def fit(
    folder: Path,
    bad: int = 6,
    value: float = float("nan"),
    validate_every: int | None = None,
    save_every: int = 2,
    **options: Any,
) -> None:
    trainer = pl.Trainer(
        accelerator="cpu", max_epochs=1, logger=False, enable_progress_bar=False, enable_model_summary=False,
        callbacks=[FiniteCheck(), ExactResume(), LastCheckpoint(save_every)], plugins=[SafeCheckpointIO()],
        default_root_dir=folder, log_every_n_steps=5, num_sanity_val_steps=0,
        val_check_interval=validate_every, limit_val_batches=1 if validate_every else 0, **options,
    )  # fmt: skip
    loader = DataLoader(range(20), batch_size=1)
    trainer.fit(Breaks(bad, value, validate_every is not None), loader, DataLoader([0]))


def saved(folder: Path) -> Any:
    return torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_the_step_is_named_and_the_last_good_checkpoint_stays(tmp_path: Path, value: float) -> None:
    with pytest.raises(TrainingError, match=r"the loss of step 7 is NaN or infinite \(noticed at step 8\)") as caught:
        fit(tmp_path, value=value)  # item 6 is that of step 7; step 8 would be saved
    assert str(tmp_path) in str(caught.value)
    assert saved(tmp_path)["global_step"] == 6
    assert saved(tmp_path)["state_dict"]["weight"].isfinite()


def test_it_is_seen_at_the_next_step_that_is_logged(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"step 4 is NaN or infinite \(noticed at step 5\)"):
        fit(tmp_path, bad=3, save_every=100)


def test_validation_does_not_save_it(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"step 7 is NaN or infinite \(noticed at step 7\)"):
        fit(tmp_path, validate_every=7)
    assert saved(tmp_path)["global_step"] == 6


def test_accumulated_batches_are_of_the_step_to_come(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="the loss of step 3 is NaN"):
        fit(tmp_path, bad=4, accumulate_grad_batches=2)


def test_a_short_run_does_not_end_before_it_is_seen(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="the loss of step 4 is NaN"):
        fit(tmp_path, bad=3, max_steps=4)


def test_what_is_finite_is_let_be(tmp_path: Path) -> None:
    fit(tmp_path, bad=-1)
    assert saved(tmp_path)["global_step"] == 20


def test_an_optimisers_state_that_is_broken_is_not_saved(tmp_path: Path) -> None:
    model, trainer = Breaks(0, 0.0, False), pl.Trainer(accelerator="cpu", logger=False, default_root_dir=tmp_path)
    checkpoint = {"state_dict": model.state_dict(), "optimizer_states": [{"state": {0: {"v": torch.tensor([1e39])}}}]}
    with pytest.raises(TrainingError, match="the weights are NaN or infinite"):
        FiniteCheck().on_save_checkpoint(trainer, model, checkpoint)
    checkpoint["optimizer_states"][0]["state"][0]["v"] = torch.tensor([1.0])
    FiniteCheck().on_save_checkpoint(trainer, model, checkpoint)
