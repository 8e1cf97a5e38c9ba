"""Signals while a run trains: the first waits for the end of the step, a second Ctrl-C does not."""

import os
import signal
import time
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.demos.boring_classes import BoringModel
from torch import Tensor

from mug.training.callbacks import LastCheckpoint
from mug.training.interrupts import SIGNALS, StopBetweenSteps
from mug.training.resume import ExactResume


@pytest.fixture
def stop(tmp_path: Path):
    before = {number: signal.getsignal(number) for number in SIGNALS}
    callback = StopBetweenSteps()
    trainer = pl.Trainer(accelerator="cpu", logger=False, default_root_dir=tmp_path)
    callback.setup(trainer, None, "fit")
    yield callback, trainer
    callback.teardown(trainer, None, "fit")
    assert {number: signal.getsignal(number) for number in SIGNALS} == before


@pytest.mark.parametrize(
    ("number", "raised"),
    [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit), (signal.SIGUSR1, SystemExit)],
)
def test_a_signal_waits_for_the_next_batch(stop, number, raised):
    callback, trainer = stop
    callback.on_train_batch_start(trainer)
    signal.raise_signal(number)
    with pytest.raises(raised):
        callback.on_train_batch_start(trainer)
    with pytest.raises(raised):
        callback.on_validation_batch_start(trainer)


def test_a_second_ctrl_c_does_not_wait(stop):
    signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_a_second_sigterm_changes_nothing(stop):
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGTERM)


def test_when_training_is_over_ctrl_c_is_as_ever(stop):
    callback, trainer = stop
    callback.on_exception(trainer, None, RuntimeError())
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize(("number", "dies"), [(signal.SIGTERM, True), (signal.SIGINT, False)])
def test_processes_that_load_data_end_by_sigterm_alone(stop, number, dies):
    ready, say = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(say, b"!")
        time.sleep(5)
        os._exit(0)
    os.read(ready, 1)  # Python forgets signals that come while it is forked
    os.close(ready)
    os.close(say)
    os.kill(child, number)
    if dies:
        assert os.WTERMSIG(os.waitpid(child, 0)[1]) == number
        return
    time.sleep(0.2)
    assert os.waitpid(child, os.WNOHANG)[0] == 0  # a terminal sends Ctrl-C to them too; the last batches come from them
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


class Signalled(BoringModel):
    """Gets the signal `number` in its third forward pass."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number, self.left = number, 3

    def forward(self, x: Tensor) -> Tensor:
        self.left -= 1
        if self.left == 0:
            signal.raise_signal(self.number)
        return super().forward(x)


@pytest.mark.filterwarnings("ignore")  # Lightning's
@pytest.mark.parametrize("number", SIGNALS)
def test_the_step_under_way_is_done_and_saved(tmp_path: Path, number: int) -> None:
    before = {one: signal.getsignal(one) for one in SIGNALS}
    trainer = pl.Trainer(
        accelerator="cpu", logger=False, default_root_dir=tmp_path, max_steps=9, enable_progress_bar=False,
        enable_model_summary=False, limit_val_batches=0,
        callbacks=[ExactResume(), StopBetweenSteps(), LastCheckpoint()],
    )  # fmt: skip
    try:
        with pytest.raises(SystemExit):
            trainer.fit(Signalled(number))
    finally:
        for one, handler in before.items():  # Lightning tears down no callback after an exception
            signal.signal(one, handler)
    assert torch.load(tmp_path / "checkpoints" / "last.ckpt", weights_only=True)["global_step"] == 3
