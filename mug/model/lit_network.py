"""Lightning around a network: its optimiser, the weights it starts from, checkpoints with its own tensor names."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from mug.lr_scheduler import adamw
from mug.model.network_node import ConfiguredNetwork, TrainingParams
from mug.model.weights import freeze_all_but
from mug.seeding import generators_of_batch


class LitNetwork(pl.LightningModule):
    """Trains a network that runs without it; each kind of network has a subclass with its training step.

    Tensors have the names that they have in the network, so that a checkpoint's state_dict is the network's.
    """

    default_learning_rate = 1e-4

    def __init__(self, network: ConfiguredNetwork, training: TrainingParams | None = None) -> None:
        super().__init__()
        self.network = network
        self.training_params = training or TrainingParams()
        network.start_from(self.training_params)
        freeze_all_but(network, self.training_params.training_keys)

    @property
    def process(self) -> tuple[int, int]:
        """The number of this process and of how many it is one; 0 of 1 without a trainer."""
        return (0, 1) if self._trainer is None else (self._trainer.global_rank, self._trainer.world_size)

    def generators_of(self, epoch: int, batch_idx: int, batch_size: int) -> list[torch.Generator]:
        """A generator for each item of a batch, see mug.seeding.generators_of_batch."""
        return generators_of_batch(self.training_params.seed, epoch, batch_idx, batch_size, *self.process)

    def configure_optimizers(self) -> Any:
        params = self.training_params
        rate = self.default_learning_rate if params.learning_rate is None else params.learning_rate
        fused = self._trainer is None or self._trainer.precision != "16-mixed"
        return adamw(self.network, rate, params.scheduler_config, params.weight_decay, fused)

    # --- the network's own names -------------------------------------------------------------------------------------

    def state_dict(self, *args: Any, **kwargs: Any) -> dict[str, Tensor]:  # type: ignore[override]
        return self.network.state_dict(*args, **kwargs)

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        return self.network.load_state_dict(state_dict, strict, assign)

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, nn.Parameter]]:
        return self.network.named_parameters(prefix, recurse, remove_duplicate)
