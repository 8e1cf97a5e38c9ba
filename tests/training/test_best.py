"""The best checkpoint by a task metric that only some validations measure."""

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader

from mug.errors import ConfigError
from mug.training.best import BestCheckpoint, mode_of
from mug.training.callbacks import LastCheckpoint
from mug.training.checkpoints import SafeCheckpointIO
from mug.training.resume import ExactResume
from tests.training.test_ema import RisingWeight

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's and torch's own
SCORE = "val/onset_f1_20ms"
RATES = [f"val/{name}_{kind}" for name in ("acc", "precision", "recall") for kind in ("rice", "ln")]  # of stage 1


class Scored(RisingWeight):
    """Logs the next of `scores` in every validation; None is no score."""

    def __init__(self, scores: list[float | None]) -> None:
        super().__init__()
        self.scores = scores

    def on_validation_epoch_end(self) -> None:
        if not self.trainer.sanity_checking:
            score = self.scores[(self.trainer.global_step - 1) % len(self.scores)]
            if score is not None:
                self.log(SCORE, score)
            self.log("val/loss", 1.0)


class Rare(pl.Callback):
    def __init__(self, every_n_validations: int) -> None:
        self.every_n_validations = every_n_validations


def fit(folder: Path, scores: list[float | None], steps: int, every: int = 1, resume: bool = False) -> BestCheckpoint:
    best = BestCheckpoint(dirpath=str(folder / "checkpoints"), monitor=SCORE)
    trainer = pl.Trainer(
        accelerator="cpu", max_steps=steps, logger=False, enable_progress_bar=False, enable_model_summary=False,
        callbacks=[ExactResume(), Rare(every), best, LastCheckpoint()], plugins=[SafeCheckpointIO()],
        default_root_dir=folder, val_check_interval=1, num_sanity_val_steps=0,
    )  # fmt: skip
    last = folder / "checkpoints" / "last.ckpt" if resume else None
    trainer.fit(Scored(scores), DataLoader(range(9)), DataLoader([0]), ckpt_path=last)
    return best


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "checkpoints").iterdir())


def test_scores_are_to_be_high_and_all_else_low() -> None:
    assert {mode_of(name) for name in (SCORE, "val/onset_f1", *RATES)} == {"max"}
    assert {mode_of(name) for name in ("val/loss", "val/star_rating_error")} == {"min"}
    assert BestCheckpoint("x", SCORE, mode="min").mode == "min"


def test_the_best_stays_and_its_name_says_why(tmp_path: Path) -> None:
    fit(tmp_path, [0.25, 0.5, 0.125], 3)
    assert files(tmp_path) == ["best_step_0000002_val_onset_f1_20ms_0.5000.ckpt", "last.ckpt"]


def test_a_score_that_is_measured_now_and_then_is_waited_for(tmp_path: Path) -> None:
    best = fit(tmp_path, [None, 0.5, None, 0.75, None], 5, every=2)
    assert files(tmp_path) == ["best_step_0000004_val_onset_f1_20ms_0.7500.ckpt", "last.ckpt"]
    assert best.best_model_score == 0.75


def test_a_score_that_never_comes_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"could not find the monitored key 'val/onset_f1_20ms' in 3 .*val/loss"):
        fit(tmp_path, [None], 5, every=3)


@pytest.mark.parametrize("scores", [[0.25, 0.5, 0.125, 0.375], [0.25, 0.5, None, 0.375]])
def test_a_resumed_run_knows_the_best(tmp_path: Path, scores: list[Any]) -> None:
    fit(tmp_path, scores, 2)
    best = fit(tmp_path, scores, 4, every=2, resume=True)
    assert best.best_model_score == torch.tensor(0.5)
    assert files(tmp_path) == ["best_step_0000002_val_onset_f1_20ms_0.5000.ckpt", "last.ckpt"]
