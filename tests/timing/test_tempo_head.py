"""The tempo head: what repeats itself every beat shows at that beat's tempo, wherever it is in the song."""

import numpy as np
import torch

from mug.timing.tempo_classes import BPMS
from mug.timing.tempo_head import RATIOS, TempoHead

FRAME_MS = 46.44


def test_a_pulse_shows_at_its_tempo_and_its_octaves() -> None:
    period = 500 / FRAME_MS  # 120 BPM
    frames = torch.arange(512)
    pulse = torch.exp(-4 * (((frames + period / 2) % period) - period / 2).square())[None, None]  # [B, V, T]
    head = TempoHead(3, 2, FRAME_MS)
    repetition = head.repetition(pulse)
    assert repetition.shape == (1, 1, 32, len(BPMS), len(RATIOS))
    at_a_beat = repetition[0, 0, :, :, RATIOS.index(1)].mean(dim=0)  # [K]
    strongest = BPMS[np.argsort(-at_a_beat.numpy())[:3]]
    assert any(abs(tempo / np.array([60, 120]) - 1).min() < 0.02 for tempo in strongest)
    at_120 = int(abs(BPMS - 120).argmin())
    by_ratio = dict(zip(RATIOS, repetition[0, 0, 16, at_120].tolist(), strict=True))
    assert min(by_ratio[1], by_ratio[2]) > 0.4 > 0.1 > max(by_ratio[1 / 2], by_ratio[3 / 2])


def test_every_frame_has_an_answer() -> None:
    head = TempoHead(3, 2, FRAME_MS)
    for n_tempo in (1, 2, 5):
        tempo, said = head(torch.randn(2, 3, 4 * n_tempo))
        assert tempo.shape == (2, 100, n_tempo)
        assert said.shape == (2, 3, 4 * n_tempo)
