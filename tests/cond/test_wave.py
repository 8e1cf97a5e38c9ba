"""The audio encoders reproduce the recorded ones and refuse audio that does not fit."""

import re

import pytest
import torch
from records import Record, family_of, recordings

from mug.cond.wave import MelspectrogramEncoder, MelspectrogramEncoder1D, MelspectrogramScaleEncoder1D, STFTEncoder
from mug.errors import ConfigError

SMALL = {
    "n_freq": 7,
    "middle_channels": 32,
    "attention_resolutions": [4],
    "num_heads": 4,
    "num_groups": 4,
    "channel_mult": [1, 1, 2],
    "num_res_blocks": 1,
}


@pytest.mark.parametrize("name", recordings("wave_mel_scale"))
def test_reproduces_the_recorded_scale_encoder(parity, name):
    record = Record(parity / f"{name}.npz")
    encoder = record.build(MelspectrogramScaleEncoder1D)
    with torch.no_grad():
        for level, scale in enumerate(encoder(record.inputs["audio"])):
            record.assert_reproduced(f"h{level}", scale)
    record.assert_all_reproduced()


def test_every_scale_halves_the_length():
    scales = MelspectrogramScaleEncoder1D(**SMALL)(torch.zeros(2, 7, 44))
    assert [tuple(scale.shape) for scale in scales] == [(2, 32, 44), (2, 32, 22), (2, 64, 11)]


def test_transformers_stand_where_they_are_asked_for():
    names = MelspectrogramScaleEncoder1D(**SMALL).state_dict()
    assert {name.split(".")[1] for name in names if "attn" in name} == {"2"}


@pytest.mark.parametrize("shape", [(2, 8, 44), (2, 7, 42), (7, 44)])
def test_refuses_audio_of_a_wrong_shape(shape):
    with pytest.raises(ValueError, match=r"audio encoder expects \[B, 7, L\] with L a multiple of 4, got"):
        MelspectrogramScaleEncoder1D(**SMALL)(torch.zeros(shape))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"channel_mult": []}, "channel_mult is empty"),
        ({"num_heads": 5}, "num_heads 5 does not divide a layer of 64"),
        ({"num_groups": 5}, "num_groups 5"),
    ],
)
def test_refuses_an_impossible_configuration(change, message):
    with pytest.raises(ConfigError, match=message):
        MelspectrogramScaleEncoder1D(**{**SMALL, **change})


def test_checkpointing_changes_no_number():
    torch.manual_seed(0)
    plain = MelspectrogramScaleEncoder1D(**SMALL)
    saving = MelspectrogramScaleEncoder1D(**SMALL, use_checkpoint=True)
    saving.load_state_dict(plain.state_dict())
    audio = torch.randn(2, 7, 44)
    for encoder in (plain, saving):
        sum(scale.square().sum() for scale in encoder(audio)).backward()
    for name, parameter in plain.named_parameters():
        assert torch.equal(parameter.grad, saving.get_parameter(name).grad), name


ONE_OUTPUT = {
    "wave_stft": STFTEncoder,
    "wave_mel2d": MelspectrogramEncoder,
    "wave_mel1d": MelspectrogramEncoder1D,
}


@pytest.mark.parametrize("name", [name for family in ONE_OUTPUT for name in recordings(family)])
def test_reproduces_the_recorded_encoder_of_one_output(parity, name):
    record = Record(parity / f"{name}.npz")
    encoder = record.build(ONE_OUTPUT[family_of(name)])
    [sound] = record.inputs.values()
    with torch.no_grad():
        record.assert_reproduced("h", encoder(sound))
    record.assert_all_reproduced()


PYRAMID = {"middle_channels": 32, "out_channels": 3, "channel_mult": [1, 1, 2], "num_res_blocks": 1}


@pytest.mark.parametrize(
    ("encoder_class", "params", "shape", "message"),
    [
        (STFTEncoder, {"n_fft": 24, "freq_stride": 4}, (2, 2, 13, 44), "expects [B, 2, 13, A] with A a multiple of 4"),
        (MelspectrogramEncoder, {"n_freq": 12}, (2, 12, 44), "expects [B, 12, L] with L a multiple of 4"),
        (MelspectrogramEncoder1D, {"n_freq": 7}, (2, 7, 44), "expects [B, 7, L] with L a multiple of 4"),
    ],
)
def test_encoders_of_one_output_know_their_shapes(encoder_class, params, shape, message):
    num_groups = 4
    encoder = encoder_class(**params, **PYRAMID, num_groups=num_groups, use_checkpoint=True)
    sound = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    out = encoder(sound)
    assert out.shape == (2, 3, 11)
    out.sum().backward()
    wrong = sound[..., :42]
    with pytest.raises(ValueError, match=re.escape(message)):
        encoder(wrong)
    with pytest.raises(ValueError, match=re.escape(message)):
        encoder(sound[:, :-1])


def test_encoders_refuse_frequencies_they_cannot_divide():
    with pytest.raises(ConfigError, match="cannot halve 14 frequencies"):
        MelspectrogramEncoder(14, **PYRAMID)
    with pytest.raises(ConfigError, match="freq_stride 5 must be even and divide n_fft / 2 = 12"):
        STFTEncoder(24, **PYRAMID, freq_stride=5)
