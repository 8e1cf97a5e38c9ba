"""Fingerprint of a trained model: of everything that its charts depend on besides song, prompt and sampling."""

import hashlib

import torch
from torch import Tensor, nn

from mug.checkpoints.trained_model import TrainedModel


def fingerprint(trained: TrainedModel) -> str:
    """Return a hash in hex of a model's weights, settings, density prior and the model that hears its beats.

    A run's .ckpt and the folder that was exported from it have the same one if the folder has nothing in addition.
    """
    known = hashlib.sha256()
    interface = (trained.spec.features, trained.audio_settings, trained.time, trained.keys)
    known.update(repr(interface).encode())
    beats = None if trained.timing is None else trained.timing.model
    for network in (trained.model, trained.placement, beats):
        known.update(b"-" if network is None else _of_weights(network))
    if trained.density is not None:
        known.update(repr(trained.density.names).encode())
        known.update(trained.density.mean.tobytes() + trained.density.covariance.tobytes())
    return known.hexdigest()


def _of_weights(network: nn.Module) -> bytes:
    known = hashlib.sha256()
    state: dict[str, Tensor] = network.state_dict()
    for name, value in sorted(state.items()):
        known.update(f"{name} {list(value.shape)} {value.dtype}".encode())
        known.update(value.cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return known.digest()
