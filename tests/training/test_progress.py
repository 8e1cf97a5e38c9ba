"""The progress bar where no terminal shows it: lines, and few of them."""

import io
import sys
from types import SimpleNamespace

import pytest

from mug.training import progress
from mug.training.progress import StepProgressBar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def show(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, seconds: float = 30.0) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "SECONDS_A_LINE", seconds)
    trainer = SimpleNamespace(estimated_stepping_batches=100, global_step=0, num_val_batches=[3])
    bar = StepProgressBar()
    monkeypatch.setattr(bar, "get_metrics", lambda *_: {"train/loss": 0.5, "v_num": 1})
    bar.on_train_start(trainer, None)
    for step in range(1, 101):
        trainer.global_step = step
        bar.on_train_batch_end(trainer, None)
        if step % 50 == 0:
            for index in range(3):
                bar.on_validation_batch_end(trainer, None, None, None, index)
            bar.on_validation_end(trainer, None)
    bar.on_train_end(trainer, None)
    return stream.getvalue()


def test_a_log_file_has_a_line_at_the_start_and_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    text = show(monkeypatch, io.StringIO())
    assert "\r" not in text
    first, last = text.splitlines()
    assert "0/100" in first
    assert "100/100" in last
    assert "train/loss=0.5" in last
    assert "v_num" not in last


def test_and_one_every_so_often(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(show(monkeypatch, io.StringIO(), seconds=0.0).splitlines()) > 20


def test_a_terminal_has_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    text = show(monkeypatch, Terminal())
    assert "\r" in text
    assert "validation 3/3" in text
