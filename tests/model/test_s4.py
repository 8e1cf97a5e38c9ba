"""S4 is its paper's state space model, reproduces the recorded layers, and computes its kernel only when needed."""

import pytest
import torch
from records import Record, tensors

from mug.errors import ConfigError
from mug.model.hippo import hippo_legs
from mug.model.s4 import S4

RECORDS = ["s4", "s4_bidirectional"]


def recorded(record: Record, conjugate_poles: bool) -> S4:
    names = ("d_model", "bidirectional", "d_state", "dt_min", "dt_max")
    layer = S4(**{name: record.config[name] for name in names}, kernel="nplr" if conjugate_poles else "nplr_half_poles")
    layer.load_state_dict(record.state, strict=True)
    return layer.eval()


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


@pytest.mark.parametrize("name", RECORDS)
def test_reproduces_the_recorded_layer_with_half_the_poles(parity, name):
    record = Record(parity / f"{name}.npz")
    layer = recorded(record, conjugate_poles=False)
    with torch.no_grad():  # in the order of the recording: the inner length grows from 64 over 128 to 256
        record.assert_reproduced("y_64", layer(record.inputs["u_64"]))
        record.assert_reproduced("kernel_64", layer.kernel(64))
        check_state(layer, record, "after_L64", 64)
        record.assert_reproduced("kernel_full_64_then_24", layer.kernel(24))
        record.assert_reproduced("y_64_then_24", layer(record.inputs["u_24"]))
        record.assert_reproduced("y_64_then_150", layer(record.inputs["u_150"]))
        record.assert_reproduced("kernel_150", layer.kernel(150))
        check_state(layer, record, "after_L256", 256)
        record.assert_reproduced("y_64_after_256", layer(record.inputs["u_64"]))


def check_state(layer: S4, record: Record, when: str, length: int) -> None:
    expected = tensors(record.arrays, f"state_after/{when}/")
    torch.testing.assert_close(layer.kernel.kernel.C, expected["kernel.kernel.C"], atol=2e-4, rtol=0)
    assert int(layer.kernel.kernel.L) == length


@pytest.mark.parametrize("name", RECORDS)
def test_both_conjugate_poles_are_the_true_system(parity, name):
    record = Record(parity / f"{name}.npz")
    with torch.no_grad():
        kernel = recorded(record, conjugate_poles=True).kernel(64).double()
    torch.testing.assert_close(kernel, record.extra["true_ssm_kernel_64"], atol=1e-5, rtol=0)


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


def test_autocast_leaves_it_in_float32():
    torch.manual_seed(0)
    layer = S4(32)
    u = torch.randn(2, 32, 64)
    kernel, convolved = layer.kernel(64), layer._convolve(u)
    with torch.autocast("cpu", torch.bfloat16):
        out = layer(u.bfloat16())
        torch.testing.assert_close(layer.kernel(64), kernel)
        torch.testing.assert_close(layer._convolve(u), convolved)
    torch.testing.assert_close(out.float(), layer(u), atol=0.03, rtol=0.03)
    torch.testing.assert_close(layer(u.bfloat16()), layer(u.bfloat16().float()))
    out.float().sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in layer.parameters())


def test_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"S4 expects \[B, 3, L\], got \[2, 4, 7\]"):
        S4(3)(torch.zeros(2, 4, 7))
    for wrong in ({"d_state": 7}, {"dt_min": 0.2}, {"dt_min": 0.0}):
        with pytest.raises(ConfigError, match="S4 needs an even d_state"):
            S4(3, **wrong)
