"""The way from one latent to another is an arc."""

import pytest
import torch

from mug.model.interpolation import between


def test_it_begins_and_ends_at_the_two() -> None:
    one, other = torch.randn(2, 3, 7)
    assert torch.allclose(between(one, other, 0.0), one, atol=1e-6)
    assert torch.allclose(between(one, other, 1.0), other, atol=1e-6)
    assert torch.allclose(between(one, one, 0.3), one)


def test_the_middle_is_as_far_from_zero_as_the_ends() -> None:
    middle = between(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]), 0.5)
    assert middle.tolist() == pytest.approx([0.5**0.5, 0.5**0.5])
