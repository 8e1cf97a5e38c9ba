"""Charts of validation songs: which songs, in whose time, with whose weights, how good, and when they are not made."""

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from PIL import Image
from pytorch_lightning.callbacks import ModelCheckpoint
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor, nn

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import read_osu, write_osu
from mug.config import instantiate_from_config
from mug.data.convertor import ManiaConvertor
from mug.data.datamodule import collate
from mug.errors import ConfigError
from mug.generation.settings import SamplingSettings
from mug.training import beatmap_logger
from mug.training.beatmap_logger import BeatmapLogger, compare, decode_charts, means
from mug.training.sample_logger import spread_over_songs
from mug.training.setup import build_trainer
from mug.training.trainers import build_trainable
from mug.training.window import Window, in_song
from tests.diffusion.test_diffusion import short_config
from tests.training.synthetic_data import FRAME_MS, SyntheticDataset, data_node

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's and torch's own
SCORES = [
    f"val/{name}"
    for name in ("onset_f1_20ms", "onset_f1_50ms", "notes_per_second_error", "star_rating_error", "ln_ratio_error")
]
FIGURES = ["charts/notes_per_second", "charts/star_rating", "charts/ln_ratio"]
PLAIN = SamplingSettings(steps=2, ensemble=1, attempts=1)
OFFSET_FRAMES = 10  # of the items, into their song
PERFECT = [1.0, 1.0, 0.0, 0.0, 0.0]


def config_of(
    folder: Path, stage: int = 2, steps: int = 2, logger: dict[str, Any] | None = None, **params: Any
) -> dict[str, Any]:
    """A run that validates after every step, with a BeatmapLogger of 3 DDIM steps; `params` are the dataset's."""
    model = {"target": "mug.diffusion.diffusion.DDPM", "params": short_config(monitor="val/onset_f1_20ms")}
    if stage == 1:
        node = model["params"]["first_stage_config"]
        model = {**node, "params": {**node["params"], "monitor": "val/onset_f1_20ms"}}
    return {
        "model": model,
        "data": data_node(folder, offset_ms=-OFFSET_FRAMES * FRAME_MS, **params),
        "lightning": {
            "trainer": {
                "max_steps": steps, "accelerator": "cpu", "enable_progress_bar": False, "enable_model_summary": False,
                "val_check_interval": 1, "limit_val_batches": 1, "log_every_n_steps": 1, "num_sanity_val_steps": 0,
            },
            "modelcheckpoint": {"params": {"mode": "max", "save_on_train_epoch_end": False}},  # 1 is 1.0, once an epoch
            "callbacks": {
                "beatmap_logger": {
                    "target": "mug.training.beatmap_logger.BeatmapLogger",
                    "params": {"count": 2, "steps": 3, **(logger or {})},
                }
            },
        },
    }  # fmt: skip


def fit(config: dict[str, Any], folder: Path, checkpoint: Path | None = None) -> pl.Trainer:
    trainer = build_trainer(config, folder)
    torch.manual_seed(5)
    model, data = build_trainable(config["model"]), instantiate_from_config(config["data"])
    trainer.fit(model, datamodule=data, ckpt_path=checkpoint)
    return trainer


def logged(folder: Path, name: str) -> list[tuple[int, float]]:
    """The (step, value) of a scalar in metrics.csv."""
    with (folder / "metrics.csv").open(newline="") as file:
        return [(int(row["step"]), float(row[name])) for row in csv.DictReader(file) if row.get(name)]


def starts_of(item: int, frames: int = 32) -> np.ndarray:
    """is_start [4, frames] of a synthetic item."""
    return (np.random.default_rng((item, 0)).random((4, 32)) < 0.1)[:, :frames]


# --- a whole run -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=[1, 2], ids=["autoencoder", "diffusion"])
def run_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(f"stage{request.param}")
    config = config_of(folder, stage=request.param)
    config["lightning"]["trainer"]["num_sanity_val_steps"] = -1
    fit(config, folder)
    return folder


def test_charts_are_written_after_validation_not_sanity_check(run_folder: Path) -> None:
    assert sorted(path.name for path in (run_folder / "charts").iterdir()) == ["step_0000001", "step_0000002"]
    names = sorted(path.name for path in (run_folder / "charts" / "step_0000002").iterdir())
    assert names == ["00.osu", "00.png", "00_original.osu", "01.osu", "01.png", "01_original.osu"]
    picture = Image.open(run_folder / "charts" / "step_0000002" / "00.png")
    assert picture.size[0] == 2 * 640  # both charts, in the least width that draw_chart has
    events = EventAccumulator(str(run_folder / "tensorboard"))
    events.Reload()
    assert set(events.Tags()["images"]) == {"charts/00", "charts/01"}
    (first, second) = events.Images("charts/01")
    assert (first.step, second.step, second.width, second.height) == (1, 2, *picture.size)


def test_charts_are_in_the_time_of_their_song(run_folder: Path) -> None:
    folder = run_folder / "charts" / "step_0000002"
    original = read_osu(folder / "00_original.osu")
    starts = starts_of(0)
    assert len(original.notes) == starts.sum()
    first_frame = starts.any(axis=0).argmax()
    assert original.notes[0].start_ms == pytest.approx((first_frame + OFFSET_FRAMES) * FRAME_MS, abs=1.0)
    assert (original.title, original.version) == ("Song", "Hard (original)")
    assert read_osu(folder / "00.osu").version == "Hard (step 2)"


def test_scores_and_figures_are_in_every_log(run_folder: Path) -> None:
    events = EventAccumulator(str(run_folder / "tensorboard"))
    events.Reload()
    for name in [*SCORES, *FIGURES, *(f"{name}_human" for name in FIGURES)]:
        values = logged(run_folder, name)
        assert [step for step, _ in values] == [0, 1], name  # of validations after step 1 and 2, as val/loss
        assert [event.value for event in events.Scalars(name)] == pytest.approx([value for _, value in values])
    seconds = 32 * FRAME_MS / 1000
    density = (starts_of(0).sum() + starts_of(3).sum()) / seconds / 2  # items 0 and 3 of six
    assert logged(run_folder, "charts/notes_per_second_human")[0][1] == pytest.approx(density)
    assert logged(run_folder, "charts/ln_ratio_human")[0][1] == 0.0
    errors, (_, guessed) = logged(run_folder, SCORES[2]), logged(run_folder, FIGURES[0])[0]
    assert errors[0][1] >= abs(guessed - density) - 1e-4  # equal, if all are denser or all sparser than the human's


# --- what is scored --------------------------------------------------------------------------------------------------


def perfect(model: Any, batch: dict[str, Any], *_: Any) -> Tensor:
    """The human's planes as logits, a little below or above 0. Notes everywhere follow where the song has ended."""
    note = batch["note"].clone()
    for item, n_frames in zip(note, batch["n_frames"].tolist(), strict=True):
        item[:, n_frames:] = 1.0
    return torch.where(note == 0, -0.1, 0.1)


def silent(model: Any, batch: dict[str, Any], *_: Any) -> Tensor:
    return torch.full_like(batch["note"], -1.0)


def test_a_perfect_model_scores_1_and_padding_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beatmap_logger, "decode_charts", perfect)
    fit(config_of(tmp_path, stage=1, steps=1, short_frames=16), tmp_path)
    assert [logged(tmp_path, name)[0][1] for name in SCORES] == PERFECT
    density = np.mean([starts_of(0).sum() / 32, starts_of(3, frames=16).sum() / 16]) * 1000 / FRAME_MS
    assert logged(tmp_path, FIGURES[0])[0][1] == pytest.approx(density)


def test_pictures_show_the_window_and_say_how_good_the_chart_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[Any, ...]] = []
    draw = beatmap_logger.draw_chart
    monkeypatch.setattr(beatmap_logger, "decode_charts", perfect)
    monkeypatch.setattr(beatmap_logger, "draw_chart", lambda chart, *args: drawn.append(args) or draw(chart, *args))
    fit(config_of(tmp_path, stage=1, steps=1, short_frames=16, logger={"picture_ms": 1000.0}), tmp_path)
    title = "step 1: onset F1 1.00 within 20 ms, 1.00 in 50"
    assert [args[0] for args in drawn] == [None, title, None, title]
    start_ms = OFFSET_FRAMES * FRAME_MS
    assert [args[1] for args in drawn] == pytest.approx([start_ms] * 4)
    ends_ms = start_ms + 1000, start_ms + 16 * FRAME_MS  # as asked; where the short song is over
    assert [args[2] for args in drawn] == pytest.approx([ends_ms[0]] * 2 + [ends_ms[1]] * 2)
    stars = [args[3] for args in drawn]
    assert stars[0] == stars[1] != stars[2] == stars[3]
    assert (stars[0] + stars[2]) / 2 == pytest.approx(logged(tmp_path, "charts/star_rating_human")[0][1])


def test_a_silent_model_scores_zero_and_writes_no_chart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beatmap_logger, "decode_charts", silent)
    trainer = fit(config_of(tmp_path, stage=1, steps=1), tmp_path)
    of_humans = [logged(tmp_path, f"{name}_human")[0][1] for name in FIGURES[:2]]
    assert min(of_humans) > 0
    assert [logged(tmp_path, name)[0][1] for name in SCORES] == [0.0, 0.0, *of_humans, 1.0]
    assert [logged(tmp_path, name)[0][1] for name in FIGURES] == [0.0, 0.0, 0.0]
    assert (tmp_path / "charts" / "step_0000001" / "00.png").is_file()
    assert not (tmp_path / "charts" / "step_0000001" / "00.osu").exists()
    assert trainer.checkpoint_callback.best_model_score == 0.0


def test_the_averaged_weights_write_the_charts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Tensor] = []

    def watched(model: Any, batch: dict[str, Any], *_: Any) -> Tensor:
        assert not model.training
        seen.append(dict(model.named_parameters())["encoder.conv_in.weight"].detach().clone())
        return silent(model, batch)

    monkeypatch.setattr(beatmap_logger, "decode_charts", watched)
    config = config_of(tmp_path, stage=1)
    config["lightning"]["callbacks"] |= {"ema": {"target": "mug.training.ema.EMA", "params": {"decay": 0.5}}}
    fit(config, tmp_path)
    checkpoint = torch.load(tmp_path / "checkpoints" / "last.ckpt", weights_only=True)
    assert torch.equal(seen[-1], checkpoint["state_dict"]["encoder.conv_in.weight"])
    assert not torch.equal(seen[-1], checkpoint["trained_weights"]["encoder.conv_in.weight"])


def test_a_chart_that_is_gone_ends_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beatmap_logger, "decode_charts", perfect)
    config = config_of(tmp_path, stage=1, steps=1)
    trainer = build_trainer(config, tmp_path)
    data = instantiate_from_config(config["data"])
    data.setup("fit")
    data.datasets["validation"].chart.unlink()
    with pytest.warns(UserWarning, match=r"cannot draw a chart whose file is gone: .*chart\.osu"):
        trainer.fit(build_trainable(config["model"]), datamodule=data)
    assert logged(tmp_path, SCORES[0])[0][1] == 1.0


# --- when ------------------------------------------------------------------------------------------------------------


def scored(values: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the charts of a run score these values, one after the other."""
    left = iter(values)
    monkeypatch.setattr(BeatmapLogger, "sampled", lambda *_: {"val/onset_f1_20ms": next(left)})


def best_of(trainer: pl.Trainer) -> tuple[str, float]:
    checkpoints = trainer.checkpoint_callback
    assert isinstance(checkpoints, ModelCheckpoint)
    return str(torch.load(checkpoints.best_model_path, weights_only=True)["global_step"]), checkpoints.best_model_score


def test_the_best_checkpoint_is_that_of_the_best_charts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scored([0.25, 0.75, 0.5], monkeypatch)
    assert best_of(fit(config_of(tmp_path, stage=1, steps=3), tmp_path)) == ("2", 0.75)


def test_validations_in_between_keep_the_last_score(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scored([0.25, 0.75, 0.5], monkeypatch)
    watched: list[float] = []
    save = ModelCheckpoint.on_validation_end

    def on_validation_end(checkpoints: ModelCheckpoint, trainer: pl.Trainer, pl_module: Any) -> None:
        save(checkpoints, trainer, pl_module)
        watched.append(trainer.callback_metrics["val/onset_f1_20ms"].item())

    monkeypatch.setattr(ModelCheckpoint, "on_validation_end", on_validation_end)
    trainer = fit(config_of(tmp_path, stage=1, steps=5, logger={"every_n_validations": 2}), tmp_path)
    assert logged(tmp_path, "val/onset_f1_20ms") == [(0, 0.25), (2, 0.75), (4, 0.5)]
    assert watched == [0.25, 0.25, 0.75, 0.75, 0.5]
    assert best_of(trainer) == ("3", 0.75)


def test_a_run_resumed_in_a_pause_knows_the_last_score(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scored([0.25, 0.75], monkeypatch)
    config = config_of(tmp_path, stage=1, steps=1, logger={"every_n_validations": 3})
    fit(config, tmp_path)
    config["lightning"]["trainer"]["max_steps"] = 2
    trainer = fit(config, tmp_path, tmp_path / "checkpoints" / "last.ckpt")
    assert trainer.callback_metrics["val/onset_f1_20ms"] == 0.25
    config["lightning"]["trainer"]["max_steps"] = 4
    trainer = fit(config, tmp_path, tmp_path / "checkpoints" / "last.ckpt")
    assert best_of(trainer) == ("4", 0.75)


def test_tests_of_a_finished_run_chart_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BeatmapLogger, "sampled", lambda *_: pytest.fail("charted"))
    config = config_of(tmp_path, stage=1)
    model, data = build_trainable(config["model"]), instantiate_from_config(config["data"])
    build_trainer(config, tmp_path).validate(model, datamodule=data, verbose=False)


@pytest.mark.parametrize("params", [{"count": 0}, {"steps": 0}, {"every_n_validations": 0}])
def test_impossible_numbers_are_refused(params: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=f"{next(iter(params))} 0"):
        BeatmapLogger(**params)


# --- which songs -----------------------------------------------------------------------------------------------------


def test_songs_are_spread_evenly_and_each_counts_once() -> None:
    assert spread_over_songs(range(10), 4) == [0, 2, 5, 7]
    assert spread_over_songs(range(3), 5) == [0, 1, 2]
    assert spread_over_songs([], 2) == []
    songs = ["a", "a", "a", "b", "c", "c", "d", "d", "d", "d"]
    chosen = spread_over_songs(songs, 4)
    assert [songs[index] for index in chosen] == ["a", "b", "c", "d"]
    assert chosen == spread_over_songs(songs, 4)


def test_a_song_comes_again_when_all_others_had_their_turn() -> None:
    songs = ["a", "a", "a", "b", "c", "c"]
    chosen = spread_over_songs(songs, 5)
    assert [songs[index] for index in chosen] == ["a", "b", "c", "a", "c"]
    assert len(set(chosen)) == 5
    assert sorted(spread_over_songs(songs, 99)) == [0, 1, 2, 3, 4, 5]


def test_not_all_songs_come_with_their_first_chart() -> None:
    songs = [song for song in range(40) for _ in range(3)]
    difficulties = np.bincount([index % 3 for index in spread_over_songs(songs, 40)], minlength=3)
    assert difficulties.min() >= 7


def test_songs_are_as_the_dataset_tells_them_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SyntheticDataset, "songs", lambda _: list("aaaabb"))
    seen: list[Tensor] = []
    monkeypatch.setattr(beatmap_logger, "decode_charts", lambda _, batch, *__: seen.append(batch["note"]) or seen[-1])
    fit(config_of(tmp_path, stage=1, steps=1), tmp_path)
    numbers = [
        next(item for item in range(6) if np.array_equal(note[:4].bool().numpy(), starts_of(item))) for note in seen[0]
    ]
    assert ["aaaabb"[number] for number in numbers] == ["a", "b"]


def test_batches_are_those_of_the_run_and_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    decode = decode_charts

    def watched(model: Any, batch: dict[str, Any], *args: Any) -> Tensor:
        sizes.append(len(batch["note"]))
        return decode(model, batch, *args)

    monkeypatch.setattr(beatmap_logger, "decode_charts", watched)
    for batch_size in (2, 6):
        folder = tmp_path / str(batch_size)
        config = config_of(folder, steps=1, logger={"count": 5})
        config["model"]["params"]["learning_rate"] = 0.0
        config["data"]["params"]["batch_size"] = batch_size
        fit(config, folder)
    assert sizes == [2, 2, 1, 5]
    assert len(list((tmp_path / "2" / "charts" / "step_0000001").glob("*.png"))) == 5
    for number in range(5):
        charts = [read_osu(tmp_path / size / "charts" / "step_0000001" / f"{number:02d}.osu") for size in ("2", "6")]
        starts_ms = [[note.start_ms for note in chart.notes] for chart in charts]
        assert starts_ms[0] == pytest.approx(starts_ms[1], abs=1.0)


# --- samples ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model() -> nn.Module:
    """A diffusion model that is not all zeros."""
    torch.manual_seed(5)
    params = short_config(levels=2)
    model = build_trainable({"target": "mug.diffusion.diffusion.DDPM", "params": params}).network.eval()
    for parameter in model.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.2)
    return model


def test_guidance_by_either_of_its_names() -> None:
    for params in ({"guidance": 2.5}, {"guidance_scale": 2.5}):
        assert BeatmapLogger(**params).settings.guidance == 2.5
    assert BeatmapLogger().settings.guidance == 1.0


def test_guidance_leads_from_no_prompt_to_the_prompt(model: Any, tmp_path: Path) -> None:
    dataset = SyntheticDataset(str(tmp_path))
    batch = collate([dataset[index, 0] for index in range(3)])
    asked = {**batch, "feature": batch["feature"] + 1}  # another row than the first, "not given", of every feature
    without = decode_charts(model, batch, PLAIN, show_progress=False)
    plain = decode_charts(model, asked, PLAIN, show_progress=False)
    assert not torch.allclose(plain, without, atol=1e-3)
    none = decode_charts(model, asked, replace(PLAIN, guidance=0.0), show_progress=False)
    torch.testing.assert_close(none, without, atol=1e-4, rtol=1e-4)
    steered = decode_charts(model, asked, replace(PLAIN, guidance=3.0), show_progress=False)
    assert not torch.allclose(steered, plain, atol=1e-3)


def test_the_noise_of_a_song_is_its_own(model: Any, tmp_path: Path) -> None:
    dataset = SyntheticDataset(str(tmp_path))
    whole = decode_charts(model, collate([dataset[index, 0] for index in range(3)]), PLAIN, show_progress=False)
    last = decode_charts(model, collate([dataset[2, 0]]), PLAIN, first=2, show_progress=False)
    torch.testing.assert_close(last, whole[2:], atol=1e-4, rtol=1e-4)
    assert not torch.allclose(
        decode_charts(model, collate([dataset[2, 0]]), PLAIN, show_progress=False), last, atol=1e-3
    )


def test_the_timing_of_a_shifted_chart_is_shifted_too(tmp_path: Path) -> None:
    write_osu(Beatmap(4, [Note(9000.0, 1)], [TimingPoint(250.0, 400.0)]), tmp_path / "chart.osu")
    shifted = beatmap_logger.human_chart({"path": str(tmp_path / "chart.osu"), "shift_ms": 12.0})
    assert shifted is not None
    assert shifted.timing_points == [TimingPoint(262.0, 400.0)]


def test_notes_of_a_window_go_back_to_the_song() -> None:
    song = Beatmap(4, [Note(9000.0, 1, 9700.0), Note(9800.0, 2)], [])
    convertor = ManiaConvertor(FRAME_MS, max_frame=64, offset_ms=-7500.0)
    window = Beatmap(4, convertor.decode(convertor.encode(song).note), [])
    written = in_song(window, song, 7500.0, suffix="back")
    assert [(note.start_ms, note.column) for note in written.notes] == [
        (pytest.approx(9000.0, abs=0.1), 1),
        (pytest.approx(9800.0, abs=0.1), 2),
    ]
    assert written.notes[0].end_ms == pytest.approx(9700.0, abs=0.1)


def test_motifs_are_counted_by_the_timing_points_of_the_song() -> None:
    """The window begins 7.5 s into the song, where a measure of the song's tempo begins, too."""
    song = Beatmap(4, [], [TimingPoint(7500.0 - 6 * 400.0, 400.0)])
    window = Window(ManiaConvertor(FRAME_MS, max_frame=64, offset_ms=-7500.0), None, 7500.0)
    assert window.timing(song) == [TimingPoint(-2400.0, 400.0)]
    notes = [Note(200.0 * i, column) for i, column in enumerate((0, 1, 2, 3, 3, 2, 1, 0))]
    human = Beatmap(4, notes, window.timing(song))
    other = replace(human, notes=[*notes[:4], *(replace(note, column=0) for note in notes[4:])])
    row = compare(human, other, 2000.0)
    assert (row["val/motif_share_human"], row["val/motif_share"]) == (1.0, 0.0)
    assert compare(human, replace(human, notes=[]), 2000.0)["val/motif_share"] == 0.0


def test_windows_in_which_nothing_returns_do_not_count() -> None:
    assert means(
        [{"a": 1.0, "b": float("nan")}, {"a": float("nan"), "b": float("nan")}, {"a": 2.0, "b": float("nan")}]
    ) == {"a": 1.5}
