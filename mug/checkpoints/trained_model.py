"""A finished run as one object: its checkpoint -> the networks and what they were trained on."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from mug.checkpoints.agreement import check_agreement
from mug.checkpoints.model_card import kind_of
from mug.checkpoints.model_folder import DENSITY, PLACEMENT, prompt_params, read_folder_config
from mug.cond.wave import AUDIO_ENCODERS
from mug.config import find_file, without_ckpt_paths, without_removed
from mug.data.audio import AudioSettings
from mug.diffusion.latent_diffusion import LatentDiffusion
from mug.errors import CheckpointError, ConfigError
from mug.features import FeatureSpec
from mug.firststage.first_stage import FIRST_STAGES
from mug.model.network_node import build_network
from mug.model.weights import (
    check_fit,
    copy_weights,
    is_model_folder,
    read_checkpoint,
    read_tensors,
    tensors_of,
    without_numbers,
)
from mug.placement.density import DensityPrior
from mug.placement.model import PlacementModel
from mug.yaml_files import read_yaml

MAX_KERNEL_LENGTH = 2**16  # latent frames that an S4 layer was ever asked for; an hour's song has a sixth of it
MAX_VALUES = 10_000  # of a configuration; those of a run of the full size are some hundred
# What networks and files make of a configuration that is wrong.
NO_MODEL = (TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError, MemoryError, OSError, ConfigError)
PLACES: dict[str, tuple[str, ...]] = {  # what a configuration may build, and where
    "model": ("mug.diffusion.diffusion.DDPM", *FIRST_STAGES, "mug.placement.model.PlacementModel"),
    "unet_config": ("mug.diffusion.unet.UNetModel",),
    "first_stage_config": FIRST_STAGES,
    "wave_stage_config": tuple(f"{encoder.__module__}.{encoder.__qualname__}" for encoder in AUDIO_ENCODERS),
    "cond_stage_config": ("mug.cond.feature.BeatmapFeatureEmbedder",),
    "lossconfig": ("mug.firststage.losses.ManiaReconstructLoss",),
    "scheduler_config": ("mug.lr_scheduler.LambdaLinearScheduler", "mug.lr_scheduler.LambdaCosineScheduler"),
}
Network = TypeVar("Network", bound=torch.nn.Module)


@dataclass(frozen=True)
class TrainedModel:
    """A diffusion model, the prompt and the audio it understands, and the number of keys it writes.

    placement, density: a note-placement model and a prior of the density of notes, where its folder has them.
    """

    model: LatentDiffusion
    spec: FeatureSpec
    audio_settings: AudioSettings
    keys: int
    placement: PlacementModel | None = None
    density: DensityPrior | None = None


def load_trained_model(checkpoint: str | Path, config: Mapping[str, Any] | None = None) -> TrainedModel:
    """Load a stage 2 checkpoint onto the CPU; `config` replaces the run's configuration that it carries.

    A checkpoint is a run's .ckpt, a model folder (mug.checkpoints.model_folder), or the .safetensors file in one.
    What else is in the folder, a placement model or a density, comes with it. A configuration inside a checkpoint may
    only build this package's own networks, for it may come from a stranger. Raises CheckpointError that names what is
    missing or which tensors do not fit.
    """
    wanted = "charts need stage 2, configs/mug/mug_diffusion.yaml"
    model, spec, audio_settings, keys = _load(checkpoint, LatentDiffusion, wanted, config)
    understood = (spec, audio_settings, keys)
    if not is_model_folder(checkpoint):
        return TrainedModel(model, *understood)
    found = find_file(checkpoint)
    folder = found if found.is_dir() else found.parent
    density = DensityPrior.from_yaml(folder / DENSITY) if (folder / DENSITY).exists() else None
    placement = _load_placement(folder / PLACEMENT, *understood) if (folder / PLACEMENT).is_dir() else None
    return TrainedModel(model, *understood, placement, density)


def _load_placement(folder: Path, spec: FeatureSpec, audio_settings: AudioSettings, keys: int) -> PlacementModel:
    wanted = f"the folder {PLACEMENT} of a model is for a PlacementModel"
    placement, its_spec, its_audio, its_keys = _load(folder, PlacementModel, wanted)
    its_audio = replace(its_audio, max_audio_frame=audio_settings.max_audio_frame)  # songs are of any length
    if (its_spec.features, its_audio, its_keys) != (spec.features, audio_settings, keys):
        raise CheckpointError(f"{folder}: its prompt, audio or keys are not those of the model in {folder.parent}")
    return placement


def _load(
    checkpoint: str | Path, kind: type[Network], wanted: str, config: Mapping[str, Any] | None = None
) -> tuple[Network, FeatureSpec, AudioSettings, int]:
    """Load a model of one kind, and say which prompt, audio and number of keys it understands; `wanted`: for messages
    about other kinds.
    """
    state, config = read_model(checkpoint, config)
    source = str(checkpoint)
    model = skeleton(config, state, source)
    if not isinstance(model, kind):
        raise CheckpointError(f"{checkpoint}: its configuration is for a {kind_of(config)}; {wanted}")
    check_fit(model, state, source)
    for name, value in state.items():
        if name.endswith(".kernel.kernel.L") and not 0 <= value <= MAX_KERNEL_LENGTH:
            raise CheckpointError(f"{checkpoint}: {name} is {value}, between 0 and {MAX_KERNEL_LENGTH} is allowed")
    with naming_config(source):
        common = config["data"]["params"]["common"]
        keys, audio_settings = int(common["keys"]), AudioSettings.from_params(common["audio"])
        # What is left to a default has to agree too.
        said = {**common["audio"], "n_mels": audio_settings.n_mels, "n_fft": audio_settings.n_fft}
        check_agreement(model, {"params": {"common": {"keys": keys, "audio": said}}})
        features = config["model"]["params"]["cond_stage_config"]["params"]["path_to_yaml"]
        spec = FeatureSpec.from_yaml(find_file(features))
        model = build_network(without_ckpt_paths(config["model"]), "model", kind)
    copy_weights(model, state, source)
    return model.eval().requires_grad_(False), spec, audio_settings, keys


def read_model(
    checkpoint: str | Path, config: Mapping[str, Any] | None = None
) -> tuple[dict[str, Tensor], Mapping[str, Any]]:
    """Return the tensors of a .ckpt or a model folder and the configuration that it carries, or else `config`.

    A configuration that asks for anything but networks of this package is refused. The tensors of a .ckpt are read when
    they are used, see `read_checkpoint`. Raises CheckpointError.
    """
    carried: Any
    if is_model_folder(checkpoint):
        state, carried = read_tensors(checkpoint), read_folder_config(checkpoint) if config is None else config
    else:
        content = read_checkpoint(checkpoint, mmap=True)
        carried = content.get("config") if config is None else config
        if "state_dict" not in content or carried is None:
            raise CheckpointError(f"{checkpoint}: not a run's checkpoint: it lacks a state_dict or a config")
        state = tensors_of(content, checkpoint)
    if not isinstance(carried, Mapping):
        raise CheckpointError(f"{checkpoint}: its configuration is a {type(carried).__name__}, not a mapping")
    if config is None:
        with naming_config(str(checkpoint)):
            _check_plain(carried, str(checkpoint))
            check_places(carried.get("model"), str(checkpoint))
            _check_features(carried, str(checkpoint))
    return state, without_removed(carried)


def skeleton(config: Mapping[str, Any], state: Mapping[str, Tensor], source: str) -> torch.nn.Module:
    """Build the model of a configuration without numbers, to compare with the tensors that belong to it.

    Raises CheckpointError for a configuration that builds none.
    """
    with naming_config(source), without_numbers(source):
        params = config["model"].get("params") or {}
        betas = state.get("betas", ())
        if len(betas) < params.get("timesteps", 0):  # whose schedule would take memory all the same
            raise CheckpointError(f"{source}: betas is [{len(betas)}], its configuration has more timesteps")
        return build_network(without_ckpt_paths(config["model"]))


@contextmanager
def naming_config(source: str) -> Iterator[None]:
    """Name the checkpoint in whatever goes wrong with its configuration."""
    try:
        yield
    except KeyError as error:
        raise CheckpointError(f"{source}: its configuration lacks {error}") from error
    except NO_MODEL as error:
        raise CheckpointError(f"{source}: its configuration builds no model: {error}") from error


def check_places(node: Any, source: str, where: str = "model") -> None:
    """Raise CheckpointError for a model's configuration with anything in a place but the networks that belong there.

    A function of this package would do harm (some write files where they are told to), and so would a network in
    another's place: some read files, and some take hours to build.
    """
    if not isinstance(node, Mapping):
        return  # an error with its own name, when it is built
    target, allowed = node.get("target"), PLACES[where.rpartition(".")[2]]
    if target not in allowed:
        raise CheckpointError(
            f"{source}: {where} asks for {repr(target)[:100]}, which is not a network of this package for that place"
        )
    params = node.get("params")
    for key, value in params.items() if isinstance(params, Mapping) else ():
        if key in PLACES:
            check_places(value, source, f"{where}.params.{key}")


def _check_plain(config: Any, checkpoint: str) -> None:
    """Raise CheckpointError unless a configuration is some plain values: in a pickle one list may be in many places."""
    waiting, count = [config], 1
    while waiting:
        node = waiting.pop()
        if isinstance(node, (Mapping, list, tuple)):
            count += len(node)
            if count > MAX_VALUES:
                raise CheckpointError(f"{checkpoint}: its configuration has more than {MAX_VALUES} values")
            waiting += node.values() if isinstance(node, Mapping) else node
        elif not isinstance(node, (str, int, float, type(None))):
            raise CheckpointError(
                f"{checkpoint}: its configuration has a {type(node).__name__} in it; only plain values are allowed"
            )


def _check_features(config: Any, checkpoint: str) -> None:
    """Raise CheckpointError unless the list of features is a small regular file, and never a device."""
    prompt = prompt_params(config)
    if "path_to_yaml" in prompt:
        try:
            read_yaml(find_file(prompt["path_to_yaml"]))
        except CheckpointError as error:
            raise CheckpointError(f"{checkpoint}: path_to_yaml: {error}") from error
