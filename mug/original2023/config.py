"""The 2023 program's configurations (model.yaml) <-> ours: the same networks, with nearly the same parameters.

PARAMETERS is the whole mapping, in both directions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from reprlib import repr as brief
from typing import Any

from mug.errors import ConfigError
from mug.model.network_node import defaults_of

DDPM = "mug.diffusion.diffusion.DDPM"
UNET = "mug.diffusion.unet.UNetModel"
LOSS = "mug.firststage.losses.ManiaReconstructLoss"
NO_LOSS = "torch.nn.Identity"  # loss of a frozen first stage; our configurations only name networks

S4_READINGS = {"half-poles": "nplr_half_poles", "conjugate-poles": "nplr"}  # -> UNetModel's s4_kernel


@dataclass(frozen=True)
class Parameter:
    """How a parameter of the 2023 program is converted.

    kept: we have the same parameter with the same meaning. absent: values equivalent to leaving the parameter out; for
    a parameter that is not kept, any other value is an error. If `absent` is empty too, the parameter only matters in
    training and is left out. values: all values that the 2023 program knows.
    """

    kept: bool = False
    absent: tuple[Any, ...] = ()
    values: tuple[Any, ...] = ()


def _kept(names: str) -> dict[str, Parameter]:
    return dict.fromkeys(names.split(), Parameter(kept=True))


def _training(names: str) -> dict[str, Parameter]:
    return dict.fromkeys(names.split(), Parameter())


PARAMETERS: dict[str, dict[str, Parameter]] = {
    DDPM: {
        **_kept("unet_config first_stage_config wave_stage_config cond_stage_config z_channels z_length timesteps"),
        **_kept("beta_schedule linear_start linear_end"),
        "parameterization": Parameter(kept=True, values=("eps", "x0", "recon")),
        "loss_type": Parameter(kept=True, values=("l1", "l2", "smooth_l1")),
        **_training("monitor log_every_t ckpt_path ignore_keys load_only_unet training_keys learning_rate"),
        **_training("scheduler_config use_ema original_elbo_weight l_simple_weight learn_logvar logvar_init"),
        "v_posterior": Parameter(absent=(0.0,)),
        "given_betas": Parameter(absent=(None,)),
        "cosine_s": Parameter(absent=(0.008,)),
    },
    UNET: {
        **_kept("in_channels model_channels out_channels num_res_blocks attention_resolutions audio_channels dropout"),
        **_kept("channel_mult use_scale_shift_norm lstm_layer s4_layer transformer_depth context_dim use_checkpoint"),
        "num_heads": Parameter(kept=True, absent=(-1, None)),
        "num_head_channels": Parameter(kept=True, absent=(-1, None)),
        "lstm_last": Parameter(absent=(False, None)),
    },
    "mug.firststage.autoencoder.AutoencoderKL": {
        **_kept("ddconfig lossconfig kl_weight scale"),
        **_training("monitor ckpt_path ignore_keys training_keys remove_prefix learning_rate scheduler_config"),
    },
    "ddconfig": {
        **_kept("x_channels middle_channels z_channels num_groups channel_mult num_res_blocks"),
        **_training("dropout"),
    },
    LOSS: _kept("weight_start_offset weight_holding weight_end_offset label_smoothing"),
    "mug.cond.wave.MelspectrogramScaleEncoder1D": _kept(
        "n_freq middle_channels attention_resolutions num_heads num_groups channel_mult num_res_blocks use_checkpoint "
        "dropout"
    ),
    "mug.cond.wave.STFTEncoder": _kept(
        "n_fft middle_channels out_channels channel_mult num_res_blocks num_groups freq_stride use_checkpoint"
    ),
    **dict.fromkeys(
        ("mug.cond.wave.MelspectrogramEncoder", "mug.cond.wave.MelspectrogramEncoder1D"),
        _kept("n_freq middle_channels out_channels channel_mult num_res_blocks num_groups use_checkpoint"),
    ),
    "mug.cond.feature.BeatmapFeatureEmbedder": _kept("path_to_yaml embed_dim"),
}
UNSEEN = {  # parameters that change what the model computes, but no tensor's shape
    DDPM: ("parameterization",),
    "mug.firststage.autoencoder.AutoencoderKL": ("scale",),
    "mug.cond.wave.STFTEncoder": ("num_groups",),
    "mug.cond.wave.MelspectrogramEncoder": ("num_groups",),
    "mug.cond.wave.MelspectrogramEncoder1D": ("num_groups",),
}
OURS_FOR_TRAINING = ("seed",)  # our parameters that a trained model does not need


def our_model(node: Any, s4: str, left_out: list[str], where: str = "model") -> dict[str, Any]:
    """Convert a node (target and params) of the 2023 program to ours; add the parameters left out to `left_out`.

    s4: one of S4_READINGS. Raises ConfigError that names what is unknown or not supported.
    """
    target, params = _target_and_params(node, where, known=(*PARAMETERS, NO_LOSS))
    left_out += [f"{where}.{key}" for key in node if key == "base_learning_rate"]
    if target == NO_LOSS:
        left_out.append(f"{where}: {NO_LOSS}; {LOSS} stands for it, which a frozen first stage never asks")
        return {"target": LOSS, "params": {}}
    ours = _our_params(target, params, s4, left_out, f"{where}.params")
    if target == UNET and ours.get("s4_layer"):
        ours["s4_kernel"] = S4_READINGS[s4]
    return {"target": target, "params": ours}


def _our_params(target: str, params: Mapping[str, Any], s4: str, left_out: list[str], where: str) -> dict[str, Any]:
    ours = {}
    for key, value in params.items():
        rule = PARAMETERS[target].get(key)
        place = f"{where}.{key}"
        if rule is None:
            raise ConfigError(f"{place}: the parameter is unknown; remove it if it had no effect on the trained model")
        if not rule.kept and rule.absent and value not in rule.absent:
            raise ConfigError(
                f"{place} is {brief(value)}: ours does not have this; only {rule.absent[0]} can be imported"
            )
        if not rule.kept or value in rule.absent:
            left_out.append(f"{place} = {brief(value)}")
        elif key == "ddconfig":
            ours[key] = _our_params(key, _mapping(value, place), s4, left_out, place)
        else:
            ours[key] = our_model(value, s4, left_out, place) if _is_node(key) else value
    return ours


def original_model(node: Any, left_out: list[str], where: str = "model") -> dict[str, Any]:
    """Convert one of our nodes to the 2023 program's; add parameters that only matter in training to `left_out`.

    `node` must be valid. Raises ConfigError that names what the 2023 program does not support.
    """
    if where.endswith(".lossconfig") and isinstance(node, Mapping) and node.get("target") != LOSS:
        left_out.append(f"{where}: {node.get('target')}; {NO_LOSS} stands for it")
        return {"target": NO_LOSS}
    target, params = _target_and_params(node, where, known=tuple(PARAMETERS))
    if target == UNET and params.get("audio_channels") is None:
        raise ConfigError(
            f"{where}.params.audio_channels is missing: the 2023 program's U-Net does not work without it"
        )
    defaults = defaults_of(target)
    original: dict[str, Any] = {}
    for key, value in params.items():
        rule = PARAMETERS[target].get(key)
        place = f"{where}.params.{key}"
        if key == "s4_kernel" and (value in S4_READINGS.values() or not params.get("s4_layer")):
            continue  # not a parameter there: it depends on the installed packages
        if value in (rule.absent if rule else (defaults[key],)):
            continue  # the same as leaving it out
        if rule is None and key not in OURS_FOR_TRAINING:
            raise ConfigError(f"{place} is {brief(value)}: the 2023 program has nothing like it")
        if rule is None or not rule.kept:
            left_out.append(f"{place} = {brief(value)}")
        elif rule.values and value not in rule.values:
            raise ConfigError(f"{place} is {brief(value)}: the 2023 program knows {', '.join(rule.values)}")
        elif key == "ddconfig" and set(value) - set(PARAMETERS[key]):
            unknown = min(set(value) - set(PARAMETERS[key]))
            raise ConfigError(f"{place}.{unknown} is {brief(value[unknown])}: the 2023 program has nothing like it")
        else:
            original[key] = original_model(value, left_out, place) if _is_node(key) else value
    return {"target": target, "params": original}


def assumed_defaults(node: Mapping[str, Any], where: str = "model") -> list[str]:
    """List the defaults that a node relies on and that tensor shapes cannot confirm."""
    defaults = defaults_of(node["target"])
    params = node.get("params") or {}
    lines = [
        f"{where}.params.{name} = {defaults[name]!r}" for name in UNSEEN.get(node["target"], ()) if name not in params
    ]
    for key, value in params.items():
        if _is_node(key):
            lines += assumed_defaults(value, f"{where}.params.{key}")
    return lines


def _is_node(key: str) -> bool:
    """Whether a parameter is itself a node of target and params."""
    return key.endswith("_config") or key == "lossconfig"


def _target_and_params(node: Any, where: str, known: tuple[str, ...]) -> tuple[str, Mapping[str, Any]]:
    node = _mapping(node, where)
    for key in node:
        if key not in ("target", "params", "base_learning_rate"):
            raise ConfigError(f"{where}: unknown key '{key}'; a node has only 'target' and 'params'")
    target = node.get("target")
    if target not in known or target == "ddconfig":
        raise ConfigError(f"{where}: '{target}' is not a network of the 2023 program")
    return target, _mapping(node.get("params") or {}, f"{where}.params")


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{where}: expected a mapping, got {brief(value)}")
    return value
