"""Signals while a run trains: the first waits for the end of the step, a second Ctrl-C does not."""

import os
import signal
import time
from pathlib import Path

import pytest
import pytorch_lightning as pl

from mug.training.interrupts import SIGNALS, StopBetweenSteps


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
    child = os.fork()
    if child == 0:
        time.sleep(5)
        os._exit(0)
    os.kill(child, number)
    if dies:
        assert os.WTERMSIG(os.waitpid(child, 0)[1]) == number
        return
    time.sleep(0.2)
    assert os.waitpid(child, os.WNOHANG)[0] == 0  # a terminal sends Ctrl-C to them too; the last batches come from them
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
