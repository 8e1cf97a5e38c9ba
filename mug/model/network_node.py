"""A network by its node of a configuration, apart from what only its training takes.

In a run's configuration the params of the model are those of its network and, beside them, those of TrainingParams.
"""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from torch import nn

from mug.config import check_params, get_obj_from_str, instantiate_from_config
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


def split_node(node: Any, where: str) -> tuple[Any, TrainingParams]:
    """Return the node of the network alone, and what its training takes.

    Raises ConfigError for a target that does not exist and for keys that neither of the two knows.
    """
    params = node.get("params") or {} if isinstance(node, Mapping) else None
    if not isinstance(params, Mapping) or not isinstance(node.get("target"), str):
        return node, TrainingParams()  # instantiate_from_config says what is wrong
    target = NETWORKS.get(node["target"], node["target"])
    constructor = get_obj_from_str(target)
    if isinstance(constructor, type) and issubclass(constructor, nn.Module):
        check_params(constructor, params, f"{where}.params", TRAINING_KEYS)
    own = {key: value for key, value in params.items() if key not in TRAINING_KEYS}
    training = {key: params[key] for key in TRAINING_KEYS if key in params}
    return {**node, "target": target, "params": own}, TrainingParams(**training)


def defaults_of(target: str) -> dict[str, Any]:
    """Return what the params of a node may say, with their defaults; inspect.Parameter.empty where there is none."""
    signature = inspect.signature(get_obj_from_str(NETWORKS.get(target, target)))
    own = {name: parameter.default for name, parameter in signature.parameters.items()}
    return {**{field.name: field.default for field in fields(TrainingParams)}, **own}


def build_network(node: Any, where: str = "model", kind: type = nn.Module) -> Any:
    """Build the network of a node, with the weights of its ckpt_path where it names one.

    Raises ConfigError as mug.config.instantiate_from_config does, and CheckpointError for weights that do not fit.
    """
    own, training = split_node(node, where)
    network = instantiate_from_config(own, where, kind)
    if training.ckpt_path is not None:
        load_weights(network, training.ckpt_path, training.ignore_keys, training.remove_prefix)
    return network
