"""Wherever a run is interrupted, with everything switched on at once, it goes on as if it had not been."""

import csv
import signal
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from mug.config import instantiate_from_config
from mug.training.setup import build_trainer
from mug.training.trainers import build_trainable
from tests.diffusion.test_diffusion import short_config
from tests.training.synthetic_data import data_node

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's and torch's own
STEPS = 7  # three an epoch, of two, two and one batch
CLOCK = ("train/songs_per_second", "train/memory_gib")  # of metrics.csv, what no two runs have in common
SCHEDULE = {"warm_up_steps": [3], "f_start": [0.1], "f_max": [1.0], "f_min": [0.1], "cycle_lengths": [STEPS]}
EVENTS = (  # of a run, in which it is interrupted
    "on_sanity_check_end", "on_train_batch_start", "on_before_backward", "on_before_optimizer_step",
    "on_train_batch_end", "on_validation_start", "on_validation_batch_start", "on_validation_end", "on_train_epoch_end",
)  # fmt: skip


class Interruption(pl.Callback):
    """Does `interrupt` when one of EVENTS comes for the `count`-th time in this process."""

    def __init__(self, interrupt: Any, count: int | None) -> None:
        self.interrupt, self.left, self.seen = interrupt, count, []
        for event in EVENTS:
            setattr(self, event, lambda *_, event=event: self.pass_by(event))

    def pass_by(self, event: str) -> None:
        self.seen.append(event)
        if len(self.seen) == self.left:
            self.interrupt()


def ctrl_c() -> None:
    raise KeyboardInterrupt


def sigterm() -> None:
    signal.raise_signal(signal.SIGTERM)


def run(
    folder: Path,
    interrupt: Any = None,
    count: int | None = None,
    learning_rate: float = 1e-2,
    weight_decay: float = 0.01,
    is_scheduled: bool = True,
    **options: Any,
) -> list[str]:
    """Train, or go on with, a run in `folder`; return the events that came by."""
    params = short_config(monitor="val/loss", normalize_latents=True)
    params |= {"learning_rate": learning_rate, "weight_decay": weight_decay}
    if is_scheduled:
        params["scheduler_config"] = {"target": "mug.lr_scheduler.LambdaCosineScheduler", "params": SCHEDULE}
    config = {
        "model": {"target": "mug.diffusion.diffusion.DDPM", "params": params},
        "data": data_node(folder, size=10),
        "lightning": {
            "trainer": {
                "accelerator": "cpu", "enable_progress_bar": False, "enable_model_summary": False,
                "limit_val_batches": 2, "log_every_n_steps": 1, "max_steps": STEPS, "num_sanity_val_steps": -1,
                "precision": "bf16-mixed", "gradient_clip_val": 0.5, "accumulate_grad_batches": 2,
                "val_check_interval": 2, **options,
            },
            "logger": {"target": "pytorch_lightning.loggers.TensorBoardLogger"},  # the default, by its name
            "callbacks": {"ema": {"target": "mug.training.ema.EMA", "params": {"decay": 0.8}}},
        },
    }  # fmt: skip
    torch.manual_seed(1)
    last = folder / "checkpoints" / "last.ckpt"
    step = torch.load(last, weights_only=True)["global_step"] if last.is_file() else None
    trainer = build_trainer(config, folder, step)
    interruption = Interruption(interrupt, count)
    trainer.callbacks.append(interruption)
    data = instantiate_from_config(config["data"])
    model = build_trainable(config["model"])
    try:
        trainer.fit(model, datamodule=data, ckpt_path=last if last.is_file() else None)
    except SystemExit:
        assert interrupt is not None
    return interruption.seen


def outcome(folder: Path) -> Any:
    checkpoint = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)
    with (folder / "metrics.csv").open(newline="") as file:
        rows = [{name: value for name, value in row.items() if name not in CLOCK} for row in csv.DictReader(file)]
    names = sorted(path.name for path in (folder / "checkpoints").iterdir())
    best = [
        {name: value for name, value in state.items() if name.startswith("best_model_score")}
        for name, state in checkpoint["callbacks"].items()
        if name.startswith("ModelCheckpoint")
    ]
    keys = ("state_dict", "trained_weights", "optimizer_states", "lr_schedulers", "global_step", "epoch")
    return {"rows": rows, "names": names, "best": best, **{key: checkpoint[key] for key in keys}}


def assert_same(first: Any, second: Any, where: str = "") -> None:
    if isinstance(first, dict):
        assert first.keys() == second.keys(), where
        for name in first:
            assert_same(first[name], second[name], f"{where}/{name}")
    elif isinstance(first, (list, tuple)):
        assert len(first) == len(second), where
        for index, pair in enumerate(zip(first, second, strict=True)):
            assert_same(*pair, f"{where}/{index}")
    elif isinstance(first, torch.Tensor):
        assert torch.equal(first, second), where
    else:
        assert first == second, where


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("whole")
    run(folder)
    return outcome(folder)


def test_all_options_together_keep_weights_finite_float32(whole: Any) -> None:
    weights = [*whole["state_dict"].values(), *whole["trained_weights"].values()]
    assert all(weight.isfinite().all() for weight in weights)
    assert {weight.dtype for weight in weights if weight.is_floating_point()} == {torch.float32}
    rows = [row for row in whole["rows"] if row["train/loss"]]
    assert len(rows) == STEPS
    assert whole["epoch"] == 2  # counted from 0
    assert max(float(row["train/grad_norm"]) for row in rows) > 0.5  # there was something to clip


@pytest.mark.parametrize(
    ("interrupt", "counts"),
    [
        # the sanity check's end; a forward pass; half a step's gradients; before a step; a validation, twice in a row
        (ctrl_c, [1, 6, 2, 3, 9, 2, 1, 16]),
        (sigterm, [2, 11, 1, 12, 5, 17]),
    ],
)
def test_a_run_goes_on_wherever_it_was_interrupted(
    tmp_path: Path, whole: Any, interrupt: Any, counts: list[int]
) -> None:
    for count in counts:
        run(tmp_path, interrupt, count)
    run(tmp_path)
    assert_same(whole, outcome(tmp_path))


@pytest.mark.parametrize(
    "options",
    [
        {},
        pytest.param({"val_check_interval": 3, "check_val_every_n_epoch": None}, marks=pytest.mark.slow),
        pytest.param({"limit_val_batches": 0}, marks=pytest.mark.slow),
    ],
)
def test_every_kind_of_event_can_be_the_last(tmp_path: Path, options: dict[str, Any]) -> None:
    """Validation at two places an epoch; by batches, amid accumulated gradients; not at all. Each kind elsewhere."""
    options = {"max_steps": 5, **options}
    events = run(tmp_path / "whole", **options)
    whole = outcome(tmp_path / "whole")
    for turn, event in enumerate(sorted(set(events), key=EVENTS.index)):
        counts = [count for count, other in enumerate(events, 1) if other == event]
        count, folder = counts[-1 - turn % len(counts)], tmp_path / event
        run(folder, ctrl_c, count, **options)
        run(folder, **options)
        assert_same(whole, outcome(folder), f"{count} {event}")


def test_steps_after_the_last_checkpoint_are_logged_once(tmp_path: Path, whole: Any) -> None:
    run(tmp_path, max_steps=3)
    last = tmp_path / "checkpoints" / "last.ckpt"
    saved = last.read_bytes()
    run(tmp_path, max_steps=5)
    (tmp_path / "metrics.csv").open("a").write("12,0.3")  # a row that was half written
    last.write_bytes(saved)
    run(tmp_path)
    assert_same(whole["rows"], outcome(tmp_path)["rows"])
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    points = [(event.step, event.value) for event in events.Scalars("train/loss")]
    assert [step for step, _ in sorted(set(points))] == list(range(STEPS))  # none has two values
    assert len(points) <= STEPS + 1  # the first one is there twice: a picture of before may have its number


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_resumed_run_accepts_a_new_learning_rate_and_decay(tmp_path: Path, factor: float) -> None:
    run(tmp_path, max_steps=3)
    before = torch.load(tmp_path / "checkpoints" / "last.ckpt", weights_only=True)
    run(tmp_path, max_steps=4, learning_rate=1e-2 * factor, weight_decay=0.25)
    after = torch.load(tmp_path / "checkpoints" / "last.ckpt", weights_only=True)
    old, new = (checkpoint["optimizer_states"][0]["param_groups"] for checkpoint in (before, after))
    scheduled = instantiate_from_config({"target": "mug.lr_scheduler.LambdaCosineScheduler", "params": SCHEDULE})
    assert old[0]["lr"] == pytest.approx(1e-2 * scheduled(3))
    rates = [row["train/learning_rate"] for row in outcome(tmp_path)["rows"] if row["train/learning_rate"]]
    assert float(rates[3]) == pytest.approx(1e-2 * factor * scheduled(3))
    assert new[0]["lr"] == new[1]["lr"] == pytest.approx(1e-2 * factor * scheduled(4))
    assert [group["weight_decay"] for group in new] == [0.25, 0.0]


@pytest.mark.parametrize(
    ("was_scheduled", "rates"), [(True, [0.001, 0.004, 0.01, 0.01]), (False, [0.01, 0.01, 0.001, 0.004])]
)
def test_a_resumed_run_may_lose_its_schedule_or_begin_one(
    tmp_path: Path, was_scheduled: bool, rates: list[float]
) -> None:
    run(tmp_path, max_steps=2, is_scheduled=was_scheduled)
    run(tmp_path, max_steps=4, is_scheduled=not was_scheduled)
    logged = [float(row["train/learning_rate"]) for row in outcome(tmp_path)["rows"] if row["train/learning_rate"]]
    assert logged == pytest.approx(rates)
