"""The parameters of the 2023 program's configurations, one by one."""

import copy
import inspect

import pytest
from tiny_model import tiny_run_config

from mug.errors import ConfigError
from mug.model.network_node import defaults_of
from mug.original2023.config import PARAMETERS, S4_READINGS, assumed_defaults, original_model, our_model

EXTRAS = {  # what a model.yaml of the 2023 program says beyond ours, by place
    "": {"monitor": "val/loss", "log_every_t": 200, "use_ema": False, "ckpt_path": "logs/x.ckpt", "v_posterior": 0.0},
    "unet_config": {"lstm_last": False, "num_head_channels": -1},
    "first_stage_config": {"monitor": "val/loss", "ckpt_path": "logs/y.ckpt"},
}


def our_node() -> dict:
    node = tiny_run_config(parameterization="eps", beta_schedule="linear")["model"]
    del node["params"]["first_stage_config"]["params"]["ckpt_path"]
    return node


def original_node() -> dict:
    """The tiny model as the 2023 program would have configured it."""
    node = our_node()
    for place, extras in EXTRAS.items():
        (node["params"][place]["params"] if place else node["params"]).update(extras)
    node["base_learning_rate"] = 1e-5
    node["params"]["first_stage_config"]["params"]["lossconfig"] = {"target": "torch.nn.Identity"}
    node["params"]["scheduler_config"] = {"target": "ldm.lr_scheduler.LambdaLinearScheduler", "params": {}}
    return node


@pytest.mark.parametrize("s4", S4_READINGS)
def test_a_configuration_becomes_ours(s4):
    expected = our_node()
    expected["params"]["unet_config"]["params"]["s4_kernel"] = {
        "half-poles": "nplr_half_poles",
        "conjugate-poles": "nplr",
    }[s4]
    expected["params"]["first_stage_config"]["params"]["lossconfig"]["params"] = {}
    left_out: list[str] = []
    assert our_model(original_node(), s4, left_out) == expected
    said = "\n".join(left_out)
    for extras in EXTRAS.values():
        for name in extras:
            assert name in said
    assert "model.base_learning_rate" in said
    assert "ldm.lr_sched" in said
    assert "first_stage_config.params.lossconfig: torch.nn.Identity" in said


def test_without_s4_layers_there_is_no_reading():
    node = original_node()
    node["params"]["unet_config"]["params"]["s4_layer"] = False
    assert "s4_kernel" not in our_model(node, "half-poles", [])["params"]["unet_config"]["params"]


def change(node: dict, path: str, value: object) -> dict:
    node = copy.deepcopy(node)
    *places, key = path.split(".")
    inner = node
    for place in places:
        inner = inner[place]
    inner[key] = value
    return node


UNET, FIRST = "params.unet_config.params", "params.first_stage_config.params"


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (f"{UNET}.lstm_last", True, r"model.params.unet_config.params.lstm_last is True: ours does not have this"),
        (f"{UNET}.speed", 3, r"unet_config.params.speed: the parameter is unknown"),
        (f"{FIRST}.ddconfig.attn_type", "x", r"first_stage_config.params.ddconfig.attn_type: the parameter is unknown"),
        (f"{FIRST}.ddconfig", [1], r"ddconfig: expected a mapping, got \[1\]"),
        ("params.given_betas", [0.1], "given_betas is"),
        ("params.v_posterior", 0.5, "v_posterior is 0.5"),
        ("params.unet_config", None, "unet_config: expected a mapping, got None"),
        ("params.unet_config.target", "os.system", "unet_config: 'os.system' is not a network of the 2023 program"),
        ("params.unet_config.target", ["x"], "is not a network of the 2023 program"),
        ("params.unet_config.target", "ddconfig", "is not a network of the 2023 program"),
        ("target", None, "model: 'None' is not a network"),
        ("seed", 1, "model: unknown key 'seed'"),
        ("params", 5, "model.params: expected a mapping, got 5"),
    ],
)
def test_what_cannot_be_taken_over_is_named(path, value, reason):
    with pytest.raises(ConfigError, match=reason):
        our_model(change(original_node(), path, value), "half-poles", [])


def test_there_and_back_is_the_same():
    ours = our_model(original_node(), "conjugate-poles", [])
    left_out: list[str] = []
    original = original_model(ours, left_out)
    assert left_out == []
    assert "s4_kernel" not in original["params"]["unet_config"]["params"]
    assert our_model(original, "conjugate-poles", []) == ours


def test_what_is_not_said_and_shows_in_no_shape_is_said():
    node = our_node()
    assert assumed_defaults(node) == ["model.params.first_stage_config.params.scale = 1.0"]
    del node["params"]["parameterization"]
    node["params"]["first_stage_config"]["params"]["scale"] = 2.0
    node["params"]["wave_stage_config"]["target"] = "mug.cond.wave.STFTEncoder"
    del node["params"]["wave_stage_config"]["params"]["num_groups"]
    assert assumed_defaults(node) == [
        "model.params.parameterization = 'eps'",
        "model.params.wave_stage_config.params.num_groups = 32",
    ]


def test_what_only_matters_in_training_is_left_behind_and_said():
    node = our_node()
    node["params"] |= {"seed": 3, "learning_rate": 1e-4, "monitor": "val/loss", "normalize_latents": False}
    node["params"]["unet_config"]["params"]["num_head_channels"] = None  # what leaving it out says
    node["params"]["first_stage_config"]["params"]["lossconfig"] = {"target": "mug.firststage.losses.NewLoss"}
    left_out: list[str] = []
    original = original_model(node, left_out)
    assert [line.split(" ")[0] for line in left_out] == [
        "model.params.first_stage_config.params.lossconfig:",
        "model.params.seed",
        "model.params.learning_rate",
        "model.params.monitor",
    ]
    assert not {"seed", "normalize_latents", "monitor"} & original["params"].keys()
    assert "num_head_channels" not in original["params"]["unet_config"]["params"]
    assert original["params"]["first_stage_config"]["params"]["lossconfig"] == {"target": "torch.nn.Identity"}


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("params.normalize_latents", True, "normalize_latents is True: the 2023 program has nothing like it"),
        ("params.parameterization", "v", "parameterization is 'v': the 2023 program knows eps, x0, recon"),
        (f"{UNET}.s4_kernel", "diagonal", "s4_kernel is 'diagonal': the 2023 program has nothing like it"),
        (f"{UNET}.audio_channels", None, "audio_channels is missing"),
        (f"{FIRST}.ddconfig.new", 3, "ddconfig.new is 3"),
        ("params.wave_stage_config.target", "mug.cond.timing.TimingDecoder", "is not a network of the 2023 program"),
    ],
)
def test_what_the_2023_program_has_nothing_like_is_named(path, value, reason):
    with pytest.raises(ConfigError, match=reason):
        original_model(change(our_node(), path, value), [])


@pytest.mark.parametrize("target", [target for target in PARAMETERS if "." in target])
def test_every_kept_parameter_is_one_of_ours(target):
    ours = defaults_of(target)
    kept = {name for name, rule in PARAMETERS[target].items() if rule.kept}
    assert kept <= set(ours)
    required = {name for name, default in ours.items() if default is inspect.Parameter.empty}
    assert required <= kept
