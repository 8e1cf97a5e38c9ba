"""The prompt's embedder gives every id its own row."""

import re

import pytest
import torch

from mug.cond.feature import BeatmapFeatureEmbedder
from mug.features import FeatureSpec

FEATURES = "configs/mug/mania_beatmap_features.yaml"


@pytest.fixture(scope="module")
def embedder():
    return BeatmapFeatureEmbedder(FEATURES, embed_dim=5)


@pytest.fixture
def ids():
    """Two prompts: one that says nothing, one of all the last rows."""
    blocks = FeatureSpec.from_yaml(FEATURES).blocks.values()
    return torch.tensor([[first for first, _ in blocks], [first + size - 1 for first, size in blocks]])


def test_every_feature_is_one_entry_of_the_context(embedder, ids):
    out = embedder(ids)
    assert out.shape == (2, 5, 21)
    weight = embedder.embedding.weight
    assert torch.equal(out[0, :, 0], weight[0])
    assert torch.equal(out[1, :, 20], weight[ids[1, 20]])
    assert torch.equal(embedder(ids.int()), out)
    assert list(embedder.state_dict()) == ["embedding.weight"]  # as checkpoints have it


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (torch.zeros(2, 20, dtype=torch.int64), "expects ids [B, 21] of int64, got [2, 20] of torch.int64"),
        (torch.zeros(21, dtype=torch.int64), "expects ids [B, 21] of int64, got [21] of torch.int64"),
        (torch.zeros(2, 21), "expects ids [B, 21] of int64, got [2, 21] of torch.float32"),
    ],
)
def test_refuses_what_is_no_prompt(embedder, given, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        embedder(given)


@pytest.mark.parametrize(
    ("index", "change", "message"),
    [
        (0, 1, "ids 0 to 35 of feature 'sr', got 36"),  # the next feature's first row
        (1, 1, "ids 36 to 39 of feature 'rank_status', got 40"),
        (20, 1000, "of feature 'technical', got "),
        (3, -4, "of feature 'rc', got "),
        (0, -36, "ids 0 to 35 of feature 'sr', got -1"),
    ],
)
def test_an_id_of_another_features_rows_is_named(embedder, ids, index, change, message):
    ids[1, index] += change
    with pytest.raises(ValueError, match=re.escape(message)):
        embedder(ids)


def test_values_are_not_looked_at_while_compiling(embedder, ids, monkeypatch):
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    ids[1, 0] += 1
    assert embedder(ids).shape == (2, 5, 21)
