"""Networks that stop between two layers."""

import threading

import pytest
import torch
from torch import nn

from mug.model.stopping import stoppable


class Stopped(Exception):
    """Raised by a check."""


def test_a_pass_stops_before_the_next_layer() -> None:
    heard: list[str] = []

    class Layer(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            heard.append("layer")
            return x

    def check() -> None:
        if len(heard) == 2:
            raise Stopped

    network = nn.Sequential(*(Layer() for _ in range(5)))
    with pytest.raises(Stopped), stoppable([network], check):
        network(torch.zeros(1))
    assert len(heard) == 2
    network(torch.zeros(1))  # afterwards, nothing checks
    assert len(heard) == 7


def test_what_another_thread_computes_goes_on() -> None:
    network, answers = nn.Linear(2, 3), []

    def check() -> None:
        raise Stopped

    with stoppable([network], check):
        other = threading.Thread(target=lambda: answers.append(network(torch.zeros(1, 2)).shape))
        other.start()
        other.join()
        with pytest.raises(Stopped):
            network(torch.zeros(1, 2))
    assert answers == [(1, 3)]
