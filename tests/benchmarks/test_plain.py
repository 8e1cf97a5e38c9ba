"""The plain formulation and ours are the same functions, with the same gradients."""

import pytest
import torch
from networks import awake
from tiny_model import tiny_run_config
from torch import Tensor, nn

from benchmarks.full_size import prompts
from benchmarks.plain import PlainAttention, PlainKernel, make_plain, set_checkpointing
from mug.config import without_ckpt_paths
from mug.model.attention import RelativeAttention
from mug.model.network_node import build_network
from mug.model.nplr import NPLRKernel


def gradients(output: Tensor, *inputs: Tensor) -> list[Tensor]:
    weights = torch.linspace(-1, 1, output.numel(), dtype=output.dtype).reshape(output.shape).cos()
    return list(torch.autograd.grad((output * weights).sum(), inputs))


def assert_same(ours: list[Tensor], plain: list[Tensor], tolerance: float) -> None:
    for mine, theirs in zip(ours, plain, strict=True):
        assert mine.abs().max() > 0
        torch.testing.assert_close(mine, theirs, rtol=tolerance, atol=tolerance * theirs.abs().max().item())


@pytest.mark.parametrize("n_context", [None, 7])
@pytest.mark.parametrize("is_masked", [False, True])
def test_attention_has_our_outputs_and_gradients(n_context: int | None, is_masked: bool) -> None:
    torch.manual_seed(0)
    ours = RelativeAttention(11, None if n_context is None else 13, heads=3, dim_head=5).double()
    for table in (ours.relative_position_embedding, ours.C_embedding):
        nn.init.normal_(table)
    x = torch.randn(2, 71, 11, dtype=torch.double, requires_grad=True)  # further apart than the tables reach
    context = None if n_context is None else torch.randn(2, n_context, 13, dtype=torch.double)
    mask = torch.arange(71) < torch.tensor([[71], [37]]) if is_masked else None
    results = []
    for attention in (ours, PlainAttention(ours)):
        assert list(dict(attention.named_parameters())) == list(dict(ours.named_parameters()))
        output = attention(x, context, mask)
        results.append([output, *gradients(output, x, *attention.parameters())])
    assert_same(*results, tolerance=1e-5)  # ours sums the gradients of its tables in float32


@pytest.mark.parametrize("length", [13, 10])
def test_kernel_has_our_outputs_and_gradients(length: int) -> None:
    torch.manual_seed(0)
    ours = NPLRKernel(d_model=3, d_state=14, n_kernels=2, dt_min=0.01, dt_max=0.1)
    ours(13)
    plain = PlainKernel(ours)
    names = ["C", "log_dt", "B", "P", "inv_w_real", "w_imag"]
    assert sorted(plain.state_dict()) == sorted(ours.state_dict())
    results = []
    for kernel in (ours, plain):
        output = kernel(length)
        assert output.shape == (2, 3, length)
        results.append([output, *gradients(output, *(getattr(kernel, name) for name in names))])
    assert_same(*results, tolerance=2e-4)


def test_a_kernel_says_what_it_cannot_do() -> None:
    ours = NPLRKernel(d_model=3, d_state=14, n_kernels=1, dt_min=0.01, dt_max=0.1)
    ours(8)
    with pytest.raises(ValueError, match="run ours for 9 frames first: C is stored for 8"):
        PlainKernel(ours)(9)
    with pytest.raises(ValueError, match="expected an NPLRKernel with both conjugate poles"):
        PlainKernel(NPLRKernel(3, 14, 1, 0.01, 0.1, conjugate_poles=False))


def test_a_plain_network_is_ours_in_other_words() -> None:
    torch.manual_seed(0)
    ours = build_network(without_ckpt_paths(tiny_run_config()["model"]), "model")
    awake(ours)
    batch = {"audio": torch.rand(2, 16, 512), "feature": prompts(ours, 2)}
    x, t = torch.randn(2, 3, 32), torch.tensor([37, 911])

    def loss_of(model: nn.Module) -> Tensor:
        return model.p_losses(batch, x, t, torch.ones_like(x))[0]

    loss_of(ours)
    set_checkpointing(ours, True)
    names = [type(module).__name__ for module in ours.modules()]
    plain = make_plain(ours)
    assert [type(module).__name__ for module in ours.modules()] == names
    assert {"RelativeAttention", "NPLRKernel"} <= set(names)
    plain_names = [type(module).__name__ for module in plain.modules()]
    assert plain_names.count("PlainAttention") == names.count("RelativeAttention")
    assert plain_names.count("PlainKernel") == names.count("NPLRKernel")
    assert not {"RelativeAttention", "NPLRKernel", "CachedKernel"} & set(plain_names)
    switches = [vars(module).get("use_checkpoint") for module in (*ours.modules(), *plain.modules())]
    assert switches.count(True) == switches.count(False) > 0

    parameters = [parameter for parameter in ours.parameters() if parameter.requires_grad]
    assert {id(parameter) for parameter in plain.parameters()} == {id(parameter) for parameter in ours.parameters()}
    results = []
    for model in (ours, plain):
        model.zero_grad()
        loss = loss_of(model)
        loss.backward()
        results.append([loss, *(parameter.grad for parameter in parameters if parameter.grad is not None)])
    # where the true gradient is zero, as of a bias before a norm, two roundings are compared with nothing
    counts = [i for i, gradient in enumerate(results[0]) if gradient.abs().max() > 1e-6]
    assert len(counts) > 100
    results = [[result[i] for i in counts] for result in results]
    assert_same(*results, tolerance=2e-3)
