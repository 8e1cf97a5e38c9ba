"""Spectra from folders of audio to a model's music, at tiny sizes."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from mug.data.audio import AudioSettings, log_mel
from mug.diffusion.diffusion import DDPM
from mug.errors import ConfigError, DatasetError, PromptError
from mug.pictures.spectra import draw_spectra
from mug.spectra.dataset import SpectrumTrainDataset, SpectrumValidDataset
from mug.spectra.distances import average_distance
from mug.spectra.generate import SpectrumSampling, frames_of, sample_spectra, style_id
from mug.spectra.network import SpectrogramDiffusion
from mug.spectra.prepare import prepare_spectra, songs_by_folder
from mug.spectra.sound import decibels, griffin_lim

AUDIO = {"sr": 8000, "n_fft": 256, "n_mels": 16}
SETTINGS = AudioSettings(**AUDIO)
UNET = {
    "in_channels": 16,
    "out_channels": 16,
    "model_channels": 64,  # with 32, each norm takes out of its only channel what timestep and style added to it
    "channel_mult": [1, 1],
    "num_res_blocks": 1,
    "attention_resolutions": [],
    "pooled_context": True,
    "num_heads": 2,
    "context_dim": 8,
}


def tone(hz: float, seconds: float = 1.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(int(8000 * seconds)) / 8000).astype(np.float32)


def tiny(**params: object) -> SpectrogramDiffusion:
    torch.manual_seed(1)
    node = {"target": "mug.diffusion.unet.UNetModel", "params": UNET}
    settings = {"styles": ["high", "low"], "audio": AUDIO, "frames": 64, "style_dim": 8, "timesteps": 11}
    return SpectrogramDiffusion(node, **{**settings, **params})


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    music, out = tmp_path_factory.mktemp("music"), tmp_path_factory.mktemp("spectra")
    for style, hertz in {"low": (200, 220, 240), "high": (2000, 2200, 2400)}.items():
        (music / style).mkdir()
        for hz in hertz:
            soundfile.write(music / style / f"{hz}.wav", tone(hz), 8000)
    (music / "low" / "copy.wav").write_bytes((music / "low" / "200.wav").read_bytes())
    (music / "low" / "broken.mp3").write_bytes(b"no sound" * 99)
    report = prepare_spectra(out, songs_by_folder(music), SETTINGS, jobs=1)
    return out, str(report)


def test_copies_and_broken_files_are_left_out(prepared: tuple[Path, str]) -> None:
    out, report = prepared
    assert report.startswith("6 songs, 2 skipped: 1 unusable, 1 copies")
    assert "broken.mp3" in report
    assert sorted(path.parent.name for path in out.rglob("*.npy")) == ["high"] * 3 + ["low"] * 3


def test_a_folder_without_audio_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="make a folder in it for each style"):
        songs_by_folder(tmp_path)
    with pytest.raises(DatasetError, match="mug prepare-sound"):
        SpectrumTrainDataset(str(tmp_path), ["low"], 64)


def test_an_item_is_a_function_of_its_index_and_epoch(prepared: tuple[Path, str]) -> None:
    params = {"valid_fraction": 0.0, "test_fraction": 0.0}
    data = SpectrumTrainDataset(str(prepared[0]), ["high", "low"], 64, **params)
    assert data.sizes() == {"songs": 6, "crops": 6}  # 126 frames a song
    one, again, other = data[3, 1], data[3, 1], data[3, 2]
    assert one["mel"].shape == (16, 64)
    assert np.array_equal(one["mel"], again["mel"])
    assert one["meta"]["start"] != other["meta"]["start"]
    silent = SpectrumTrainDataset(str(prepared[0]), ["high", "low"], 64, style_dropout_p=1.0, **params)
    assert {int(data[index]["style"][0]) for index in range(len(data))} == {1, 2}
    assert {int(silent[index]["style"][0]) for index in range(len(silent))} == {0}


def test_a_short_song_ends_in_silence(prepared: tuple[Path, str]) -> None:
    data = SpectrumTrainDataset(str(prepared[0]), ["high", "low"], 256, valid_fraction=0.0, test_fraction=0.0)
    item = data[0]
    assert int(item["n_frames"]) == 126
    assert not item["mel"][:, 126:].any()
    assert item["mel"][:, :126].any()


def test_an_unknown_style_and_an_empty_split_are_named(prepared: tuple[Path, str]) -> None:
    with pytest.raises(ConfigError, match="'low' is none of the model's"):
        SpectrumTrainDataset(str(prepared[0]), ["high"], 64, valid_fraction=0.0, test_fraction=0.0)
    with pytest.raises(DatasetError, match="no song in the valid split"):
        SpectrumValidDataset(str(prepared[0]), ["high", "low"], 64, valid_fraction=0.0, test_fraction=0.0)


def test_griffin_lim_gives_a_tone_its_pitch_back() -> None:
    sound = griffin_lim(log_mel(tone(1000), SETTINGS), SETTINGS)
    loudest = np.abs(np.fft.rfft(sound)).argmax() * 8000 / len(sound)
    assert loudest == pytest.approx(1000, abs=250)
    assert np.abs(sound).max() <= 0.9 + 1e-6


def test_distances_are_zero_for_the_same_and_grow() -> None:
    one, other = (decibels(log_mel(tone(hz), SETTINGS)) for hz in (300, 1500))
    assert average_distance(one, one) == 0
    assert average_distance(one, other) > 1
    assert decibels(np.array([[np.log(1 + 99.0)]])).item() == pytest.approx(20)


def test_the_loss_reaches_the_styles_of_the_batch() -> None:
    network = tiny()
    for parameter in network.unet_model.parameters():
        if not parameter.any():  # a block begins as nothing
            torch.nn.init.normal_(parameter, std=0.1)
    batch = {"mel": torch.rand(2, 16, 64), "style": torch.tensor([[0], [2]])}
    x_0 = network.latents_of(batch, network.lengths_of(batch))
    loss, log, items = network.p_losses(batch, x_0, torch.tensor([3, 7]), torch.randn_like(x_0))
    loss.backward()
    assert network.style_embedding.weight.grad is not None
    assert network.style_embedding.weight.grad.abs().sum(dim=1).gt(0).tolist() == [True, False, True]
    assert items.shape == (2,)
    assert log["loss"] == loss


def test_noise_depends_on_the_seed_and_the_number() -> None:
    network, how = tiny().eval(), SpectrumSampling(steps=2, seed=5)
    torch.nn.init.normal_(network.unet_model.out[2].weight)
    two = sample_spectra(network, [1, 1], 32, how, tqdm_class=lambda path, **_: path)
    second = sample_spectra(network, [1], 32, how, first=1, tqdm_class=lambda path, **_: path)
    torch.testing.assert_close(two[1:], second, rtol=1e-4, atol=1e-4)
    assert not torch.equal(two[0], two[1])


def test_lengths_and_styles_are_checked() -> None:
    network = tiny()
    assert frames_of(network, 1.0) == 128  # 125 frames, in multiples of 32
    assert (style_id(network, None), style_id(network, "low")) == (0, 2)
    with pytest.raises(PromptError, match="the model knows high, low"):
        style_id(network, "polka")
    with pytest.raises(PromptError, match="up to 60"):
        frames_of(network, 61)
    with pytest.raises(ConfigError, match=r"in_channels is 16, but audio\.n_mels is 20"):
        tiny(audio={**AUDIO, "n_mels": 20})


def test_the_class_that_trains_it_is_that_of_charts() -> None:
    from mug.training.trainers import build_trainable

    node = {"target": "mug.diffusion.unet.UNetModel", "params": UNET}
    params = {"unet_config": node, "styles": ["a"], "audio": AUDIO, "frames": 64, "style_dim": 8}
    trained = build_trainable({"target": "mug.spectra.network.SpectrogramDiffusion", "params": params})
    assert isinstance(trained, DDPM)
    assert trained.network.has_trained_first_stage


def test_a_picture_has_high_pitches_on_top() -> None:
    picture = np.asarray(draw_spectra([np.eye(2, 3, dtype=np.float32)]))
    assert picture.shape == (4, 3, 3)
    assert picture[3, 0].sum() > picture[0, 0].sum()  # bin 0 sounds first
