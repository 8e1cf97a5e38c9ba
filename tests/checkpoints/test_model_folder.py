"""Models as folders: they load like the checkpoint they came from, and whatever is wrong with one is named."""

import json
import os
import re
import shutil
import struct
from pathlib import Path

import pytest
import torch
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from tiny_model import tiny_run_config

from mug.checkpoints.model_folder import new_folder, own_storage, save_model_folder
from mug.checkpoints.trained_model import load_trained_model
from mug.errors import CheckpointError
from mug.generation import ChartGenerator
from mug.model.weights import load_weights, read_state
from mug.yaml_files import MAX_YAML_BYTES, read_yaml


@pytest.fixture(scope="module")
def content(tiny_checkpoint) -> dict:
    return torch.load(tiny_checkpoint, weights_only=True)


@pytest.fixture(scope="module")
def saved(content, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny"
    save_model_folder(folder, content["state_dict"], content["config"], "card")
    return folder


@pytest.fixture
def folder(saved, tmp_path) -> Path:
    """A copy to be damaged."""
    return Path(shutil.copytree(saved, tmp_path / "tiny"))


@pytest.mark.parametrize("form", ["folder", "file"])
def test_a_folder_loads_like_the_checkpoint_it_came_from(tiny_checkpoint, saved, form):
    path = saved if form == "folder" else saved / "model.safetensors"
    ours, original = load_trained_model(path), load_trained_model(tiny_checkpoint)
    assert (ours.keys, ours.audio_settings) == (original.keys, original.audio_settings)
    assert ours.spec.features == original.spec.features
    state = original.model.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in ours.model.state_dict().items())
    assert not any(parameter.requires_grad for parameter in ours.model.parameters())


def test_a_folder_stands_alone_and_says_only_what_the_model_is(saved):
    assert sorted(path.name for path in saved.iterdir()) == [
        *["README.md", "config.yaml", "features.yaml", "model.safetensors"]
    ]
    config = yaml.safe_load((saved / "config.yaml").read_text())
    run = tiny_run_config()
    assert config["data"] == {"params": {"common": {"keys": 4, "audio": run["data"]["params"]["common"]["audio"]}}}
    params = config["model"]["params"]
    assert params["cond_stage_config"]["params"]["path_to_yaml"] == "features.yaml"
    assert params["first_stage_config"]["params"]["ckpt_path"] is None
    assert params["unet_config"] == run["model"]["params"]["unet_config"]


def test_all_files_can_be_read_by_whoever_can_read_one(saved):
    assert len({path.stat().st_mode for path in saved.iterdir()}) == 1


def test_further_training_starts_from_a_folder(saved, content):
    state = read_state(saved)
    assert state.keys() == content["state_dict"].keys()
    model = load_trained_model(saved).model
    first_stage = model.model.first_stage_model
    torch.nn.init.zeros_(first_stage.decoder.conv_out.weight)
    load_weights(first_stage, saved / "model.safetensors", remove_prefix="model.first_stage_model.")
    name = "model.first_stage_model.decoder.conv_out.weight"
    assert torch.equal(first_stage.decoder.conv_out.weight, content["state_dict"][name])


def test_an_external_configuration_replaces_the_folders_own(folder):
    (folder / "config.yaml").unlink()
    assert load_trained_model(folder, config=tiny_run_config()).keys == 4
    with pytest.raises(CheckpointError, match=r"config\.yaml: no such file"):
        load_trained_model(folder)


class TestWriting:
    """A folder is whole or absent."""

    def test_nothing_is_left_where_writing_fails(self, content, tmp_path):
        config = tiny_run_config()
        config["model"]["params"]["z_length"] = object()  # no YAML can say it
        with pytest.raises(CheckpointError, match="tiny: cannot be written"):
            save_model_folder(tmp_path / "models" / "tiny", content["state_dict"], config, "card")
        assert list((tmp_path / "models").iterdir()) == []

    def test_what_is_there_stays(self, content, tmp_path):
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "song.txt").write_text("la")
        with pytest.raises(CheckpointError, match="mine: exists already"):
            save_model_folder(tmp_path / "mine", content["state_dict"], content["config"], "card")
        assert [path.name for path in tmp_path.rglob("*")] == ["mine", "song.txt"]

    def test_an_empty_folder_is_filled(self, tmp_path):
        (tmp_path / "empty").mkdir()
        with new_folder(tmp_path / "empty") as temporary:
            (temporary / "file").touch()
        assert [path.name for path in tmp_path.rglob("*")] == ["empty", "file"]

    def test_a_place_that_cannot_be_written_to_is_named(self, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(CheckpointError, match="file/model: cannot be written"), new_folder(tmp_path / "file/model"):
            pass

    def test_tensors_that_share_memory_are_told_apart(self, tmp_path):
        both = torch.arange(6.0)
        state = {"low": both[:2], "high": both[2:], "turned": torch.arange(6.0).view(2, 3).T, "all": both}
        save_file(own_storage(state), tmp_path / "weights.safetensors")
        read = load_file(tmp_path / "weights.safetensors")
        assert all(torch.equal(read[name], value) for name, value in state.items())
        whole = torch.ones(3)
        assert own_storage({"whole": whole})["whole"].data_ptr() == whole.data_ptr()  # big models are not copied

    def test_two_names_of_one_tensor_are_written_twice(self, tmp_path):
        whole = torch.arange(6.0)
        save_file(own_storage({"encoder": whole, "decoder": whole}), tmp_path / "weights.safetensors")
        read = load_file(tmp_path / "weights.safetensors")
        assert torch.equal(read["encoder"], whole)
        assert torch.equal(read["decoder"], whole)


def edit(folder: Path, change) -> None:
    path = folder / "config.yaml"
    config = yaml.safe_load(path.read_text())
    change(config)
    path.write_text(yaml.safe_dump(config))


def unet(config: dict) -> dict:
    return config["model"]["params"]["unet_config"]["params"]


class TestHostileFolders:
    """Every folder either loads or is refused in a line that names the file."""

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("../features.yaml", "leads out of this folder"),
            ("/etc/passwd", "not a file name inside this folder"),
            ("C:\\features.yaml", "not a file name inside this folder"),
            ("..\\features.yaml", "leads out of this folder"),
            ("link.yaml", "leads out of this folder"),
            ("nowhere.yaml", "no such file"),
            ("fifo", "no such file"),
            ("model.safetensors", "no model configuration is that long|not readable"),
        ],
    )
    def test_features_stay_in_the_folder(self, folder, name, reason):
        shutil.copy(folder / "features.yaml", folder.parent / "features.yaml")
        (folder / "link.yaml").symlink_to(folder.parent / "features.yaml")
        os.mkfifo(folder / "fifo")
        edit(folder, lambda c: c["model"]["params"]["cond_stage_config"]["params"].update(path_to_yaml=name))
        with pytest.raises(CheckpointError, match=reason) as caught:
            load_trained_model(folder)
        assert str(folder) in str(caught.value)

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (lambda c: c.update(model={"target": "os.system", "params": {"command": "true"}}), "'os.system'"),
            (
                lambda c: c["model"]["params"]["unet_config"].update(target="subprocess.run"),
                "'subprocess.run', which is no",
            ),
            (lambda c: c["model"].update(target="mug.synth.songs.write_songs"), "which is not a network"),
            (lambda c: unet(c).update(speed=1), "unknown key 'speed'"),
            (lambda c: unet(c).update(model_channels=64), r"input_blocks.0.0.bias is \[32\], the model's is \[64\]"),
            (lambda c: unet(c).update(model_channels=32 * 10**12), "does not fit|builds no model"),
            (lambda c: unet(c).update(num_res_blocks=10**9), "asks for more than 10000 tensors"),
            (lambda c: c["model"]["params"].update(timesteps=10**12), "has more timesteps"),
            (lambda c: c["model"]["params"].update(timesteps="many"), "builds no model"),
            (lambda c: c["model"].update(params=[1]), "builds no model"),
            (lambda c: c.update(model=3), "builds no model"),
            (lambda c: c.pop("model"), "lacks 'model'"),
            (lambda c: c.pop("data"), "lacks 'data'"),
            (lambda c: c["data"]["params"]["common"].update(keys="x"), "builds no model"),
            (lambda c: c["data"].update(params=None), "builds no model"),
        ],
    )
    def test_a_configuration_that_is_none_is_refused(self, folder, change, reason):
        edit(folder, change)
        with pytest.raises(CheckpointError, match=reason) as caught:
            load_trained_model(folder)
        assert str(folder) in str(caught.value)

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("[", "not readable as YAML"),
            ("a: ${b", "not readable as YAML"),
            ("\x00", "not readable as YAML"),
            ("? [1]\n: 2", "not readable as YAML"),
            ("3", "not readable as YAML"),
            ("- 1", "its configuration is a list, not a mapping"),
            ("", "lacks 'model'"),
            ("a: &a [1]\nb: &b [*a, *a, *a]\nmodel: [*b, *b, *b]\n", r"YAML aliases \(\*name\) are not read"),
            ("[" * 5000, "nested deeper than 30 levels"),
            ("x: " + "y" * MAX_YAML_BYTES, "no model configuration is that long"),
        ],
    )
    def test_text_that_is_no_configuration(self, folder, text, reason):
        (folder / "config.yaml").write_text(text)
        with pytest.raises(CheckpointError, match=reason) as caught:
            load_trained_model(folder)
        assert str(folder) in str(caught.value)

    def test_features_with_more_rows_than_weights(self, folder):
        features = (folder / "features.yaml").read_text().replace("interval: 0.2", "interval: 1.0e-9")
        (folder / "features.yaml").write_text(features)
        with pytest.raises(CheckpointError, match=r"embedding\.weight is \[329, 5\], the model's is"):
            load_trained_model(folder)
        (folder / "features.yaml").write_text(features.replace("1.0e-9", "1.0e-320"))
        with pytest.raises(CheckpointError, match="builds no model"):
            load_trained_model(folder)

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (lambda s: s.pop("betas"), "betas is missing"),
            (lambda s: s.update(extra=torch.zeros(1)), "extra is unknown"),
            (lambda s: s.update({"\x1b[2J": torch.zeros(1)}), r"'\\x1b\[2J'"),
            (lambda s: s.update(betas=torch.zeros(3)), r"betas is \[3\]"),
            (lambda s: s.update(betas=s["betas"].long()), "betas is of torch.int64, the model's of torch.float32"),
            (lambda s: s.update(betas=s["betas"].to(torch.complex64)), "betas is of torch.complex64"),
            (lambda s: s.update({n: torch.tensor(-5) for n in s if n.endswith("kernel.L")}), "L is -5"),
            (lambda s: s.update({n: torch.tensor(2**40) for n in s if n.endswith("kernel.L")}), "between 0 and 65536"),
        ],
    )
    def test_tensors_that_do_not_fit_are_named(self, folder, change, reason):
        state = load_file(folder / "model.safetensors")
        change(state)
        save_file(state, folder / "model.safetensors")
        with pytest.raises(CheckpointError, match=reason) as caught:
            load_trained_model(folder)
        assert str(folder) in str(caught.value)

    def test_half_the_precision_loads(self, folder):
        state = load_file(folder / "model.safetensors")
        halves = {name: value.half() if value.is_floating_point() else value for name, value in state.items()}
        save_file(halves, folder / "model.safetensors")
        loaded = load_trained_model(folder).model.state_dict()
        assert loaded["betas"].dtype == torch.float32
        assert torch.equal(loaded["betas"], halves["betas"].float())

    @pytest.mark.parametrize("kept", [0, 4, 8, 100, -1])
    def test_truncated_weights(self, folder, kept):
        file = folder / "model.safetensors"
        file.write_bytes(file.read_bytes()[:kept])
        with pytest.raises(CheckpointError, match=re.escape(f"{file}: not a readable file of tensors")):
            load_trained_model(folder)

    @given(
        header=st.one_of(
            st.binary(max_size=40),
            st.recursive(
                st.none() | st.integers() | st.sampled_from(["F32", "a", "betas"]),
                lambda inner: (
                    st.lists(inner, max_size=3)
                    | st.dictionaries(
                        st.sampled_from(["a", "dtype", "shape", "data_offsets", "__metadata__"]), inner, max_size=4
                    )
                ),
            ),
        )
    )
    @settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_any_header(self, tmp_path, header):
        text = header if isinstance(header, bytes) else json.dumps(header).encode()
        file = tmp_path / "model.safetensors"
        file.write_bytes(struct.pack("<Q", len(text)) + text)
        with pytest.raises(CheckpointError):
            load_trained_model(file, config=tiny_run_config())

    def test_a_folder_of_something_else(self, tmp_path, folder):
        with pytest.raises(CheckpointError, match=r"no model\.safetensors in this folder; for a run, give"):
            ChartGenerator.load(tmp_path)
        (folder / "model.safetensors").unlink()
        (folder / "model.safetensors").mkdir()
        with pytest.raises(CheckpointError, match="no such checkpoint"):
            ChartGenerator.load(folder)
        with pytest.raises(CheckpointError, match=r"nowhere\.safetensors: no such checkpoint"):
            ChartGenerator.load(tmp_path / "nowhere.safetensors")


@given(st.text(alphabet="ab-:[]{}&*!${}'\"#|>? \n\t1e.", max_size=60))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_yaml_is_read_or_refused(tmp_path, text):
    (tmp_path / "any.yaml").write_text(text)
    try:
        read_yaml(tmp_path / "any.yaml")
    except CheckpointError as error:
        assert "any.yaml" in str(error)  # noqa: PT017


def test_numbers_in_short_hand_are_numbers(tmp_path):
    (tmp_path / "n.yaml").write_text("a: 1e-4\nb: ${a}\n")
    assert read_yaml(tmp_path / "n.yaml") == {"a": 1e-4, "b": "${a}"}
