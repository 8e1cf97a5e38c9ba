"""The exponential moving average of a run's weights, used in validation, sampling and export."""

from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from mug.errors import ConfigError

TRAINED_WEIGHTS = "trained_weights"  # key in a checkpoint: the weights without averaging


class EMA(pl.Callback):
    """Averages the trained weights. Validation, sampling and test use the average; the optimiser does not.

    After every optimiser step, average <- d average + (1 - d) weights. At step n, d is the lesser of `decay` and
    (1 + n) / (10 + n), so that an early average forgets the initial weights (as in Adam's paper, section 7.2, and
    TensorFlow's ExponentialMovingAverage). A checkpoint's `state_dict` is the average, so that is what every loader
    gets; the weights themselves are stored beside it, and a resumed run continues from them.
    Lightning's own callback also averages frozen weights, and swaps the two when saving after an interrupted
    validation.
    """

    def __init__(self, decay: float = 0.9999) -> None:
        if not 0 <= decay < 1:
            raise ConfigError(f"ema: decay {decay} is not from 0 to 1; 0.9999 averages about the last 10000 steps")
        self.decay = decay
        self.averages: dict[str, Tensor] = {}
        self.n_updates = 0
        self.seen_step = 0
        self.is_swapped = False  # True: the model has the average, and `averages` has the weights

    # --- the average -------------------------------------------------------------------------------------------------

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.seen_step = trainer.global_step
        trained = _trained(pl_module)
        if any(weight.dtype != torch.float32 for weight in trained.values()):
            raise ConfigError(
                "ema: needs weights of float32, in which small changes add up; take precision: bf16-mixed"
            )
        self.averages = {  # a resumed run may train other weights than before
            name: self.averages.get(name, weight.detach().clone()).to(weight.device) for name, weight in trained.items()
        }

    @torch.no_grad()
    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any) -> None:
        if trainer.global_step == self.seen_step:  # batches of one step are accumulated
            return
        self.seen_step = trainer.global_step
        self.n_updates += 1
        decay = min(self.decay, (1 + self.n_updates) / (10 + self.n_updates))
        weights = _trained(pl_module)
        torch._foreach_lerp_(
            list(self.averages.values()), [weights[name].detach() for name in self.averages], 1 - decay
        )

    # --- swapping it in ----------------------------------------------------------------------------------------------

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.state.fn == "fit":
            self._swap(pl_module, average_in_model=True)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._swap(pl_module, average_in_model=False)

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        self._swap(pl_module, average_in_model=False)  # before anything is saved

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._swap(pl_module, average_in_model=True)  # for the test; the run is already saved

    def _swap(self, pl_module: pl.LightningModule, average_in_model: bool) -> None:
        if self.averages and self.is_swapped != average_in_model:
            weights = dict(pl_module.named_parameters())
            for name, other in self.averages.items():
                self.averages[name], weights[name].data = weights[name].data, other.to(weights[name].device)
            self.is_swapped = average_in_model

    # --- checkpoints -------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        return {"n_updates": self.n_updates}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.n_updates = state_dict["n_updates"]

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        if self.averages and not self.is_swapped:
            state = checkpoint["state_dict"]
            checkpoint[TRAINED_WEIGHTS] = {name: state[name] for name in self.averages}
            checkpoint["state_dict"] = {**state, **self.averages}

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Take the average from the loaded `state_dict`, and put the trained weights back into the model."""
        weights, trained = dict(pl_module.named_parameters()), checkpoint.get(TRAINED_WEIGHTS, {})
        self.averages = {name: checkpoint["state_dict"][name].clone() for name in trained}
        with torch.no_grad():
            for name, weight in trained.items():
                weights[name].copy_(weight)


def _trained(pl_module: pl.LightningModule) -> dict[str, torch.nn.Parameter]:
    return {name: parameter for name, parameter in pl_module.named_parameters() if parameter.requires_grad}
