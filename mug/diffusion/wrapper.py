"""The four networks of stage 2 as one module."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from mug.config import instantiate_from_config
from mug.firststage.first_stage import FirstStage
from mug.model.network_node import build_network


class MugDiffusionWrapper(nn.Module):
    """Denoiser, frozen first stage, audio encoder and prompt embedder, each from a node of target and params."""

    def __init__(
        self,
        unet_config: Mapping[str, Any],
        first_stage_config: Mapping[str, Any],
        wave_stage_config: Mapping[str, Any],
        cond_stage_config: Mapping[str, Any],
    ) -> None:
        super().__init__()
        where = "model.params"
        self.unet_model = instantiate_from_config(unet_config, f"{where}.unet_config", nn.Module)
        self.first_stage_model = build_network(first_stage_config, f"{where}.first_stage_config", FirstStage)
        self.wave_model = instantiate_from_config(wave_stage_config, f"{where}.wave_stage_config", nn.Module)
        self.cond_stage_model = instantiate_from_config(cond_stage_config, f"{where}.cond_stage_config", nn.Module)
        self.first_stage_model.eval().requires_grad_(False)

    def train(self, mode: bool = True) -> "MugDiffusionWrapper":
        super().train(mode)
        self.first_stage_model.eval()
        return self
