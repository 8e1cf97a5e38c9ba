"""Learning-rate factors at steps that can be checked by hand."""

import pytest
import torch

from mug.errors import ConfigError
from mug.lr_scheduler import LambdaCosineScheduler, LambdaLinearScheduler, adamw
from mug.model.attention import RelativeAttention
from mug.model.blocks import GroupNorm
from mug.model.s4 import S4


def one_cycle(scheduler_class: type[LambdaLinearScheduler]) -> LambdaLinearScheduler:
    return scheduler_class(warm_up_steps=[10], f_start=[0.1], f_max=[1.0], f_min=[0.2], cycle_lengths=[110])


def test_linear_cycle() -> None:
    factor = one_cycle(LambdaLinearScheduler)
    assert [factor(step) for step in (0, 5, 10, 60, 110, 10_000)] == pytest.approx([0.1, 0.55, 1.0, 0.6, 0.2, 0.2])


def test_cosine_cycle() -> None:
    factor = one_cycle(LambdaCosineScheduler)
    quarter = 0.2 + 0.8 * (1 + 2**-0.5) / 2  # cos(pi/4)
    assert [factor(step) for step in (0, 10, 35, 60, 110)] == pytest.approx([0.1, 1.0, quarter, 0.6, 0.2])


def test_cycles_follow_each_other() -> None:
    factor = LambdaLinearScheduler([2, 0], [0.0, 0.0], [1.0, 0.5], [0.5, 0.1], [4, 4])
    expected = [0.0, 0.5, 1.0, 0.75, 0.5, 0.4, 0.3, 0.2, 0.1]
    assert [factor(step) for step in range(9)] == pytest.approx(expected)


def test_a_cycle_of_warm_up_only() -> None:
    factor = LambdaLinearScheduler([4], [0.0], [1.0], [1.0], [4])
    assert [factor(step) for step in range(6)] == pytest.approx([0.0, 0.25, 0.5, 0.75, 1.0, 1.0])


def test_lists_that_disagree_are_named() -> None:
    with pytest.raises(ConfigError, match="f_max must be a list"):
        LambdaLinearScheduler([1, 1], [0, 0], [1.0], [0, 0], [4, 4])
    with pytest.raises(ConfigError, match="warm_up_steps must be a list"):
        LambdaLinearScheduler(1, [0], [1.0], [0], [4])  # type: ignore[arg-type]


def test_a_short_trial_of_a_long_schedule_ends_on_the_way_up() -> None:
    factor = LambdaLinearScheduler([1000], [0.0], [1.0], [0.1], [2])
    assert [factor(step) for step in range(4)] == pytest.approx([0.0, 0.001, 0.1, 0.1])


def test_a_negative_warm_up_is_named() -> None:
    with pytest.raises(ConfigError, match="warm_up_steps"):
        LambdaLinearScheduler([-1], [0], [1.0], [0], [4])


def test_a_cycle_without_a_length_is_named() -> None:
    with pytest.raises(ConfigError, match=r"cycle_lengths \[-1\] 1 or more"):  # as max_steps: -1 would make it
        LambdaLinearScheduler([50], [0], [1.0], [0], [-1])


@pytest.mark.parametrize("fused", [True, False])
def test_lightning_may_clip_what_the_optimiser_takes(fused: bool) -> None:
    optimizer = adamw(torch.nn.Linear(2, 2), 0.1, None, fused=fused)["optimizer"]
    assert optimizer.defaults["fused"] == fused
    assert not optimizer._step_supports_amp_scaling


def test_only_matrices_of_layers_decay() -> None:
    layers = torch.nn.ModuleDict(
        {
            "linear": torch.nn.Linear(2, 3),
            "conv": torch.nn.Conv1d(2, 3, 3),
            "norm": GroupNorm(2, 4),
            "attention": RelativeAttention(8, heads=2, dim_head=4),
            "prompt": torch.nn.Embedding(5, 3),
            "s4": S4(4, 8),
            "frozen": torch.nn.Linear(2, 2).requires_grad_(False),
        }
    )
    decaying, spared = adamw(layers, 0.1, None, weight_decay=0.05)["optimizer"].param_groups
    names = {id(parameter): name for name, parameter in layers.named_parameters()}
    assert (decaying["weight_decay"], spared["weight_decay"]) == (0.05, 0.0)
    assert {names[id(parameter)].split(".")[0] for parameter in spared["params"]} == {
        "linear", "conv", "norm", "attention", "prompt", "s4"
    }  # fmt: skip
    decayed = {names[id(parameter)] for parameter in decaying["params"]}
    assert {"linear.weight", "conv.weight", "attention.to_q.weight", "s4.output_linear.0.weight"} <= decayed
    assert all(name.endswith("weight") for name in decayed)
    assert not any(name.startswith(("norm", "prompt", "frozen", "s4.kernel")) for name in decayed)
    assert len(adamw(torch.nn.GroupNorm(1, 2), 0.1, None)["optimizer"].param_groups) == 1
    with pytest.raises(ConfigError, match="weight_decay: -1"):
        adamw(layers, 0.1, None, weight_decay=-1.0)
