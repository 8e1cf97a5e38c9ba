"""The prompt's embedder gives every id its own row."""

import pytest
import torch
from records import Record

from mug.cond.feature import BeatmapFeatureEmbedder

FEATURES = "configs/mug/mania_beatmap_features.yaml"


def test_reproduces_the_recorded_embedder(parity):
    record = Record(parity / "ddpm.npz")
    embedder = BeatmapFeatureEmbedder(**record.config["cond_stage_config"]["params"])
    prefix = "model.cond_stage_model."
    embedder.load_state_dict(
        {name.removeprefix(prefix): value for name, value in record.state.items() if name.startswith(prefix)}
    )
    assert torch.equal(embedder(record.inputs["feature"]), record.outputs["cond"])


def test_every_feature_is_one_entry_of_the_context():
    embedder = BeatmapFeatureEmbedder(FEATURES, embed_dim=5)
    ids = torch.tensor([[0, 41], [3, 40]]).repeat(1, 11)[:, :21]
    out = embedder(ids)
    assert out.shape == (2, 5, 21)
    assert torch.equal(out[1, :, 20], embedder.embedding.weight[3])


def test_refuses_ids_of_a_wrong_shape():
    with pytest.raises(ValueError, match=r"expects ids \[B, 21\], got \[2, 20\]"):
        BeatmapFeatureEmbedder(FEATURES, embed_dim=5)(torch.zeros(2, 20, dtype=torch.int64))
