"""Which device is picked."""

import pytest
import torch

from mug.device import pick_device
from mug.errors import ConfigError


@pytest.mark.parametrize(
    ("cuda", "mps", "picked"),
    [(True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_auto_is_cuda_then_mps_then_cpu(monkeypatch, cuda, mps, picked):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert pick_device() == torch.device(picked)


def test_a_named_device_is_picked():
    assert pick_device("cuda:1") == torch.device("cuda", 1)
    assert pick_device(torch.device("cpu")) == torch.device("cpu")


def test_an_unknown_device_is_an_error():
    with pytest.raises(ConfigError, match="device 'abacus': unknown; give auto, cpu"):
        pick_device("abacus")
