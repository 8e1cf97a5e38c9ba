"""S4 is its paper's state space model, reproduces the recorded layers, and computes its kernel only when needed."""

import re

import pytest
import torch
from records import REWRITTEN_C, Record, recordings

from mug.errors import ConfigError
from mug.model.hippo import hippo_legs
from mug.model.s4 import S4


def recurrence(layer: S4, length: int) -> torch.Tensor:
    """The kernel 2 Re(C Abar^l Bbar) of a fresh layer, stepped in double precision: [K, H, length]."""
    kernel = layer.kernel.kernel
    w = torch.complex(-kernel.inv_w_real.double().exp(), kernel.w_imag.double())
    b, p, c = (torch.view_as_complex(parameter.double()) for parameter in (kernel.B, kernel.P, kernel.C))
    w, b, p, c = (torch.cat([part, part.conj()], dim=-1) for part in (w, b[0], p[0], c))  # [..., N]
    step = kernel.log_dt.double().exp()
    out = []
    for h in range(len(w)):
        transition = torch.diag(w[h]) - torch.outer(p[h], p[h].conj())
        inverse = torch.linalg.inv(torch.eye(len(w[h])) - step[h] / 2 * transition)
        discrete = inverse @ (torch.eye(len(w[h])) + step[h] / 2 * transition)
        state, responses = inverse @ (step[h] * b[h]), []
        for _ in range(length):
            responses.append((c[:, h] @ state).real)
            state = discrete @ state
        out.append(torch.stack(responses, dim=-1))  # [K, length]
    return torch.stack(out, dim=1)


# y_<n>, kernel_<n>: layer and kernel of n frames; _then_<m>: of m frames after n were asked for; _after_<m>: of n,
# the inner length having become m.
RECORDED = re.compile(r"(y|kernel)(?:_full)?_(\d+)(?:_then_(\d+)|_(after)_\d+)?")


def asked(output: str) -> tuple[str, int, bool]:
    """What a recorded output is of, its length, and whether it was asked for at the very end."""
    kind, first, then, after = RECORDED.fullmatch(output).groups()
    return kind, int(then or first), after is not None


def in_order(outputs: list[str]) -> list[str]:
    """As they were recorded: the length that fresh weights were asked for, shorter ones, longer ones, the first again.

    The order counts: the inner length grows with what is asked for, and C is rewritten.
    """
    [fresh] = {asked(output)[1] for output in outputs if re.fullmatch(r"y_\d+", output)}

    def rank(output: str) -> tuple[bool, int, bool]:
        _, length, at_the_end = asked(output)
        return at_the_end, max(length, fresh), length != fresh

    return sorted(outputs, key=rank)


@pytest.mark.parametrize("name", recordings("s4"))
def test_reproduces_the_recorded_layer_with_half_the_poles(parity, name):
    record = Record(parity / f"{name}.npz")
    layer = record.build(S4)
    with torch.no_grad():
        for output in in_order([output for output in record.outputs if RECORDED.fullmatch(output)]):
            kind, length, _ = asked(output)
            actual = layer.kernel(length) if kind == "kernel" else layer(record.inputs[f"u_{length}"])
            record.assert_reproduced(output, actual)
            check_state(layer, record)
    record.assert_all_reproduced()


def check_state(layer: S4, record: Record) -> None:
    """What is recorded of the state at the layer's present inner length is the layer's."""
    when = f"state_after/after_L{int(layer.kernel.kernel.L)}/"
    for name in record.group(when):
        record.assert_reproduced(f"{when}{name}", layer.state_dict()[name], unknown=REWRITTEN_C)


@pytest.mark.parametrize("name", recordings("s4"))
def test_both_conjugate_poles_are_the_true_system(parity, name):
    record = Record(parity / f"{name}.npz")
    true = {name: kernel for name, kernel in record.extra.items() if name.startswith("true_ssm_kernel_")}
    assert true
    for name, kernel in true.items():
        layer = record.build(S4, kernel="nplr")
        with torch.no_grad():
            ours = layer.kernel(int(name.rpartition("_")[2])).double()
        torch.testing.assert_close(ours, kernel, atol=1e-5, rtol=0)


@pytest.mark.parametrize("lengths", [(11,), (53,), (13, 101), (101, 13)])
def test_kernel_is_the_recurrence(lengths):
    torch.manual_seed(0)
    layer = S4(5, d_state=8, bidirectional=True)
    expected = recurrence(layer, max(lengths))
    for length in lengths:
        kernel = layer.kernel(length)
        assert kernel.shape == (2, 5, length)
        torch.testing.assert_close(kernel.double(), expected[..., :length], atol=2e-6, rtol=1e-5)


def test_hippo_is_diagonalised():
    w, b, p = hippo_legs(6)
    assert (w.real == -0.5).all()
    transition = torch.diag(torch.tensor([*w, *w.conj()])) - torch.outer(
        torch.tensor([*p, *p.conj()]), torch.tensor([*p.conj(), *p])
    )
    # LegS is lower triangular with -1, -2, ..., -6 on the diagonal: those are its eigenvalues, in any basis.
    assert sorted(torch.linalg.eigvals(transition).real.tolist()) == pytest.approx([-6, -5, -4, -3, -2, -1])
    assert (abs(b) ** 2).sum() == pytest.approx(sum(2 * n + 1 for n in range(6)) / 2)


def test_output_is_the_convolution_written_out():
    torch.manual_seed(0)
    for bidirectional in (False, True):
        layer = S4(3, d_state=4, bidirectional=bidirectional)
        u = torch.randn(2, 3, 7)
        kernel = layer.kernel(7)
        y = torch.zeros(2, 3, 7)
        for t in range(7):
            for s in range(7):
                if s <= t:
                    y[:, :, t] += kernel[0, :, t - s] * u[:, :, s]
                elif bidirectional:
                    y[:, :, t] += kernel[1, :, s - t - 1] * u[:, :, s]
        expected = layer.output_linear(torch.nn.functional.gelu(y + layer.D[0, :, None] * u))
        torch.testing.assert_close(layer(u), expected, atol=1e-5, rtol=1e-5)


def test_is_causal_unless_bidirectional():
    torch.manual_seed(0)
    u, later = torch.randn(1, 3, 23), torch.randn(1, 3, 23)
    later[..., :11] = u[..., :11]
    forward, both = S4(3, d_state=4), S4(3, d_state=4, bidirectional=True)
    torch.testing.assert_close(forward(u)[..., :11], forward(later)[..., :11])
    assert not torch.allclose(both(u)[..., :11], both(later)[..., :11])


def count_kernels(layer: S4, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    lengths: list[int] = []
    compute = layer.kernel.kernel.forward
    monkeypatch.setattr(layer.kernel.kernel, "forward", lambda length: lengths.append(length) or compute(length))
    return lengths


def test_kernel_is_kept_while_the_parameters_are(monkeypatch):
    torch.manual_seed(0)
    layer = S4(3, d_state=4).eval()
    computed = count_kernels(layer, monkeypatch)
    u = torch.randn(2, 3, 7)
    with torch.inference_mode():
        first = layer(u)
        assert torch.equal(layer(u), first)
        assert computed == [7]
        layer(u[..., :5])
        layer(u)
        assert computed == [7, 5]
    with torch.no_grad():
        layer.kernel.kernel.log_dt.add_(0.1)
        assert not torch.equal(layer(u), first)
        assert computed == [7, 5, 7]
        layer.load_state_dict(layer.state_dict())
        layer(u)
        assert computed == [7, 5, 7, 7]
        layer.kernel.kernel.C.data.mul_(2)  # an averaging callback swaps weights like this, unseen by version counters
        layer.train()
        layer(u)
        assert computed == [7, 5, 7, 7, 7]


def test_training_follows_the_optimiser(monkeypatch):
    torch.manual_seed(0)
    layer = S4(3, d_state=4)
    computed = count_kernels(layer, monkeypatch)
    optimizer = torch.optim.AdamW(layer.parameters(), lr=1e-2)
    u = torch.randn(2, 3, 7)
    losses = []
    for _ in range(5):
        loss = layer(u).square().mean()
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in layer.parameters())
        optimizer.step()
    assert computed == [7] * 5
    assert losses == sorted(losses, reverse=True)
    layer.eval()
    with torch.no_grad():
        evaluated = layer(u)
    torch.testing.assert_close(layer(u), evaluated)


def test_a_frozen_layer_passes_gradients_to_its_input():
    layer = S4(3, d_state=4).requires_grad_(False).eval()
    with torch.inference_mode():
        layer(torch.zeros(1, 3, 7))
    u = torch.randn(1, 3, 7, requires_grad=True)
    layer(u).sum().backward()
    assert u.grad.abs().max() > 0


def test_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"S4 expects \[B, 3, L\], got \[2, 4, 7\]"):
        S4(3)(torch.zeros(2, 4, 7))
    for wrong in ({"d_state": 7}, {"dt_min": 0.2}, {"dt_min": 0.0}):
        with pytest.raises(ConfigError, match="S4 needs an even d_state"):
            S4(3, **wrong)


def test_a_fused_optimisers_steps_are_seen():
    torch.manual_seed(0)
    layer = S4(3, d_state=4)
    optimizer = torch.optim.AdamW(layer.parameters(), lr=0.1, fused=True)
    with torch.no_grad():
        before = layer.kernel(7)
    layer(torch.randn(1, 3, 7)).sum().backward()
    optimizer.step()
    expected = layer.kernel(7)
    with torch.no_grad():  # as a callback does in the middle of training
        torch.testing.assert_close(layer.kernel(7), expected.detach())
    assert not torch.allclose(before, expected)
