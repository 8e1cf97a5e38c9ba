"""What the monitor says of a run, against the same told by hand."""

import csv
import sys
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from mug.training import monitors
from mug.training.monitors import TrainingMonitor, grad_norm, peak_memory_bytes

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's and torch's own


class Line(pl.LightningModule):
    """Two weights, whose gradients are the sums of its items' two values: (3, 4) of a batch of one item (3, 4)."""

    def __init__(self, clock: "Clock") -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(2))
        self.clock = clock

    def training_step(self, batch: dict[str, Tensor], batch_idx: int) -> Tensor:
        self.clock.now += 2.0
        return (batch["x"] * self.weights).sum()

    def validation_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        self.clock.now += 1000.0

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.SGD(self.parameters(), lr=0.5)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


class Clock:
    now = 10.0

    def __call__(self) -> float:
        return self.now


def rows_of(folder: Path, monkeypatch: pytest.MonkeyPatch, **trainer: Any) -> list[dict[str, float]]:
    """Train on batches of three items of (1, 4/3), each 2 s long, and return what was logged, row by row."""
    clock = Clock()
    monkeypatch.setattr(monitors, "perf_counter", clock)
    items = [{"x": torch.tensor([1.0, 4 / 3])} for _ in range(18)]
    logger = pl.loggers.CSVLogger(folder, name="", version="")
    pl.Trainer(
        accelerator="cpu", enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False,
        logger=logger, callbacks=[TrainingMonitor()], default_root_dir=folder, num_sanity_val_steps=1, **trainer,
    ).fit(
        Line(clock),
        torch.utils.data.DataLoader(items, batch_size=3),
        torch.utils.data.DataLoader(items, batch_size=9),
    )  # fmt: skip
    with (folder / "metrics.csv").open(newline="") as file:
        return [{name: float(value) for name, value in row.items() if value} for row in csv.DictReader(file)]


def test_gradients_rates_and_speed_at_logged_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = rows_of(tmp_path, monkeypatch, max_steps=6, log_every_n_steps=2, val_check_interval=3)
    assert [row["step"] for row in rows] == [1, 3, 5]
    assert [row["train/grad_norm"] for row in rows] == pytest.approx([5.0, 5.0, 5.0])  # of (3, 4)
    assert [row["train/learning_rate"] for row in rows] == pytest.approx([0.5 / 2, 0.5 / 4, 0.5 / 6])
    assert [row["train/songs_per_second"] for row in rows] == pytest.approx([6 / 4, 6 / 4, 6 / 4])  # no 1000 s in it
    assert 0.05 < rows[0]["train/memory_gib"] < 64


def test_the_norm_is_that_before_clipping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (row,) = rows_of(tmp_path, monkeypatch, max_steps=1, log_every_n_steps=1, gradient_clip_val=0.1)
    assert row["train/grad_norm"] == pytest.approx(5.0)


def test_accumulated_batches_all_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (row,) = rows_of(tmp_path, monkeypatch, max_steps=2, log_every_n_steps=2, accumulate_grad_batches=3)
    assert row["step"] == 1
    assert row["train/grad_norm"] == pytest.approx(5.0)  # of the mean of three alike
    assert row["train/songs_per_second"] == pytest.approx(18 / 12)


def test_a_run_that_logs_nothing_is_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitors, "grad_norm", lambda model: pytest.fail("measured"))
    monkeypatch.setattr(pl.loggers.CSVLogger, "save", lambda logger: None)
    with pytest.raises(FileNotFoundError):
        rows_of(tmp_path, monkeypatch, max_steps=2, log_every_n_steps=0)


def test_what_is_frozen_has_no_part_in_the_norm() -> None:
    model = nn.ModuleList([nn.Linear(2, 1, bias=False), nn.Linear(2, 1)])
    model[0].weight.grad = torch.tensor([[2.0, 6.0]], dtype=torch.float32)
    model[1].bias.grad = torch.tensor([3.0])
    assert grad_norm(model).item() == 7.0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_is_the_peak_that_the_system_knows() -> None:
    status = Path("/proc/self/status").read_text()
    (high_water_kib,) = (int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
    assert peak_memory_bytes(torch.device("cpu")) == pytest.approx(high_water_kib * 1024, rel=0.05)
