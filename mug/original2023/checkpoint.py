"""Checkpoints of the 2023 program (model.ckpt and model.yaml) -> model folders, and back.

Tensors have the same names in both. Whatever is left out is reported with the reason.
"""

import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mug.checkpoints.model_card import features_of, kind_of, model_card, parameters_of
from mug.checkpoints.model_folder import (
    new_folder,
    own_storage,
    prompt_params,
    save_model_folder,
)
from mug.checkpoints.trained_model import check_places, naming_config, read_model, skeleton
from mug.cond.wave import STFTEncoder
from mug.config import find_file
from mug.data.audio import AudioSettings
from mug.diffusion.latent_diffusion import LatentDiffusion
from mug.diffusion.schedule import make_beta_schedule, schedule_buffers
from mug.errors import CheckpointError, ConfigError
from mug.features import FeatureSpec
from mug.firststage.first_stage import FirstStage
from mug.model.weights import check_fit, read_checkpoint, tensors_of
from mug.original2023.config import S4_READINGS, assumed_defaults, original_model, our_model
from mug.yaml_files import read_yaml, write_yaml

CKPT, YAML = "model.ckpt", "model.yaml"
FEATURES = "configs/mug/mania_beatmap_features.yaml"  # with the order and ranges of the 2023 program
DROPPED = {  # pattern of tensor names -> why our models have none
    r"lvlb_weights": "computed anew from the schedule",
    r"logvar": "a learned weight of the loss, which only matters in training",
    r"model_ema\..*": "weights averaged over the training; the trained ones themselves are taken",
    r"(.*\.)?position_embedding\.inv_freq": "without effect on what its network computes",
    r"(model\.first_stage_model\.)?loss\..*": "of the first stage's loss, which only matters in training",
}
AUDIO_KEYS = ("sr", "n_fft", "n_mels", "max_audio_frame", "audio_note_window_ratio")


@dataclass
class Report:
    """The result of converting a checkpoint.

    parameters: number of each network's parameters. s4: how S4 layers are read, if there are any. left_out: tensors and
    settings that were not converted. assumed: values that no file gives.
    """

    parameters: dict[str, int] = field(default_factory=dict)
    s4: str | None = None
    is_generator: bool = False
    left_out: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)

    def describe(self, network: nn.Module, model: Mapping[str, Any]) -> None:
        """Record a network's parameters and properties."""
        self.is_generator = isinstance(network, LatentDiffusion)
        self.parameters = parameters_of(network)
        unet = model["params"]["unet_config"]["params"] if self.is_generator else {}
        if unet.get("s4_layer"):
            kernel = unet.get("s4_kernel", "nplr")
            self.s4 = next((reading for reading, name in S4_READINGS.items() if name == kernel), kernel)


def import_original(checkpoint: Path, config: Path, folder: Path, s4: str = "half-poles") -> Report:
    """Write a checkpoint of the 2023 program as a model folder.

    config: its model.yaml, with its feature list beside it if it has its own. s4: how S4 layers sum over their poles,
    one of S4_READINGS. Raises CheckpointError and ConfigError that name what is missing, unknown, of the wrong shape,
    or inconsistent with the configuration.
    """
    if s4 not in S4_READINGS:
        raise ConfigError(f"s4: unknown reading '{s4}'; known are {', '.join(S4_READINGS)}")
    content = read_checkpoint(checkpoint, mmap=True)
    if isinstance(content.get("config"), Mapping):
        raise CheckpointError(f"{checkpoint}: carries its configuration, so it is of this program: take `mug export`")
    tensors = tensors_of(content, checkpoint)
    report = Report()
    training = [key for key in content if key != "state_dict"] if "state_dict" in content else []
    if training:
        report.left_out.append(f"{', '.join(map(ascii, training))}: of the training")

    source = read_yaml(config)
    if not isinstance(source, Mapping) or "model" not in source:
        raise CheckpointError(f"{config}: has no 'model', so it is not the configuration of {checkpoint.name}")
    report.left_out += [f"{config.name}: {key!a}" for key in source if key not in ("model", "data")]
    try:
        model = our_model(source["model"], s4, report.left_out)
        check_places(model, str(config))
        _place_features({"model": model}, config.parent, report)
        network = skeleton({"model": model}, tensors, str(config))
        common = _common(network, source.get("data"), report)
    except ConfigError as error:
        raise ConfigError(f"{config}: {error}") from error
    state = _without_dropped(tensors, network.state_dict(), report)
    check_fit(network, state, str(checkpoint))
    if isinstance(network, LatentDiffusion):
        _check_schedule(state, model["params"], str(checkpoint))
    report.assumed += assumed_defaults(model)
    report.describe(network, model)
    imported = {"model": model, "data": {"params": {"common": common}}}
    card = model_card(folder.name, kind_of(imported), report.parameters, features_of(imported), training=None)
    save_model_folder(folder, state, imported, card)
    return report


def export_original(checkpoint: Path, folder: Path) -> Report:
    """Write a model folder or a run's .ckpt as the 2023 program's model.ckpt and model.yaml, in a new folder.

    Raises CheckpointError, and ConfigError if the model has something that the 2023 program does not support.
    """
    tensors, config = read_model(checkpoint)
    network = skeleton(config, tensors, str(checkpoint))
    check_fit(network, tensors, str(checkpoint))
    report = Report()
    try:
        original: dict[str, Any] = {"model": original_model(config["model"], report.left_out)}
    except ConfigError as error:
        raise ConfigError(f"{checkpoint}: {error}") from error
    report.describe(network, config["model"])
    features = None
    if report.is_generator:
        with naming_config(str(checkpoint)):
            original["data"] = {"params": {"audio": config["data"]["params"]["common"]["audio"]}}
            prompt = prompt_params(original)
            if FeatureSpec.from_yaml(prompt["path_to_yaml"]).features != FeatureSpec.from_yaml(FEATURES).features:
                features = find_file(prompt["path_to_yaml"])
            prompt["path_to_yaml"] = FEATURES if features is None else features.name
    with new_folder(folder) as temporary:
        if features is not None:
            shutil.copyfile(features, temporary / features.name)
        write_yaml(temporary / YAML, original)
        state = own_storage(_without_dropped(tensors, (), report))
        try:
            torch.save({"state_dict": state}, temporary / CKPT)
        except RuntimeError as error:  # torch's error for a full disk
            raise CheckpointError(f"{folder / CKPT}: cannot be written: {error}") from error
    return report


def _place_features(config: dict[str, Any], folder: Path, report: Report) -> None:
    """Set the feature list to the one beside model.yaml, else to ours; the embedding's size will show if it fits."""
    prompt = prompt_params(config)
    if "path_to_yaml" in prompt:
        beside = folder / Path(str(prompt["path_to_yaml"]).replace("\\", "/")).name
        try:
            is_there = beside.is_file()
        except OSError:  # a name too long for the file system
            is_there = False
        if is_there:
            read_yaml(beside)
            prompt["path_to_yaml"] = str(beside.resolve())
        else:
            prompt["path_to_yaml"] = FEATURES
            report.assumed.append(
                f"the prompt's features are those of {FEATURES}: no {beside.name!a} beside model.yaml"
            )


def _without_dropped(tensors: Mapping[str, Tensor], needed: Collection[str], report: Report) -> dict[str, Tensor]:
    """Return the tensors without those in DROPPED that no network needs; report those left out."""
    kept = dict(tensors)
    for pattern, reason in DROPPED.items():
        names = [name for name in kept if name not in needed and re.fullmatch(pattern, name)]
        for name in names:
            del kept[name]
        if names:
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            report.left_out.append(f"{', '.join(names[:3])}{more}: {reason}")
    return kept


def _common(network: nn.Module, data: Any, report: Report) -> dict[str, Any]:
    """Return a network's keys and audio settings: implied by its layers, else from `data`, else the usual values."""
    if isinstance(network, FirstStage):
        return {"keys": network.keys}
    assert isinstance(network, LatentDiffusion), "or check_places refuses it"
    wave = network.model.wave_model
    frames = wave.factor // 2 ** (network.model.unet_model.n_audios - 1)  # audio frames per latent frame
    implied = {
        "max_audio_frame": network.z_length * frames,
        "audio_note_window_ratio": frames // network.latent_factor,
    }
    usual = {"sr": 22050}
    if isinstance(wave, STFTEncoder):
        implied["n_fft"] = 2 * wave.n_freq
    else:
        implied["n_mels"] = wave.n_freq
        usual["n_fft"] = 512
    given: dict[str, Any] = {}
    for key, value in _audio_settings(data):
        wanted = implied.get(key, given.get(key, value))
        if key in implied or key in usual:
            if value != wanted:
                raise ConfigError(f"data: {key} is {value!r}, but {wanted} elsewhere or as the networks' layers imply")
            given[key] = value
    for key, value in usual.items():
        if key not in given:
            report.assumed.append(f"audio: {key} = {value}")
    audio = {"kind": "stft" if isinstance(wave, STFTEncoder) else "mel", **usual, **given, **implied}
    AudioSettings.from_params(audio)
    return {"keys": network.model.first_stage_model.keys, "audio": audio}


def _audio_settings(node: Any) -> Iterator[tuple[str, Any]]:
    """Yield the audio settings in the `data` of a model.yaml, at any depth."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key in AUDIO_KEYS:
                yield key, value
            yield from _audio_settings(value)
    elif isinstance(node, list):
        for value in node:
            yield from _audio_settings(value)


def _check_schedule(state: Mapping[str, Tensor], params: Mapping[str, Any], source: str) -> None:
    """Raise CheckpointError unless the checkpoint's noise schedule is the configured one."""
    settings = {key: params[key] for key in ("timesteps", "linear_start", "linear_end") if key in params}
    name = params.get("beta_schedule", "linear")
    expected = schedule_buffers(make_beta_schedule(name, **settings))
    wrong = [
        buffer
        for buffer, values in expected.items()
        if not torch.allclose(state[buffer].float(), values, rtol=1e-4, atol=1e-7)
    ]
    if wrong:
        said = ", ".join([name, *(f"{key} {value}" for key, value in settings.items())])
        raise CheckpointError(f"{source}: {', '.join(wrong)} are not those of the configured schedule ({said})")
