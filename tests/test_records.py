"""The reader of records: what it lets pass, what it misses, and that no record lies unread."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from records import FAMILIES, Record, arguments, family_of, recordings

from mug.diffusion.latent_diffusion import LatentDiffusion
from mug.diffusion.unet import UNetModel
from mug.model.s4 import S4


def write(path: Path, config: dict[str, Any] | None = None, **arrays: Any) -> Record:
    """A record of these arrays, whose names have "__" for "/"."""
    named = {name.replace("__", "/"): np.asarray(value) for name, value in arrays.items()}
    np.savez(path, config=json.dumps(config or {}), **named)
    return Record(path)


def test_every_record_is_of_a_family_that_some_test_reads(parity: Path) -> None:
    tests = [path for path in Path(__file__).parent.rglob("test_*.py") if path.name != "test_records.py"]
    read = "\n".join(path.read_text() for path in tests)
    for family in FAMILIES:
        assert f'recordings("{family}")' in read or f'"{family}": ' in read, family
    for path in parity.glob("*.npz"):
        assert family_of(path.stem) is not None, f"{path.name} is of no known family: no test reproduces it"


def test_an_output_that_nothing_was_compared_with_is_named(tmp_path: Path) -> None:
    record = write(tmp_path / "x.npz", out__y=[1.0, 2.0], out__log__z=3.0, state_after__C=[4.0])
    record.assert_reproduced("y", torch.tensor([1.0, 2.0]))
    with pytest.raises(AssertionError, match=r"x: recorded, but compared with nothing: log/z, state_after/C$"):
        record.assert_all_reproduced()
    assert record.group("log/") == ["z"]
    record.assert_reproduced("state_after/C", torch.tensor([4.0]))
    record.assert_all_reproduced(but=("log/z",))


@pytest.mark.parametrize(
    ("expected", "rounding", "actual", "is_near"),
    [
        (1.0, 1e-5, 1.00009, True),  # ten times the recorded rounding
        (1.0, 1e-5, 1.00011, False),
        (1.0, None, 1.00009, True),  # 1e-4 where none is recorded
        (1.0, None, 1.00011, False),
        (1e-3, None, 1e-3 + 0.9e-7, True),  # of the largest value
        (1e-3, None, 1e-3 + 1.1e-7, False),
        (1.0, 0.0, 1 + 1.1e-6, True),  # ten times the spacing of floats
        (1.0, 0.0, 1 + 1.3e-6, False),
        (1.0, None, float("nan"), False),
    ],
)
def test_what_counts_as_reproduced(tmp_path, expected, rounding, actual, is_near) -> None:
    extra = {} if rounding is None else {"extra__f32_vs_f64_maxabs__y": rounding}
    record = write(tmp_path / "x.npz", out__y=[expected, 0.0], **extra)
    if is_near:
        record.assert_reproduced("y", torch.tensor([actual, 0.0]))
        assert record.reproduced == {"y"}
    else:
        with pytest.raises(AssertionError, match="x, y: Tensor-likes are not close"):
            record.assert_reproduced("y", torch.tensor([actual, 0.0], dtype=torch.float64))
        assert record.reproduced == set()


def test_another_shape_is_not_reproduced(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="shape"):
        write(tmp_path / "x.npz", out__y=[0.0, 0.0]).assert_reproduced("y", torch.zeros(1, 2))


def test_inputs_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    record = write(tmp_path / "x.npz", **{f"in__audio_{i}": i for i in (10, 2, 0, 1, 11)}, in__audio=99)
    assert [int(audio) for audio in record.numbered("audio_")] == [0, 1, 2, 10, 11]


def test_notes_are_no_options(tmp_path: Path) -> None:
    record = write(tmp_path / "x.npz", {"heads": 3, "_seed": 5})
    assert (record.config, record.notes) == ({"heads": 3}, {"seed": 5})


def test_options_that_are_off_or_always_so_are_left_out() -> None:
    s4 = {"d_model": 12, "n_ssm": 12, "measure": "legs", "dropout": 0.1, "tie": False, "state_shapes": {"D": [1, 12]}}
    assert arguments(S4, s4) == {"d_model": 12, "kernel": "nplr_half_poles"}
    unet = {"num_heads": 3, "num_head_channels": -1, "lstm_last": False, "context_dim": None}
    assert arguments(UNetModel, unet) == {"num_heads": 3, "context_dim": None, "s4_kernel": "nplr_half_poles"}
    nested = arguments(
        LatentDiffusion, {"unet_config": {"target": "mug.diffusion.unet.UNetModel", "params": unet}, "v_posterior": 0}
    )
    assert nested == {"unet_config": {"target": "mug.diffusion.unet.UNetModel", "params": arguments(UNetModel, unet)}}


@pytest.mark.parametrize(
    ("constructor", "option"), [(UNetModel, {"lstm_last": True}), (S4, {"measure": "lagt"}), (S4, {"n_ssm": 2})]
)
def test_options_that_ours_cannot_be_built_with_are_named(constructor: type, option: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match=f"recorded with {next(iter(option))} = .*, which {constructor.__name__}"):
        arguments(constructor, option)


def test_records_beside_the_standard_ones_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUG_PARITY_DIR", str(tmp_path))
    for name in ("attention_core", "attention_core_wide", "attention_deep", "s4"):
        (tmp_path / f"{name}.npz").touch()
    assert recordings("attention_core") == ["attention_core", "attention_core_wide"]
    assert recordings("attention") == ["attention_cross", "attention_deep", "attention_self"]
    assert recordings("s4") == ["s4", "s4_bidirectional"]
    with pytest.raises(pytest.skip.Exception, match=r"no s4_bidirectional\.npz in "):
        Record(tmp_path / "s4_bidirectional.npz")
