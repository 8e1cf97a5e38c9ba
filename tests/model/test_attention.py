"""The transformer reproduces the recorded one and its position tables mean what they say."""

import pytest
import torch
from records import Record, recordings

from mug.model.attention import MAX_DISTANCE, ContextualTransformer, RelativeAttention, hankel


@pytest.mark.parametrize("name", recordings("attention_core"))
def test_reproduces_the_recorded_attention(parity, name):
    record = Record(parity / f"{name}.npz")
    attention = record.build(RelativeAttention)
    record.assert_reproduced("y", attention(record.inputs["x"], record.inputs.get("context")))
    record.assert_all_reproduced()


@pytest.mark.parametrize("name", recordings("attention"))
def test_reproduces_the_recorded_transformer(parity, name):
    record = Record(parity / f"{name}.npz")
    transformer = record.build(ContextualTransformer)
    record.assert_reproduced("y", transformer(record.inputs["x"], record.inputs.get("context")))
    record.assert_all_reproduced()


def test_hankel_looks_up_clamped_distances_last_query_first():
    table = torch.arange(2 * MAX_DISTANCE + 1.0)[:, None] * torch.tensor([1.0, -1.0])
    spread = hankel(table, 131, 7)
    assert spread.shape == (2, 131, 7)
    for i, j, distance in ((0, 0, 0), (0, 6, 6), (5, 2, -3), (130, 0, -64), (67, 3, -64), (66, 3, -63)):
        assert spread[:, 130 - i, j].tolist() == [distance + 64, -distance - 64]


def test_attention_by_definition():
    generator = torch.Generator().manual_seed(0)
    attention = RelativeAttention(6, context_dim=5, heads=2, dim_head=3)
    for parameter in attention.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator)
    x, context = torch.randn(1, 71, 6, generator=generator), torch.randn(1, 7, 5, generator=generator)
    heads = []
    for head in range(2):
        rows = slice(3 * head, 3 * head + 3)
        q, k, v = (x[0] @ attention.to_q.weight[rows].T, context[0] @ attention.to_k.weight[rows].T,
                   context[0] @ attention.to_v.weight[rows].T)  # fmt: skip
        distance = (torch.arange(7)[None, :] - torch.arange(71)[:, None]).clamp(-64, 64) + 64
        bias = attention.relative_position_embedding[distance, head]
        weights = torch.softmax((q @ k.T + bias) / 3**0.5, dim=1) * attention.C_embedding[distance, head]
        heads.append(weights @ v)
    expected = attention.to_out(torch.cat(heads, dim=1))
    torch.testing.assert_close(attention(x, context)[0], expected, atol=1e-5, rtol=1e-5)


def test_starts_as_the_identity():
    x = torch.randn(2, 32, 11, generator=torch.Generator().manual_seed(1))
    assert torch.equal(ContextualTransformer(32, n_heads=4, d_head=7)(x), x)


def test_checkpointing_changes_no_number():
    torch.manual_seed(0)
    plain = ContextualTransformer(32, n_heads=2, d_head=5, context_dim=3)
    torch.nn.init.normal_(plain.proj_out.weight)
    saving = ContextualTransformer(32, n_heads=2, d_head=5, context_dim=3, checkpoint=True)
    saving.load_state_dict(plain.state_dict())
    x, context = torch.randn(2, 32, 11), torch.randn(2, 3, 7)
    grads = []
    for transformer, n_calls in ((plain, 1), (saving, 2)):
        calls: list[torch.nn.Module] = []
        transformer.norm.register_forward_hook(lambda module, *_, calls=calls: calls.append(module))
        loss = transformer(x, context).square().sum()
        loss.backward()
        assert len(calls) == n_calls  # forward, and again on the way back where activations were not kept
        grads.append([loss] + [parameter.grad for parameter in transformer.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*grads, strict=True))


def test_refuses_a_context_that_does_not_fit():
    x = torch.zeros(2, 32, 11)
    needs = ContextualTransformer(32, n_heads=2, d_head=5, context_dim=3)
    for context in (None, torch.zeros(2, 4, 7), torch.zeros(1, 3, 7), torch.zeros(3, 7)):
        with pytest.raises(ValueError, match=r"expects a context \[2, 3, F\], got"):
            needs(x, context)
    with pytest.raises(ValueError, match="expects no context"):
        ContextualTransformer(32, n_heads=2, d_head=5)(x, torch.zeros(2, 3, 7))
