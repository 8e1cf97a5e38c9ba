"""Checkpoints of the 2023 program: every tensor taken over bit by bit or accounted for, in both directions."""

import copy
import json
import math
import os
import pickle
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from records import UNKNOWN_ROUNDING, Record
from safetensors.torch import load_file
from tiny_model import tiny_run_config

from mug.checkpoints.trained_model import load_trained_model
from mug.diffusion.ddim import ddim_sample, guided, sampling_steps
from mug.diffusion.schedule import make_beta_schedule, schedule_buffers
from mug.errors import CheckpointError, ConfigError
from mug.firststage.autoencoder import AutoencoderKL
from mug.model.network_node import build_network
from mug.model.weights import load_weights
from mug.original2023.checkpoint import DROPPED, export_original, import_original
from tests.original2023.test_original_config import original_node, our_node


@pytest.fixture(scope="module")
def tiny_state() -> dict[str, torch.Tensor]:
    with torch.random.fork_rng():
        torch.manual_seed(5)
        return build_network(our_node()).state_dict()


@pytest.fixture
def state(tiny_state) -> dict[str, torch.Tensor]:
    return dict(tiny_state)


def write(folder: Path, state: object, model: object, **others: object) -> Path:
    """Write a model.ckpt and the model.yaml beside it; return the first."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.yaml").write_text(yaml.safe_dump({"model": model, **others}))
    torch.save({"state_dict": state}, folder / "model.ckpt")
    return folder / "model.ckpt"


def imported(checkpoint: Path, folder: Path, **options: object):
    return import_original(checkpoint, checkpoint.with_name("model.yaml"), folder, **options)


def assert_same_tensors(actual: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert actual.keys() == expected.keys()
    for name, value in expected.items():
        assert actual[name].dtype == value.dtype, name
        assert torch.equal(actual[name], value), name


class TestTinyModel:
    def test_there_and_back_every_bit_is_the_same(self, state, tmp_path):
        report = imported(write(tmp_path / "original", state, original_node()), tmp_path / "ours")
        assert_same_tensors(load_file(tmp_path / "ours" / "model.safetensors"), state)
        assert sum(report.parameters.values()) == sum(
            parameter.numel() for parameter in build_network(our_node()).parameters()
        )
        assert list(report.parameters) == ["unet_model", "first_stage_model", "wave_model", "cond_stage_model"]
        assert report.is_generator

        export_original(tmp_path / "ours", tmp_path / "back")
        back = torch.load(tmp_path / "back" / "model.ckpt", weights_only=True)
        assert list(back) == ["state_dict"]
        assert_same_tensors(back["state_dict"], state)
        again = imported(tmp_path / "back" / "model.ckpt", tmp_path / "again")
        for file in ("model.safetensors", "config.yaml", "features.yaml"):
            assert (tmp_path / "again" / file).read_bytes() == (tmp_path / "ours" / file).read_bytes()
        assert [line for line in again.assumed if line.startswith("audio")] == []  # the exported model.yaml says it

    def test_the_model_is_ready_to_chart(self, state, tmp_path):
        report = imported(write(tmp_path, state, original_node()), tmp_path / "ours")
        trained = load_trained_model(tmp_path / "ours")
        audio = tiny_run_config()["data"]["params"]["common"]["audio"]
        assert vars(trained.audio_settings) == {"kind": "mel", **audio}
        assert trained.keys == 4
        assert trained.model.normalize_latents is False
        assert "audio: sr = 22050" in report.assumed
        assert "audio: n_fft = 512" in report.assumed
        assert "model.params.first_stage_config.params.scale = 1.0" in report.assumed
        assert any("mania_beatmap_features.yaml" in line for line in report.assumed)

    def test_audio_settings_are_read_wherever_they_stand(self, state, tmp_path):
        data = {"params": {"train": [{"params": {"sr": 44100, "n_mels": 16}}], "common": {"n_fft": 1024}}}
        report = imported(write(tmp_path, state, original_node(), data=data, lightning={}), tmp_path / "ours")
        assert "model.yaml: 'lightning'" in report.left_out
        settings = load_trained_model(tmp_path / "ours").audio_settings
        assert (settings.sr, settings.n_fft, settings.n_mels) == (44100, 1024, 16)
        assert not any(line.startswith("audio") for line in report.assumed)

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            ({"n_mels": 80}, "n_mels is 80, but 16"),
            ({"train": {"sr": 22050}, "test": {"sr": 44100}}, "sr is (22050|44100), but"),
            ({"audio_note_window_ratio": 4}, "audio_note_window_ratio is 4, but 8"),
            ({"max_audio_frame": 32768}, "max_audio_frame is 32768, but 512"),
            ({"sr": "${sr}"}, "whole numbers"),
        ],
    )
    def test_audio_settings_that_contradict_are_named(self, state, tmp_path, data, reason):
        with pytest.raises(ConfigError, match=reason):
            imported(write(tmp_path, state, original_node(), data=data), tmp_path / "ours")

    @pytest.mark.parametrize(
        ("reading", "kernel"),
        [("half-poles", "nplr_half_poles"), ("conjugate-poles", "nplr"), (None, "nplr_half_poles")],
    )
    def test_the_reading_of_s4_layers_is_kept_and_said(self, state, tmp_path, reading, kernel):
        options = {} if reading is None else {"s4": reading}
        report = imported(write(tmp_path, state, original_node()), tmp_path / "ours", **options)
        assert report.s4 == (reading or "half-poles")
        config = yaml.safe_load((tmp_path / "ours" / "config.yaml").read_text())
        assert config["model"]["params"]["unet_config"]["params"]["s4_kernel"] == kernel
        assert export_original(tmp_path / "ours", tmp_path / "back").s4 == report.s4

    def test_an_unknown_reading(self, state, tmp_path):
        with pytest.raises(ConfigError, match="unknown reading 'both'; known are half-poles, conjugate-poles"):
            imported(write(tmp_path, state, original_node()), tmp_path / "ours", s4="both")

    def test_everything_that_is_left_out_is_said(self, state, tmp_path):
        extra = {
            "lvlb_weights": torch.zeros(1000),
            "logvar": torch.zeros(1000),
            **{f"model_ema.w{index}": torch.zeros(2) for index in range(5)},
            "model.wave_model.position_embedding.inv_freq": torch.zeros(2),
            "model.first_stage_model.loss.weight": torch.zeros(2),
        }
        path = write(tmp_path, state | extra, original_node())
        torch.save({"state_dict": state | extra, "epoch": 3, "optimizer_states": [{"state": {}}]}, path)
        report = imported(path, tmp_path / "ours")
        assert_same_tensors(load_file(tmp_path / "ours" / "model.safetensors"), state)
        said = "\n".join(report.left_out)
        assert "'epoch', 'optimizer_states': of the training" in said
        for name in (
            "lvlb_weights: ",
            "logvar: ",
            "model_ema.w0, model_ema.w1, model_ema.w2 and 2 more: ",
            *list(extra)[-2:],
        ):
            assert name in said

    def test_a_bare_state_dict_is_one_too(self, state, tmp_path):
        path = write(tmp_path, state, original_node())
        torch.save(state, path)
        imported(path, tmp_path / "ours")
        assert_same_tensors(load_file(tmp_path / "ours" / "model.safetensors"), state)

    def test_a_file_from_before_zip_archives_is_read(self, state, tmp_path):
        path = write(tmp_path, state, original_node())
        torch.save({"state_dict": state}, path, _use_new_zipfile_serialization=False)
        imported(path, tmp_path / "ours")
        assert_same_tensors(load_file(tmp_path / "ours" / "model.safetensors"), state)

    @pytest.mark.parametrize(
        ("edit", "reason"),
        [
            (lambda s: s.pop("model.wave_model.conv_in.bias"), "model.wave_model.conv_in.bias is missing"),
            (lambda s: s.update(surprise=torch.zeros(1)), "surprise is unknown"),
            (lambda s: s.update({"xlogvar": torch.zeros(1)}), "xlogvar is unknown"),
            (
                lambda s: s.update({"model.wave_model.conv_in.bias": torch.zeros(7)}),
                r"conv_in.bias is \[7\], the model's",
            ),
            (
                lambda s: s.update({"model.wave_model.conv_in.bias": torch.zeros(32).int()}),
                "conv_in.bias is of torch.int32",
            ),
            (lambda s: s.update(betas=s["betas"] * 1.01), "model.ckpt: betas are not those of the configured schedule"),
            (lambda s: s.update(betas=s["betas"] * math.nan), "betas are not those"),
            (
                lambda s: s.update(schedule_buffers(make_beta_schedule("linear", linear_end=1.9e-2))),
                "betas, alphas_cumprod, alphas_cumprod_prev, .* are not those of the configured schedule",
            ),
            (lambda s: s.update(betas=3), "something other than tensors: 'betas'"),
            (lambda s: s.update({4: torch.zeros(1)}), "something other than tensors: 4"),
            (lambda s: s.update(betas=torch.zeros(1000).to_sparse()), "'betas' is not a plain tensor"),
            (lambda s: s.update(betas=torch.zeros(1000, device="meta")), "'betas' is not a plain tensor"),
        ],
    )
    @pytest.mark.filterwarnings("ignore:Validating:UserWarning")
    def test_tensors_that_do_not_fit_are_named(self, state, tmp_path, edit, reason):
        edit(state)
        with pytest.raises(CheckpointError, match=reason) as caught:
            imported(write(tmp_path, state, original_node()), tmp_path / "ours")
        assert "model.ckpt" in str(caught.value)
        assert not (tmp_path / "ours").exists()

    @pytest.mark.parametrize(
        ("edit", "reason"),
        [
            (lambda m: m["params"]["unet_config"]["params"].update(lstm_last=True), "lstm_last is True"),
            (lambda m: m["params"]["unet_config"].update(target="subprocess.run"), "'subprocess.run' is not a network"),
            (
                lambda m: m["params"].update(unet_config=copy.deepcopy(m["params"]["cond_stage_config"])),
                "unet_config asks for 'mug.cond.feature.BeatmapFeatureEmbedder', which is not a network",
            ),
            (lambda m: m["params"]["unet_config"]["params"].update(speed=1), "unet_config.params.speed: the parameter"),
            (lambda m: m["params"].pop("z_channels"), "'z_channels' is missing"),
            (lambda m: m["params"].update(timesteps=10**12), "has more timesteps"),
            (lambda m: m["params"]["cond_stage_config"]["params"].pop("path_to_yaml"), "'path_to_yaml' is missing"),
            (lambda m: m.update(m["params"]["unet_config"]), "model asks for 'mug.diffusion.unet.UNetModel', which is"),
        ],
    )
    def test_configurations_that_do_not_fit_are_named(self, state, tmp_path, edit, reason):
        model = original_node()
        edit(model)
        with pytest.raises((CheckpointError, ConfigError), match=reason) as caught:
            imported(write(tmp_path, state, model), tmp_path / "ours")
        assert "model.yaml" in str(caught.value)

    def test_a_configuration_without_a_model(self, state, tmp_path):
        path = write(tmp_path, state, original_node())
        (tmp_path / "model.yaml").write_text("data: {}\n")
        with pytest.raises(CheckpointError, match=r"model\.yaml: has no 'model'"):
            imported(path, tmp_path / "ours")
        (tmp_path / "model.yaml").unlink()
        with pytest.raises(CheckpointError, match=r"model\.yaml: no such file"):
            imported(path, tmp_path / "ours")

    def test_features_beside_the_configuration_are_taken(self, state, tmp_path):
        model = original_node()
        model["params"]["cond_stage_config"]["params"]["path_to_yaml"] = "../../anywhere/few.yaml"
        state["model.cond_stage_model.embedding.weight"] = torch.rand(6, 5)
        path = write(tmp_path / "original", state, model)
        with pytest.raises(CheckpointError, match=r"embedding.weight is \[6, 5\], the model's is \[329, 5\]"):
            imported(path, tmp_path / "ours")
        (tmp_path / "original" / "few.yaml").write_text("- {name: rc, type: bool}\n- {name: ln, type: bool}\n")
        imported(path, tmp_path / "ours")
        assert load_trained_model(tmp_path / "ours").spec.names == ["rc", "ln"]
        export_original(tmp_path / "ours", tmp_path / "back")
        assert imported(tmp_path / "back" / "model.ckpt", tmp_path / "again").is_generator
        assert (tmp_path / "again" / "features.yaml").read_text() == (tmp_path / "original" / "few.yaml").read_text()

    def test_a_feature_list_whose_name_no_file_can_have(self, state, tmp_path):
        model = original_node()
        model["params"]["cond_stage_config"]["params"]["path_to_yaml"] = "\x1b" + "x" * 300
        report = imported(write(tmp_path, state, model), tmp_path / "ours")
        (line,) = (line for line in report.assumed if line.startswith("the prompt's features"))
        assert f"no '\\x1b{'x' * 300}' beside model.yaml" in line


class TestPickles:
    """Nothing in a file is ever run."""

    def test_objects_are_refused_by_name(self, state, tmp_path):
        class Hostile:
            def __reduce__(self):
                return (os.mkdir, (str(tmp_path / "was_here"),))

        path = write(tmp_path, state, original_node())
        torch.save({"state_dict": state, "callbacks": Hostile()}, path)
        with pytest.raises(CheckpointError, match=r"it contains code \((posix|os)\.mkdir\), which is never run"):
            imported(path, tmp_path / "ours")
        path.write_bytes(pickle.dumps(Hostile(), protocol=2))
        with pytest.raises(CheckpointError, match=r"model\.ckpt: not a readable checkpoint of tensors"):
            imported(path, tmp_path / "ours")
        assert not (tmp_path / "was_here").exists()

    @pytest.mark.parametrize("kept", [0, 2, 100, 5000, -30])
    def test_truncated_files(self, state, tmp_path, kept):
        path = write(tmp_path, state, original_node())
        path.write_bytes(path.read_bytes()[:kept])
        with pytest.raises(CheckpointError, match=r"model\.ckpt: not a readable checkpoint of tensors"):
            imported(path, tmp_path / "ours")

    def test_a_list_is_no_checkpoint(self, tmp_path):
        path = write(tmp_path, {}, original_node())
        torch.save([1], path)
        with pytest.raises(CheckpointError, match="holds a list, not a checkpoint"):
            imported(path, tmp_path / "ours")


class TestOwnRuns:
    def test_a_run_goes_to_the_2023_program(self, tmp_path, state):
        config = {**tiny_run_config(), "model": our_node()}
        torch.save({"state_dict": state, "config": config, "optimizer_states": []}, tmp_path / "last.ckpt")
        report = export_original(tmp_path / "last.ckpt", tmp_path / "back")
        assert (report.s4, report.is_generator) == ("conjugate-poles", True)
        assert_same_tensors(torch.load(tmp_path / "back" / "model.ckpt", weights_only=True)["state_dict"], state)

    def test_a_run_is_no_checkpoint_of_the_2023_program(self, tiny_checkpoint, tmp_path):
        with pytest.raises(CheckpointError, match=r"it is of this program: take `mug export`"):
            import_original(tiny_checkpoint, tmp_path / "model.yaml", tmp_path / "ours")

    def test_what_the_2023_program_has_nothing_like_is_not_exported(self, tiny_checkpoint, tmp_path):
        with pytest.raises(ConfigError, match=r"last\.ckpt: model\.params\.parameterization is 'v'"):
            export_original(tiny_checkpoint, tmp_path / "back")
        assert not (tmp_path / "back").exists()

    @pytest.mark.parametrize("data", [None, {}, {"params": None}])
    def test_a_run_that_does_not_say_its_audio(self, tmp_path, state, data):
        torch.save({"state_dict": state, "config": {"model": our_node(), "data": data}}, tmp_path / "last.ckpt")
        with pytest.raises(CheckpointError, match=r"last\.ckpt: its configuration"):
            export_original(tmp_path / "last.ckpt", tmp_path / "back")

    def test_tensors_that_do_not_fit_are_not_exported(self, tiny_checkpoint, tmp_path):
        content = torch.load(tiny_checkpoint, weights_only=True)
        del content["state_dict"]["betas"]
        torch.save(content, tmp_path / "less.ckpt")
        with pytest.raises(CheckpointError, match="betas is missing"):
            export_original(tmp_path / "less.ckpt", tmp_path / "out")


# --- what the original recorded --------------------------------------------------------------------------------------


def recorded(parity: Path) -> tuple[Record, dict]:
    """The small complete model of the original, and its configuration as a node."""
    record = Record(parity / "ddpm.npz")
    return record, {"target": "mug.diffusion.diffusion.DDPM", "params": record.config}


def test_the_recorded_model_samples_like_the_original(parity, tmp_path):
    record, node = recorded(parity)
    report = imported(write(tmp_path, record.state, node), tmp_path / "ours")
    has_s4 = node["params"]["unet_config"]["params"].get("s4_layer", False)
    assert report.s4 == ("half-poles" if has_s4 else None)
    trained = load_trained_model(tmp_path / "ours")
    model = trained.model
    n_mels, n_frames = record.inputs["audio"].shape[1:]
    assert (trained.audio_settings.n_mels, trained.audio_settings.max_audio_frame) == (n_mels, n_frames)
    assert trained.keys == record.inputs["note"].shape[1] // 4
    with torch.no_grad():
        record.assert_reproduced("latent_mode", model.encode_latent(record.inputs["note"]))
        # recorded with ids of any rows, which the embedder itself refuses
        context = model.model.cond_stage_model.embedding(record.inputs["feature"]).transpose(1, 2)
        record.assert_reproduced("cond", context)
        audios = model.model.wave_model(record.inputs["audio"])
        for level, scale in enumerate(audios):
            record.assert_reproduced(f"wave_{level}", scale)

        sampling = Record(parity / "ddim.npz")
        context = model.model.cond_stage_model.embedding(sampling.inputs["feature"]).transpose(1, 2)
        audios = model.model.wave_model(sampling.inputs["audio"])
    model.model.cond_stage_model.n_features = context.shape[2]
    denoise = guided(model.denoise, context, context, 1.0, audios)
    for run in (name for name in sampling.outputs if re.fullmatch(r"unet_S\d+_g1/x", name)):
        steps = int(run.removeprefix("unet_S").removesuffix("_g1/x"))
        x_T = sampling.inputs["x_T"]
        sample = ddim_sample(denoise, x_T, model.alphas_cumprod, steps, tqdm_class=lambda steps, **_: steps)
        first_signal = sampling_steps(model.alphas_cumprod, steps)[0].a_t ** 0.5  # which the first step divides by
        sampling.assert_reproduced(run, sample, unknown=UNKNOWN_ROUNDING / first_signal)


def test_only_the_right_s4_kernel_denoises_like_the_original(parity, tmp_path):
    record, node = recorded(parity)
    unet = Record(parity / "unet_s4.npz")
    sizes = ("in_channels", "out_channels", "context_dim", "audio_channels")
    if any(unet.config[name] != node["params"]["unet_config"]["params"][name] for name in sizes):
        pytest.skip("the recorded denoiser with S4 layers does not fit into the recorded model")
    state = {name: value for name, value in record.state.items() if not name.startswith("model.unet_model.")}
    state |= {f"model.unet_model.{name}": value for name, value in unet.state.items()}
    node["params"] |= {"unet_config": {"target": "mug.diffusion.unet.UNetModel", "params": unet.config}}
    audios = unet.numbered("audio_")
    given = (unet.inputs["x"], unet.inputs["timesteps"], unet.inputs["context"], audios)
    outputs = {}
    for reading in ("half-poles", "conjugate-poles"):
        imported(write(tmp_path, state, copy.deepcopy(node)), tmp_path / reading, s4=reading)
        with torch.no_grad():
            outputs[reading] = load_trained_model(tmp_path / reading).model.model.unet_model(*given)
    unet.assert_reproduced("eps", outputs["half-poles"])
    assert (outputs["conjugate-poles"] - unet.outputs["eps"]).abs().max() > 0.1


def test_the_recorded_first_stage_decodes_like_the_original(parity, tmp_path):
    record = Record(parity / "autoencoder.npz")
    model = {
        "target": "mug.firststage.autoencoder.AutoencoderKL",
        "params": {**record.config, "monitor": "val/loss", "lossconfig": {"target": "torch.nn.Identity"}},
    }
    report = imported(write(tmp_path, record.state, model), tmp_path / "ours")
    assert list(report.parameters) == ["encoder", "decoder"]
    assert not report.is_generator
    config = yaml.safe_load((tmp_path / "ours" / "config.yaml").read_text())["model"]
    files = ["README.md", "config.yaml", "model.safetensors"]
    assert sorted(path.name for path in (tmp_path / "ours").iterdir()) == files
    first_stage: AutoencoderKL = build_network(config).eval()
    load_weights(first_stage, tmp_path / "ours")
    with torch.no_grad():
        posterior = first_stage.encode(record.inputs["note"])
        record.assert_reproduced("mode", posterior.mode())
        record.assert_reproduced("decode_mode", first_stage.decode(posterior.mode()))
    with pytest.raises(CheckpointError, match="AutoencoderKL; charts need stage 2"):
        load_trained_model(tmp_path / "ours")


def test_the_recorded_unused_buffer_is_left_out(parity):
    with np.load(parity / "wave_mel1d.npz") as record:
        names = [name.removeprefix("state/") for name in record if "inv_freq" in name]
    (pattern,) = [pattern for pattern in DROPPED if "inv_freq" in pattern]
    if not names:
        pytest.skip("recorded without the unused buffer")
    assert all(re.fullmatch(pattern, f"{prefix}{name}") for name in names for prefix in ("", "model.wave_model."))


# --- the full size ---------------------------------------------------------------------------------------------------

FULL_SIZE = """
base_learning_rate: 1.0e-5
target: mug.diffusion.diffusion.DDPM
params:
  {linear_start: 1e-4, linear_end: 2e-2, timesteps: 1000, parameterization: eps, loss_type: smooth_l1, log_every_t: 100,
   z_channels: 16, z_length: 512, monitor: val/loss, use_ema: false,
   unet_config: {target: mug.diffusion.unet.UNetModel, params: {
     in_channels: 16, out_channels: 16, model_channels: 128, channel_mult: [1, 2, 3, 4], num_res_blocks: 2,
     attention_resolutions: [8, 4, 2], num_heads: 8, num_head_channels: -1, context_dim: 128, s4_layer: true,
     audio_channels: [256, 512, 512, 512], lstm_last: false, use_checkpoint: true}},
   first_stage_config: {target: mug.firststage.autoencoder.AutoencoderKL, params: {
     kl_weight: 1e-6, ckpt_path: logs/x/checkpoints/epoch=000050.ckpt, lossconfig: {target: torch.nn.Identity},
     ddconfig: {x_channels: 16, middle_channels: 64, z_channels: 16, num_groups: 8, channel_mult: [1, 2, 4, 4],
                num_res_blocks: 1}}},
   wave_stage_config: {target: mug.cond.wave.MelspectrogramScaleEncoder1D, params: {
     n_freq: 128, middle_channels: 128, attention_resolutions: [128, 256, 512], num_res_blocks: 2, num_heads: 8,
     num_groups: 32, channel_mult: [1, 1, 1, 1, 2, 2, 2, 4, 4, 4], use_checkpoint: true}},
   cond_stage_config: {target: mug.cond.feature.BeatmapFeatureEmbedder, params: {
     path_to_yaml: configs/mug/mania_beatmap_features.yaml, embed_dim: 128}}}
"""


def recorded_tensors(file: Path, section: str, prefix: str = "") -> dict[str, torch.Tensor]:
    """Random tensors of the recorded names below a heading, whose lines are "name <tab> (shape) <tab> dtype"."""
    generator = torch.Generator().manual_seed(0)
    (lines,) = [part for part in file.read_text().split("===== ") if part.startswith(section)]
    state = {}
    for line in lines.splitlines():
        if line.count("\t") == 2 and line.startswith(prefix):
            name, shape, dtype = line.split("\t")
            value = torch.empty(json.loads(shape.replace("(", "[").replace(",)", ")").replace(")", "]")))
            value = value.uniform_(-1, 1, generator=generator) if dtype == "float32" else torch.tensor(512)
            assert str(value.dtype) == f"torch.{dtype}"
            state[name.removeprefix(prefix)] = value
    return state


@pytest.fixture
def large_files() -> Iterator[Path]:
    """A folder that is gone at once: pytest keeps its own for three runs."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.mark.slow
def test_the_full_size_goes_there_and_back(parity, large_files):
    state = recorded_tensors(parity / "statekeys_full.txt", "configs/mug/mug_diffusion.yaml")
    state |= schedule_buffers(make_beta_schedule("linear"))
    assert len(state) == 1515
    report = imported(write(large_files, state, yaml.safe_load(FULL_SIZE)), large_files / "ours")
    assert report.parameters == {
        "unet_model": 102_015_888,
        "first_stage_model": 5_086_192,
        "wave_model": 49_392_192,
        "cond_stage_model": 42_112,
    }
    (large_files / "model.ckpt").unlink()
    assert_same_tensors(load_file(large_files / "ours" / "model.safetensors"), state)
    export_original(large_files / "ours", large_files / "back")
    back = torch.load(large_files / "back" / "model.ckpt", weights_only=True, mmap=True)
    assert_same_tensors(back["state_dict"], state)


@pytest.mark.parametrize(
    ("section", "prefix", "n_parameters", "shape"),
    [
        ("configs/mug/autoencoder.yaml", "", 5_086_192, {"z_channels": 16, "channel_mult": [1, 2, 4, 4]}),
        (
            *("configs/mug/mug_diffusion_stft.yaml", "first_stage_config.", 5_618_448),
            {"z_channels": 32, "channel_mult": [1, 1, 2, 2, 4, 4]},
        ),
    ],
)
def test_full_size_first_stages_go_there_and_back(parity, tmp_path, section, prefix, n_parameters, shape):
    state = recorded_tensors(parity / "statekeys_full.txt", section, prefix)
    ddconfig = {"x_channels": 16, "middle_channels": 64, "num_groups": 8, "num_res_blocks": 1, **shape}
    loss = {"target": "mug.firststage.losses.ManiaReconstructLoss", "params": {"label_smoothing": 0.001}}
    model = {
        "base_learning_rate": 3e-6,
        "target": "mug.firststage.autoencoder.AutoencoderKL",
        "params": {"ddconfig": ddconfig, "lossconfig": loss, "kl_weight": 1e-6, "scale": 2.0},
    }
    report = imported(write(tmp_path, state, model), tmp_path / "ours")
    assert sum(report.parameters.values()) == n_parameters
    assert_same_tensors(load_file(tmp_path / "ours" / "model.safetensors"), state)
    export_original(tmp_path / "ours", tmp_path / "back")
    assert_same_tensors(torch.load(tmp_path / "back" / "model.ckpt", weights_only=True)["state_dict"], state)
    exported = yaml.safe_load((tmp_path / "back" / "model.yaml").read_text())
    assert exported == {"model": {key: model[key] for key in ("target", "params")}}
