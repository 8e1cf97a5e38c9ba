"""A model of spectra as its user has it: prepare, train, draw, score. Tiny sizes, two styles of tones."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from mug.commands import generate_audio, prepare_sound, score_audio, train
from mug.errors import CheckpointError, ConfigError, DatasetError, PromptError
from tests.conftest import PROJECT_ROOT

TINY = [
    "model.params.audio={sr: 8000, n_fft: 256, n_mels: 16}", "model.params.style_dim=8", "model.params.timesteps=50",
    "model.params.unet_config.params.in_channels=16", "model.params.unet_config.params.out_channels=16",
    "model.params.unet_config.params.model_channels=64", "model.params.unet_config.params.channel_mult=[1,1]",
    "model.params.unet_config.params.attention_resolutions=[]", "model.params.unet_config.params.context_dim=8",
    "data.params.batch_size=2", "data.params.common.frames=512", "data.params.common.valid_fraction=0.2",
    "data.params.common.test_fraction=0.3", "lightning.trainer.max_steps=2", "lightning.trainer.val_check_interval=2",
    "lightning.trainer.accelerator=cpu", "lightning.trainer.precision=32-true", "lightning.trainer.log_every_n_steps=1",
    "lightning.callbacks.spectrum_logger.params.count=2",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sound")


@pytest.fixture(scope="module")
def spectra(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    for style, hertz in {"low": 200, "high": 2000}.items():
        (folder / "music" / style).mkdir(parents=True)
        for number in range(8):
            seconds = np.arange(36000) / 8000
            tone = 0.4 * np.sin(2 * np.pi * (hertz + 20 * number) * seconds) + rng.normal(0, 0.01, 36000)
            soundfile.write(folder / "music" / style / f"{number}.wav", tone, 8000)
    sizes = ["--sr", "8000", "--n_fft", "256", "--n_mels", "16", "--jobs", "1"]
    prepare_sound.main(["--audio", str(folder / "music"), "-o", str(folder / "spectra"), *sizes])
    return folder / "spectra"


@pytest.fixture(scope="module")
def checkpoint(spectra: Path, folder: Path) -> str:
    config = PROJECT_ROOT / "configs" / "music" / "spectrogram_diffusion.yaml"
    given = ["--base", str(config), str(spectra / "config.yaml"), "-t", "--logdir", str(folder / "logs")]
    assert train.main([*given, *TINY]) == 0
    return str(next((folder / "logs").glob("*/checkpoints/last.ckpt")))


def test_each_song_has_a_spectrum_and_each_folder_is_a_style(spectra: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (spectra / "config.yaml").read_text().count("low") == 1
    prepare_sound.main(["--audio", str(spectra.parent / "music"), "-o", str(spectra), "--sr", "8000", "--n_fft", "256",
                        "--n_mels", "16", "--jobs", "1"])  # fmt: skip
    assert "16 songs" in capsys.readouterr().out
    with pytest.raises(ConfigError, match="nothing to prepare: give --audio FOLDER"):
        prepare_sound.main([])


def test_music_in_a_style_depends_on_its_seed(
    checkpoint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--checkpoint", checkpoint, "--style", "low", "-n", "2", "--seconds", "1", "--steps", "2"]
    for name in ("first", "again"):
        generate_audio.main([*asked, "-o", str(tmp_path / name)])
    generate_audio.main([*asked, "-o", str(tmp_path / "other"), "--seed", "1"])
    assert capsys.readouterr().out.count("low_0_01.wav") == 2
    first, again = ((tmp_path / name / "low_0_01.wav").read_bytes() for name in ("first", "again"))
    assert first == again
    assert first != (tmp_path / "first" / "low_0_00.wav").read_bytes()
    assert first != (tmp_path / "other" / "low_1_01.wav").read_bytes()
    sound, sr = soundfile.read(tmp_path / "first" / "low_0_01.wav")
    assert sr == 8000
    assert 1 <= len(sound) / sr < 1.6
    assert (tmp_path / "first" / "low_0_01.png").is_file()


def test_music_is_scored_beside_real_music_and_noise(
    checkpoint: str, spectra: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    score_audio.main(["--checkpoint", checkpoint, "--spectra", str(spectra), "-n", "4", "--steps", "2"])
    lines = capsys.readouterr().out.splitlines()
    rows = {line[:34].strip(): [float(value) for value in line[34:].split()] for line in lines[1:]}
    assert list(rows) == ["held-out songs", "their spectra by Griffin-Lim", "the model's", "white noise, as loud"]
    assert rows["held-out songs"][1] < rows["the model's"][1]
    assert rows["held-out songs"][0] < rows["white noise, as loud"][0]


def test_bad_requests_say_what_to_do(checkpoint: str, tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="style 'polka': the model knows high, low"):
        generate_audio.main(["--checkpoint", checkpoint, "--style", "polka", "-o", str(tmp_path)])
    with pytest.raises(PromptError, match="seconds 61: give more than 0 and up to 60"):
        generate_audio.main(["--checkpoint", checkpoint, "--seconds", "61", "-o", str(tmp_path)])
    with pytest.raises(CheckpointError, match="needs a model of spectra"):
        generate_audio.main(["--checkpoint", str(PROJECT_ROOT / "models" / "mug-mini"), "-o", str(tmp_path)])
    with pytest.raises(DatasetError, match="prepare"):
        score_audio.main(["--checkpoint", checkpoint, "--spectra", str(tmp_path)])
