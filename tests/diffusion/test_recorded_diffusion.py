"""The recorded diffusion model: its networks, losses and gradients, and what DDIM makes of it."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from records import UNKNOWN_ROUNDING, Record, recordings
from torch import Tensor

from mug.diffusion.ddim import ddim_sample
from mug.diffusion.guidance import guided
from mug.diffusion.latent_diffusion import LatentDiffusion
from mug.diffusion.objective import LOSS_TYPES, SMOOTH_L1_BETA, elementwise_loss
from mug.diffusion.parameterization import x0_of
from mug.diffusion.steps import Step, sampling_steps

UNDEFINED_LOG = "loss_ratio"  # nothing says what it is a ratio of
VLB_ROUNDING = {"relative": 1e-3}  # the recorded weights of the bound are quotients of differences in float32


def silent(iterable: Any, **_: Any) -> Any:
    return iterable


def recorded_diffusion(record: Record, ids: Tensor, state: Mapping[str, Tensor] | None = None) -> LatentDiffusion:
    """The recorded diffusion model; its embedder takes prompts of any rows and as many as `ids` [B, F] has."""
    model = record.build(LatentDiffusion, state)
    embedder = model.model.cond_stage_model
    embedder.n_features = ids.shape[1]
    embedder._check_ids = lambda feature: None
    return model


@pytest.mark.parametrize("name", recordings("ddpm"))
def test_reproduces_the_recorded_model(parity: Path, name: str) -> None:
    record = Record(parity / f"{name}.npz")
    model = recorded_diffusion(record, record.inputs["feature"])
    for buffer in record.group("buf/"):
        rounding = VLB_ROUNDING if buffer == "lvlb_weights" else {}
        record.assert_reproduced(f"buf/{buffer}", getattr(model, buffer), **rounding)
    check_networks(record, model)
    check_forward_process(record, model)
    check_losses_and_gradients(record, model)
    record.assert_all_reproduced(but=(f"log/{UNDEFINED_LOG}",))


def check_networks(record: Record, model: LatentDiffusion) -> None:
    with torch.no_grad():
        record.assert_reproduced("cond", model.encode_prompt(record.inputs["feature"]))
        for level, scale in enumerate(model.model.wave_model(record.inputs["audio"])):
            record.assert_reproduced(f"wave_{level}", scale)
        record.assert_reproduced("latent_mode", model.encode_latent(record.inputs["note"]))


def check_forward_process(record: Record, model: LatentDiffusion) -> None:
    x_0, t, noise, pred = (record.inputs[name] for name in ("x0", "t", "noise", "pred"))
    record.assert_reproduced("q_sample", model.q_sample(x_0, t, noise))
    # recorded with x0 in the place of x_t
    record.assert_reproduced("predict_start_from_noise", x0_of("eps", noise, x_0, *model._signal_and_noise(t)))

    def at_t(name: str) -> Tensor:
        return getattr(model, name)[t][:, None, None]

    # and this with the noise in the place of x_t
    mean = at_t("posterior_mean_coef1") * x_0 + at_t("posterior_mean_coef2") * noise
    record.assert_reproduced("q_posterior_mean", mean)
    record.assert_reproduced("q_posterior_var", at_t("posterior_variance"))
    record.assert_reproduced("q_posterior_logvar", at_t("posterior_log_variance_clipped"))
    for loss_type in LOSS_TYPES:
        if f"{loss_type}_none" in record.outputs:
            elementwise = elementwise_loss(loss_type, pred, noise) + recorded_constant(loss_type)
            record.assert_reproduced(f"{loss_type}_none", elementwise)
            record.assert_reproduced(f"{loss_type}_mean", elementwise.mean())


def recorded_constant(loss_type: str) -> float:
    """What recorded losses carry on top: the original does not take half of beta off."""
    return SMOOTH_L1_BETA / 2 if loss_type == "smooth_l1" else 0.0


def check_losses_and_gradients(record: Record, model: LatentDiffusion) -> None:
    batch = {name: record.inputs[name] for name in ("note", "audio", "feature")}
    t, noise = record.inputs["t"], record.inputs["noise"]
    model.loss_type = record.config.get("loss_type", model.loss_type)
    constant = recorded_constant(model.loss_type)
    loss, log, _ = model.p_losses(batch, model.encode_latent(batch["note"]), t, noise)
    record.assert_reproduced("p_losses", loss + constant)
    on_top = {"loss_simple": constant, "loss": constant, "loss_vlb": model.lvlb_weights[t].mean() * constant}
    for name in record.group("log/"):
        if name != UNDEFINED_LOG:
            rounding = VLB_ROUNDING if name == "loss_vlb" else {}
            record.assert_reproduced(f"log/{name}", log[name] + on_top.get(name, 0.0), **rounding)

    loss.backward()
    norms = {name: parameter.grad.norm() for name, parameter in model.named_parameters() if parameter.grad is not None}
    recorded = {name: norm for name, norm in record.notes["grad_norms"].items() if norm is not None}
    assert set(norms) == set(recorded)
    largest = max(recorded.values())
    for name, norm in recorded.items():
        assert norms[name].item() == pytest.approx(norm, rel=1e-3, abs=1e-6 * largest), name


@pytest.mark.parametrize("name", recordings("ddim"))
def test_reproduces_the_recorded_sampling(parity: Path, name: str) -> None:
    record = Record(parity / f"{name}.npz")
    weights = Record(parity / f"{name.replace('ddim', 'ddpm')}.npz").state
    model = recorded_diffusion(record, record.inputs["feature"], weights)
    for output in record.outputs:
        if schedule := re.fullmatch(r"S(\d+)(?:_eta([\d.]+))?/(\w+)", output):
            steps, eta, array = schedule.groups()
            path = sampling_steps(model.alphas_cumprod, int(steps))[::-1]  # recorded from the cleanest on
            record.assert_reproduced(output, recorded_array(array, path, float(eta or 0)))
    runs = {output.partition("/")[0] for output in record.outputs if re.match(r"(toy|unet)_S\d+_g", output)}
    for run in runs:
        network, steps, scale = re.fullmatch(r"(toy|unet)_S(\d+)_g([\d.]+)", run).groups()
        denoise = recorded_toy(record, model) if network == "toy" else model.denoise
        passed = sample_as_recorded(record, model, denoise, int(steps), float(scale))
        # The first step divides the rounding of the noise by what is left of the signal.
        rounding = UNKNOWN_ROUNDING / sampling_steps(model.alphas_cumprod, int(steps))[0].a_t ** 0.5
        for array in record.group(f"{run}/"):
            record.assert_reproduced(f"{run}/{array}", passed[array], unknown=rounding)
    record.assert_all_reproduced()


def recorded_array(name: str, path: list[Step], eta: float) -> Tensor:
    value_of = {
        "timesteps": lambda step: step.t,
        "alphas": lambda step: step.a_t,
        "alphas_prev": lambda step: step.a_prev,
        "sigmas": lambda step: step.sigma(eta),
        "sqrt_one_minus_alphas": lambda step: (1 - step.a_t) ** 0.5,
    }[name]
    return torch.tensor([value_of(step) for step in path])


def recorded_toy(record: Record, model: LatentDiffusion) -> Callable[..., Tensor]:
    """The toy network that the record describes as "e = 0.3*x + 0.001*t + c.mean(...)", c being the prompt."""
    number = r"([-\d.e]+)"
    of_x, of_t = map(float, re.match(rf"e = {number}\*x \+ {number}\*t \+ c\.mean", record.notes["toy"]).groups())

    def denoise(x: Tensor, t: Tensor, c: Tensor, audios: object) -> Tensor:
        eps = of_x * x + of_t * t[:, None, None] + c.mean(dim=(1, 2), keepdim=True)
        return x0_of("eps", eps, x, *model._signal_and_noise(t))

    return denoise


def sample_as_recorded(
    record: Record, model: LatentDiffusion, denoise: Callable[..., Tensor], steps: int, scale: float
) -> dict[str, Tensor]:
    given = record.inputs
    states, predictions = [given["x_T"]], [given["x_T"]]
    with torch.no_grad():
        context, audios = model.encode_prompt(given["feature"]), model.encode_audio(given["audio"])
        uncond = model.encode_prompt(given["feature_uncond"])
    steered = guided(denoise, context, uncond, scale, audios)

    def watch(step: Step, x: Tensor, pred_x0: Tensor) -> None:
        states.append(x)
        predictions.append(pred_x0)

    x = ddim_sample(steered, given["x_T"], model.alphas_cumprod, steps, callback=watch, tqdm_class=silent)
    return {"x": x, "x_inter": torch.stack(states), "pred_x0": torch.stack(predictions)}
