"""Import paths that scripts and configurations of others rely on."""

import importlib

import pytest


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("mug.data.dataset", "OsuTrainDataset OsuValidDataset OsuTestDataset"),
        ("mug.data.convertor", "ManiaConvertor NotePlanes Planes EncodedChart"),
        ("mug.cond.feature", "BeatmapFeatureEmbedder"),
        ("mug.cond.wave", "MelspectrogramEncoder MelspectrogramEncoder1D MelspectrogramScaleEncoder1D STFTEncoder"),
        ("mug.cond.timing", "TimingDecoder"),
        ("mug.firststage.autoencoder", "AutoencoderKL"),
        ("mug.firststage.losses", "ManiaReconstructLoss"),
        ("mug.diffusion.diffusion", "DDPM"),
        ("mug.diffusion.unet", "UNetModel"),
        ("mug.diffusion.ddim", "ddim_sample guided sampling_steps"),
        ("mug.lr_scheduler", "LambdaLinearScheduler LambdaCosineScheduler"),
        ("mug.generate", "ChartGenerator SHIPPED_MODEL"),
    ],
)
def test_an_import_path_of_others_stays(module: str, names: str) -> None:
    imported = importlib.import_module(module)
    assert [name for name in names.split() if not hasattr(imported, name)] == []
