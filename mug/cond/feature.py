"""What the denoiser is asked for: the prompt's features as embeddings.

Axes: B batch, F features, C channels.
"""

from einops import rearrange
from torch import Tensor, nn

from mug.config import find_file
from mug.data.features import FeatureSpec


class BeatmapFeatureEmbedder(nn.Module):
    """Feature ids [B, F] int64 -> [B, embed_dim, F]: every feature's every value has a row of its own.

    `path_to_yaml` lists the features, see `mug.data.features.FeatureSpec`.
    """

    def __init__(self, path_to_yaml: str, embed_dim: int) -> None:
        super().__init__()
        spec = FeatureSpec.from_yaml(find_file(path_to_yaml))
        self.n_features = len(spec.names)
        self.embedding = nn.Embedding(spec.n_rows, embed_dim)

    def forward(self, feature: Tensor) -> Tensor:
        """Raises ValueError unless feature is [B, F]."""
        if feature.ndim != 2 or feature.shape[1] != self.n_features:
            raise ValueError(f"the prompt's embedder expects ids [B, {self.n_features}], got {list(feature.shape)}")
        return rearrange(self.embedding(feature), "b f c -> b c f")
