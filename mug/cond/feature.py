"""The prompt embedder: features as embeddings.

Axes: B batch, F features, C channels.
"""

import torch
from einops import rearrange
from torch import Tensor, nn

from mug.config import find_file
from mug.features import FeatureSpec


class BeatmapFeatureEmbedder(nn.Module):
    """Feature ids [B, F] int64 -> [B, embed_dim, F]. Every value of every feature has its own row.

    path_to_yaml: the list of features, see `mug.features.FeatureSpec`.
    """

    first: Tensor
    size: Tensor
    spec: FeatureSpec

    def __init__(self, path_to_yaml: str, embed_dim: int) -> None:
        super().__init__()
        spec = FeatureSpec.from_yaml(find_file(path_to_yaml))
        self.spec = spec
        self.names = spec.names
        self.n_features = len(spec.names)
        self.embedding = nn.Embedding(spec.n_rows, embed_dim)
        first, size = zip(*spec.blocks.values(), strict=True)
        self.register_buffer("first", torch.tensor(first), persistent=False)  # [F], first row of each feature
        self.register_buffer("size", torch.tensor(size), persistent=False)  # [F]

    def forward(self, feature: Tensor) -> Tensor:
        """Raises ValueError unless `feature` is [B, F] integers, each within its feature's rows."""
        if feature.ndim != 2 or feature.shape[1] != self.n_features or feature.dtype not in (torch.int32, torch.int64):
            expected, given = f"[B, {self.n_features}] of int64", f"{list(feature.shape)} of {feature.dtype}"
            raise ValueError(f"the prompt's embedder expects ids {expected}, got {given}")
        if not torch.compiler.is_compiling():  # reading values would break the graph
            self._check_ids(feature)
        return rearrange(self.embedding(feature), "b f c -> b c f")

    def _check_ids(self, feature: Tensor) -> None:
        outside = (feature < self.first) | (feature >= self.first + self.size)  # [B, F]
        if outside.any():
            item, index = outside.nonzero()[0].tolist()
            first, last = int(self.first[index]), int(self.first[index] + self.size[index]) - 1
            raise ValueError(
                f"the prompt's embedder expects ids {first} to {last} of feature '{self.names[index]}', "
                f"got {int(feature[item, index])}"
            )
