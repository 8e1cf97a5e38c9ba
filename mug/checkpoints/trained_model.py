"""From a checkpoint to its networks, and the prompt, audio and keys that they were trained on."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor

from mug.checkpoints.agreement import check_agreement
from mug.checkpoints.model_card import kind_of
from mug.checkpoints.model_folder import DENSITY, PLACEMENT, TIMING, prompt_params, read_folder_config
from mug.cond.wave import AUDIO_ENCODERS
from mug.config import find_file, without_ckpt_paths, without_removed
from mug.data.audio import AudioSettings
from mug.data.beat_axis import TimeSettings
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
from mug.timing.activations import BeatListener
from mug.timing.model import TimingModel
from mug.yaml_files import read_yaml

MAX_KERNEL_LENGTH = 2**16  # latent frames an S4 layer may have recorded; a song of an hour has a sixth of it
MAX_VALUES = 10_000  # in a configuration; a full-size run has a few hundred
# What networks and files raise for an invalid configuration.
NO_MODEL = (TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError, MemoryError, OSError, ConfigError)
NEEDED = "charts need stage 2, configs/mug/mug_diffusion.yaml"
PLACES: dict[str, tuple[str, ...]] = {  # the classes that a configuration may build, by key
    "model": (
        "mug.diffusion.diffusion.DDPM",
        *FIRST_STAGES,
        "mug.placement.model.PlacementModel",
        "mug.timing.model.TimingModel",
        "mug.roll_vae.network.RollVAE",
        "mug.music_vae.music_vae.MusicVAE",
        "mug.spectra.network.SpectrogramDiffusion",
    ),
    "unet_config": ("mug.diffusion.unet.UNetModel",),
    "first_stage_config": FIRST_STAGES,
    "wave_stage_config": tuple(f"{encoder.__module__}.{encoder.__qualname__}" for encoder in AUDIO_ENCODERS),
    "cond_stage_config": ("mug.cond.feature.BeatmapFeatureEmbedder",),
    "decoder_config": ("mug.cond.timing.TimingDecoder",),
    "lossconfig": ("mug.firststage.losses.ManiaReconstructLoss",),
    "scheduler_config": ("mug.lr_scheduler.LambdaLinearScheduler", "mug.lr_scheduler.LambdaCosineScheduler"),
}
Network = TypeVar("Network", bound=torch.nn.Module)


class Interface(NamedTuple):
    """What a model's charts, songs and prompts are like."""

    spec: FeatureSpec
    audio_settings: AudioSettings
    time: TimeSettings
    keys: int


@dataclass(frozen=True)
class TrainedModel:
    """A diffusion model, its prompt features, audio settings and time axis, and the number of keys of its charts.

    placement, density, timing: a note-placement model, a prior of chart density and a model that hears beats, if its
    folder has them.
    """

    model: LatentDiffusion
    spec: FeatureSpec
    audio_settings: AudioSettings
    time: TimeSettings
    keys: int
    placement: PlacementModel | None = None
    density: DensityPrior | None = None
    timing: BeatListener | None = None


def load_trained_model(checkpoint: str | Path, config: Mapping[str, Any] | None = None) -> TrainedModel:
    """Load a stage 2 checkpoint onto the CPU; `config` replaces the run's configuration in it.

    A checkpoint is a run's .ckpt, a model folder (mug.checkpoints.model_folder), or its .safetensors file. A folder's
    placement model, density prior and timing model are loaded too. Checkpoints are untrusted: the configuration inside
    may only build this package's own networks. Raises CheckpointError that names what is missing or which tensors do
    not fit.
    """
    model, interface = _load(checkpoint, LatentDiffusion, NEEDED, config)
    if not is_model_folder(checkpoint):
        return TrainedModel(model, *interface)
    found = find_file(checkpoint)
    folder = found if found.is_dir() else found.parent
    density = DensityPrior.from_yaml(folder / DENSITY) if (folder / DENSITY).exists() else None
    placement = _load_placement(folder / PLACEMENT, interface) if (folder / PLACEMENT).is_dir() else None
    timing = load_timing_model(folder / TIMING) if (folder / TIMING).is_dir() else None
    return TrainedModel(model, *interface, placement, density, timing)


def load_timing_model(checkpoint: str | Path) -> BeatListener:
    """Load a checkpoint or model folder of a TimingModel onto the CPU. Raises CheckpointError as above."""
    wanted = f"tempo needs a timing model, configs/mug/mini_timing.yaml, such as the folder {TIMING} of models/mug-mini"
    model, _, audio_settings = _load_network(checkpoint, TimingModel, wanted)
    return BeatListener(model, audio_settings)


def _load_placement(folder: Path, interface: Interface) -> PlacementModel:
    wanted = f"the folder {PLACEMENT} of a model is for a PlacementModel"
    placement, its = _load(folder, PlacementModel, wanted)
    any_length = interface.audio_settings.max_audio_frame  # songs may have any length
    its = its._replace(audio_settings=replace(its.audio_settings, max_audio_frame=any_length))
    if (its.spec.features, *its[1:]) != (interface.spec.features, *interface[1:]):
        raise CheckpointError(
            f"{folder}: its prompt, audio, time axis or keys are not those of the model in {folder.parent}"
        )
    return placement


def read_interface(checkpoint: str | Path) -> Interface:
    """What a stage 2 checkpoint's charts, songs and prompts are like, without building its networks.

    Raises CheckpointError for a checkpoint that is missing or of another kind, or has no valid configuration.
    """
    _, config = read_model(checkpoint)
    with naming_config(str(checkpoint)):
        if config["model"]["target"] != PLACES["model"][0]:
            raise CheckpointError(f"{checkpoint}: its configuration is for a {kind_of(config)}; {NEEDED}")
    return interface_of(config, str(checkpoint))


def _load(
    checkpoint: str | Path, kind: type[Network], wanted: str, config: Mapping[str, Any] | None = None
) -> tuple[Network, Interface]:
    """Load a model of one kind, with the interface that its configuration describes."""
    model, config, _ = _load_network(checkpoint, kind, wanted, config)
    return model, interface_of(config, str(checkpoint))


def interface_of(config: Mapping[str, Any], source: str) -> Interface:
    """Return the interface that a checkpoint's configuration describes. Raises CheckpointError."""
    with naming_config(source):
        common = _common(config)
        features = config["model"]["params"]["cond_stage_config"]["params"]["path_to_yaml"]
        return Interface(
            FeatureSpec.from_yaml(find_file(features)),
            AudioSettings.from_params(common["audio"]),
            TimeSettings.from_params(common.get("time")),
            int(common["keys"]),
        )


def _load_network(
    checkpoint: str | Path, kind: type[Network], wanted: str, config: Mapping[str, Any] | None = None
) -> tuple[Network, Mapping[str, Any], AudioSettings]:
    """Load a model of one kind; return it with its configuration and audio settings.

    wanted: for the message if the checkpoint is of another kind.
    """
    model, state, config = _fitting(checkpoint, kind, wanted, config)
    source = str(checkpoint)
    for name, value in state.items():
        if name.endswith(".kernel.kernel.L") and not 0 <= value <= MAX_KERNEL_LENGTH:
            raise CheckpointError(f"{checkpoint}: {name} is {value}, between 0 and {MAX_KERNEL_LENGTH} is allowed")
    with naming_config(source):
        common = _common(config)
        keys, audio_settings = int(common["keys"]), AudioSettings.from_params(common["audio"])
        # Values left to a default have to agree too.
        said = {**common["audio"], "n_mels": audio_settings.n_mels, "n_fft": audio_settings.n_fft}
        check_agreement(model, {"params": {"common": {"keys": keys, "audio": said}}})
        model = build_network(without_ckpt_paths(config["model"]), "model", kind)
    copy_weights(model, state, source)
    return model.eval().requires_grad_(False), config, audio_settings


def load_network(checkpoint: str | Path, kind: type[Network], wanted: str) -> tuple[Network, Mapping[str, Any]]:
    """Load a network of one kind that has nothing to do with charts; return it with its configuration.

    wanted: for the message if the checkpoint is of another kind. Raises CheckpointError as `load_trained_model`.
    """
    _, state, config = _fitting(checkpoint, kind, wanted)
    with naming_config(str(checkpoint)):
        model = build_network(without_ckpt_paths(config["model"]), "model", kind)
    copy_weights(model, state, str(checkpoint))
    return model.eval().requires_grad_(False), config


def _fitting(
    checkpoint: str | Path, kind: type[Network], wanted: str, config: Mapping[str, Any] | None = None
) -> tuple[Network, dict[str, Tensor], Mapping[str, Any]]:
    """Return a network of one kind without its weights, the tensors of a checkpoint, and its configuration."""
    state, config = read_model(checkpoint, config)
    model = skeleton(config, state, str(checkpoint))
    if not isinstance(model, kind):
        raise CheckpointError(f"{checkpoint}: its configuration is for a {kind_of(config)}; {wanted}")
    check_fit(model, state, str(checkpoint))
    return model, state, config


def _common(config: Mapping[str, Any]) -> Mapping[str, Any]:
    return config["data"]["params"]["common"]


def read_model(
    checkpoint: str | Path, config: Mapping[str, Any] | None = None
) -> tuple[dict[str, Tensor], Mapping[str, Any]]:
    """Return the tensors of a .ckpt or a model folder, and `config` or else the configuration in it.

    A configuration may only name networks of this package. The tensors of a .ckpt are read when they are used, see
    `read_checkpoint`. Raises CheckpointError.
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
    """Build a configuration's model without allocating its weights, to compare with the tensors of a checkpoint.

    Raises CheckpointError for a configuration that cannot be built.
    """
    with naming_config(source), without_numbers(source):
        params = config["model"].get("params") or {}
        betas = state.get("betas", ())
        if len(betas) < params.get("timesteps", 0):  # the schedule is allocated even here
            raise CheckpointError(f"{source}: betas is [{len(betas)}], its configuration has more timesteps")
        return build_network(without_ckpt_paths(config["model"]))


@contextmanager
def naming_config(source: str) -> Iterator[None]:
    """Turn errors of a configuration into CheckpointError that names the checkpoint."""
    try:
        yield
    except KeyError as error:
        raise CheckpointError(f"{source}: its configuration lacks {error}") from error
    except NO_MODEL as error:
        raise CheckpointError(f"{source}: its configuration builds no model: {error}") from error


def check_places(node: Any, source: str, where: str = "model") -> None:
    """Raise CheckpointError unless every node of a model's configuration names a network allowed at its key.

    Other functions of this package could do harm (some write files at any path), and so could a network at the wrong
    key: some read files, and some take hours to build.
    """
    if not isinstance(node, Mapping):
        return  # building it raises a better error
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
    """Raise CheckpointError unless a configuration is a limited number of plain values.

    They are counted, because a pickle may contain one list many times.
    """
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
    """Raise CheckpointError unless the feature list is a small regular file, not a device."""
    prompt = prompt_params(config)
    if "path_to_yaml" in prompt:
        try:
            read_yaml(find_file(prompt["path_to_yaml"]))
        except CheckpointError as error:
            raise CheckpointError(f"{checkpoint}: path_to_yaml: {error}") from error
