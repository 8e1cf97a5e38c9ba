"""The table of first stages: one that keeps everything has an F1 of 1."""

import torch

from benchmarks.first_stages import row_of
from tests.firststage.toy_first_stage import ToyFirstStage


def perfect() -> ToyFirstStage:
    """A first stage whose latent is the chart itself, two frames below each other."""
    network = ToyFirstStage(4, 32)
    logits = torch.tensor([10.0] * 4 + [1.0] * 4 + [10.0] * 4 + [1.0] * 4)  # starts, offsets, holds, offsets
    with torch.no_grad():
        network.down.weight.copy_(torch.eye(32).view(32, 16, 2))
        network.up.weight.copy_(torch.eye(32).view(32, 16, 2) * logits[:, None])
        network.down.bias.zero_()
        network.up.bias.copy_(torch.where(logits == 10, -5.0, 0.0))
    return network.eval()


def test_a_row_has_f1_latent_and_size() -> None:
    note = torch.zeros(3, 16, 8)
    note[:, [0, 2], [1, 6]] = 1
    batch = {"note": note, "valid_flag": torch.ones(3, 8), "convertor": [{"frame_ms": 46.4}] * 3}
    row = row_of("toy", perfect(), [batch])
    assert row[:4] == ["toy", "1.0000", "128", "0.0 M"]
    assert row[4].endswith(" ms")
    batch["note"] = torch.zeros(3, 16, 8)
    assert row_of("toy", perfect(), [batch])[1] == "0.0000"
