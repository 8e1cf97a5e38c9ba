"""Begin a training with a trained model's weights wherever they fit: for other songs, other keys or another prompt.

Axes: R rows of a prompt's embedding, C channels.
"""

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from mug.checkpoints.trained_model import interface_of, read_model
from mug.cond.feature import BeatmapFeatureEmbedder
from mug.diffusion.latent_diffusion import LatentDiffusion
from mug.errors import CheckpointError
from mug.features import FeatureSpec

FIRST_STAGE, SCALE = "model.first_stage_model.", "latent"  # how the names of their tensors begin


@dataclass(frozen=True)
class Taken:
    """What a network has of a trained model. new: its other tensors. rows: of its prompt's embedding, taken and all."""

    tensors: int
    new: tuple[str, ...]
    rows: tuple[int, int] = (0, 0)

    def __str__(self) -> str:
        rows = f" and {self.rows[0]} of {self.rows[1]} values of the prompt" if self.rows[1] else ""
        more = f" and {len(self.new) - 3} more" if len(self.new) > 3 else ""
        new = f"; new are {', '.join(self.new[:3])}{more}" if self.new else ""
        return f"{self.tensors} of {self.tensors + len(self.new)} tensors{rows}{new}"


def start_from(network: nn.Module, source: Path) -> Taken:
    """Copy the weights of a .ckpt or a model folder into `network`: tensors of the same name and shape.

    Of a prompt's embedding, rows are copied by the feature and the value that they stand for. A diffusion model whose
    first stage has weights of its own keeps that, and measures its latents anew. Raises CheckpointError if `source`
    cannot be read, or nothing in it fits.
    """
    state, config = read_model(source)
    own = network.state_dict()
    stays = _stays(network, state)
    fits = {
        name: value
        for name, value in state.items()
        if name in own and value.shape == own[name].shape and not name.startswith(stays)
    }
    rows = (0, 0)
    for name, module in network.named_modules():
        weight = f"{name}.embedding.weight"
        if isinstance(module, BeatmapFeatureEmbedder) and weight in state:
            theirs = interface_of(config, str(source)).spec
            if theirs.n_rows != len(state[weight]):
                raise CheckpointError(f"{source}: its list of features has changed since; start from a model folder")
            fits[weight], taken = _embedding(own[weight], module.spec, state[weight], theirs)
            rows = (taken, module.spec.n_rows)
    if not fits:
        raise CheckpointError(f"{source}: nothing in it fits the model of this configuration")
    network.load_state_dict(fits, strict=False)
    if isinstance(network, LatentDiffusion) and FIRST_STAGE not in stays:
        network.has_trained_first_stage = True
    return Taken(len(fits), tuple(name for name in own if name not in fits and not name.startswith(stays)), rows)


def _stays(network: nn.Module, state: dict[str, Tensor]) -> tuple[str, ...]:
    """How the names of tensors begin that stay as they are.

    Those are a diffusion model's schedule, and its first stage if that is trained, or if the other's does not fit.
    """
    if not isinstance(network, LatentDiffusion):
        return ()
    schedule = [name for name, _ in network.named_buffers(recurse=False) if not name.startswith(SCALE)]
    stage = {name: value for name, value in network.state_dict().items() if name.startswith(FIRST_STAGE)}
    fits = all(name in state and state[name].shape == value.shape for name, value in stage.items())
    return (*schedule, *(() if fits and not network.has_trained_first_stage else (FIRST_STAGE, SCALE)))


def _embedding(own: Tensor, spec: FeatureSpec, other: Tensor, theirs: FeatureSpec) -> tuple[Tensor, int]:
    """Return an embedding [R, C] with the other's rows for the values that both have, and the number of those."""
    embedding, taken = own.clone(), 0
    features = {feature.name: feature for feature in theirs.features if own.shape[1] == other.shape[1]}
    for feature in spec.features:
        known = features.get(feature.name)
        if known is None or known.type != feature.type:
            continue
        for row in range(feature.size):
            value = feature.value(row) if row else None  # row 0 means "not given"
            if value is None or known.type == "numeric" or value in known.values:
                there = theirs.blocks[known.name][0] + known.row(value)
                embedding[spec.blocks[feature.name][0] + row] = other[there].to(embedding.dtype)
                taken += 1
    return embedding, taken
