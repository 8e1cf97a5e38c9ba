"""A network by its node of a configuration, apart from what only its training takes.

In a run's configuration the params of the model are those of its network and, beside them, those of TrainingParams.
"""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

from torch import nn

from mug.config import check_params, construct, get_obj_from_str, instantiate_from_config
from mug.model.weights import load_weights

# A target that is the class of a training, and the network that it trains.
NETWORKS = {"mug.diffusion.diffusion.DDPM": "mug.diffusion.latent_diffusion.LatentDiffusion"}


@dataclass(frozen=True)
class TrainingParams:
    """What the params of a model say besides its network.

    learning_rate: None for the default of the class that trains the network.
    weight_decay, scheduler_config (the node of a schedule): see mug.lr_scheduler.adamw.
    monitor: the metric by which the best checkpoint is kept.
    training_keys: train only the parameters whose name contains one of them.
    seed: what is drawn for an item is a function of it and the item's place in its epoch, so that a resumed run draws
    what it would have drawn, and several processes draw what one would.
    ckpt_path, ignore_keys, remove_prefix: the checkpoint to start from, see mug.model.weights.load_weights.
    """

    learning_rate: float | None = None
    weight_decay: float = 0.01
    scheduler_config: Mapping[str, Any] | None = None
    monitor: str | None = None
    training_keys: Sequence[str] = ()
    seed: int = 23
    ckpt_path: str | None = None
    ignore_keys: Sequence[str] = ()
    remove_prefix: str | None = None


TRAINING_KEYS = tuple(field.name for field in fields(TrainingParams))


class ConfiguredNetwork(nn.Module):
    """A network that can be the `model` of a configuration: its params may say what its training takes, too."""

    @classmethod
    def from_params(cls, params: Mapping[str, Any], where: str) -> Self:
        """Build the network, with the weights of its ckpt_path where it names one. What else is training's is unused.

        Raises ConfigError for params that do not fit, and CheckpointError for weights that do not.
        """
        own, training = split_params(cls, params, where)
        network = construct(cls, own, where)
        network.start_from(training)
        return network

    def start_from(self, training: TrainingParams) -> None:
        """Take the weights of ckpt_path, if there is one. Raises CheckpointError where they do not fit."""
        if training.ckpt_path is not None:
            load_weights(self, training.ckpt_path, training.ignore_keys, training.remove_prefix)


def split_params(
    network: type[nn.Module], params: Mapping[str, Any], where: str
) -> tuple[dict[str, Any], TrainingParams]:
    """Return the params of the network alone, and what its training takes. Raises ConfigError for unknown keys."""
    check_params(network, params, f"{where}.params", TRAINING_KEYS)
    own = {key: value for key, value in params.items() if key not in TRAINING_KEYS}
    return own, TrainingParams(**{key: params[key] for key in TRAINING_KEYS if key in params})


def split_node(node: Any, where: str) -> tuple[Any, TrainingParams]:
    """Return the node of the network alone, and what its training takes.

    Raises ConfigError for a target that does not exist and for keys that neither of the two knows.
    """
    params = node.get("params") or {} if isinstance(node, Mapping) else None
    if not isinstance(params, Mapping) or not isinstance(node.get("target"), str):
        return node, TrainingParams()  # instantiate_from_config says what is wrong
    target = NETWORKS.get(node["target"], node["target"])
    network = get_obj_from_str(target)
    if not (isinstance(network, type) and issubclass(network, nn.Module)):
        return node, TrainingParams()
    own, training = split_params(network, params, where)
    return {**node, "target": target, "params": own}, training


def defaults_of(target: str) -> dict[str, Any]:
    """Return what the params of a node may say, with their defaults; inspect.Parameter.empty where there is none."""
    signature = inspect.signature(get_obj_from_str(NETWORKS.get(target, target)))
    own = {name: parameter.default for name, parameter in signature.parameters.items()}
    return {**{field.name: field.default for field in fields(TrainingParams)}, **own}


def build_network(node: Any, where: str = "model", kind: type = ConfiguredNetwork) -> Any:
    """Build the network of a node, with the weights of its ckpt_path where it names one.

    Where the node names the class that trains a network, it is the network alone. Raises ConfigError as
    mug.config.instantiate_from_config does, and CheckpointError for weights that do not fit.
    """
    target = node.get("target") if isinstance(node, Mapping) else None
    if isinstance(target, str) and target in NETWORKS:
        node = {**node, "target": NETWORKS[target]}
    return instantiate_from_config(node, where, kind)
