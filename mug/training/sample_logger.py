"""Samples of a model during training: when they are made, and which validation items they are of."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch

from mug.errors import ConfigError


class SampleLogger(pl.Callback):
    """Samples after the first validation of a run and every `every_n_validations`-th from there on.

    Not after the sanity check. What `sampled` returns is logged; a ModelCheckpoint may monitor it: validations in
    between keep the last values. All processes sample, because they wait for each other anyway.
    """

    def __init__(self, every_n_validations: int = 1) -> None:
        if every_n_validations < 1:
            raise ConfigError(f"every_n_validations {every_n_validations}: need at least 1")
        self.every_n_validations = every_n_validations
        self.validations = 0
        self.measured: dict[str, float] = {}  # by log name

    def sampled(self, trainer: pl.Trainer, pl_module: Any) -> dict[str, float]:
        """Sample with the validation weights (EMA, if any), show the samples, and return the values to log."""
        raise NotImplementedError

    def state_dict(self) -> dict[str, Any]:
        return {"validations": self.validations, "measured": self.measured}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.validations, self.measured = state_dict["validations"], state_dict["measured"]

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.sanity_checking or trainer.state.fn != "fit":
            return
        is_due = self.validations % self.every_n_validations == 0
        self.validations += 1
        if is_due:
            self.measured = self.sampled(trainer, pl_module)
            # All processes measured the same values; the mean makes them equal to the last digit.
            pl_module.log_dict(self.measured, sync_dist=True)
        else:  # adds no point to the curves; a resumed run only has the last values from its checkpoint
            last = {name: torch.tensor(value, device=pl_module.device) for name, value in self.measured.items()}
            trainer.callback_metrics.update(last)


def spread_over_songs(songs: Sequence[Hashable], count: int) -> list[int]:
    """Return the indices of `count` items (or all, if fewer), spread over songs, given the song of each.

    They are spread evenly over the songs in order; a song is repeated only after all others had their turn. Each song's
    items are shuffled with a fixed seed, because lists often begin with a song's easiest chart.
    """
    rng = np.random.default_rng(0)
    items: dict[Hashable, list[int]] = {}
    for index, song in enumerate(songs):
        items.setdefault(song, []).append(index)
    shuffled = [rng.permutation(indices).tolist() for indices in items.values()]
    chosen: list[int] = []
    for turn in range(max(map(len, shuffled), default=0)):
        left = [indices[turn] for indices in shuffled if turn < len(indices)]
        wanted = min(count - len(chosen), len(left))
        chosen += [left[nth * len(left) // wanted] for nth in range(wanted)]
    return chosen
