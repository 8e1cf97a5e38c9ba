"""The tempo around every moment, from how a song repeats itself.

Axes: B batch, C channels, T note frames, N tempo frames, W windows, V voices, K tempo classes, R ratios.
"""

import torch
import torch.nn.functional as F
from einops import rearrange, repeat
from torch import Tensor, nn

from mug.charts.beatmap import beat_ms_of
from mug.timing.tempo_classes import BPMS, N_CLASSES, TEMPO_FRAMES

WINDOW = 256  # note frames in which periods are looked for: 12 s
HOP = 2 * TEMPO_FRAMES  # note frames between windows
RATIOS = (1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1, 3 / 2, 2, 3, 4)  # of a beat: whether it is one shows at these
TINY = 1e-5


class TempoHead(nn.Module):
    """Features [B, C, T] -> logits of tempos [B, K, N].

    A few voices are made of the features, and their autocorrelation says how much each repeats itself after any time
    (Percival & Tzanetakis, "Streamlined tempo estimation based on autocorrelation and cross-correlation with pulses",
    2014). Each tempo is judged by the same weights from the autocorrelation at a beat, and at its parts and multiples,
    as the octave shows in these; from what the music is like; and from an embedding of the tempo.
    note_frame_ms: the length of a note frame.
    """

    lags: Tensor

    def __init__(self, channels: int, note_frame_ms: float, voices: int = 4, width: int = 32) -> None:
        super().__init__()
        self.voices = nn.Conv1d(channels, voices, 1)
        self.of_repetition = nn.Conv2d(voices * len(RATIOS), width, 1)
        self.of_music = nn.Conv1d(channels, width, 1)
        self.of_tempo = nn.Parameter(torch.zeros(width, N_CLASSES))
        self.judge = nn.Conv2d(width, 1, 1)
        lags = torch.tensor(beat_ms_of(BPMS) / note_frame_ms)[:, None] * torch.tensor(RATIOS)  # [K, R]
        self.register_buffer("lags", lags.float(), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """T is a multiple of TEMPO_FRAMES."""
        n_tempo = features.shape[2] // TEMPO_FRAMES
        repetition = self.repetition(self.voices(features).float())  # [B, V, W, K, R]
        music = F.avg_pool1d(self.of_music(features), HOP, ceil_mode=True)  # [B, width, W]
        hidden = self.of_repetition(rearrange(repetition, "b v w k r -> b (v r) w k"))
        hidden = hidden + rearrange(music, "b c w -> b c w 1") + rearrange(self.of_tempo, "c k -> 1 c 1 k")
        logits = self.judge(F.silu(hidden))  # [B, 1, W, K]
        return repeat(logits, "b 1 w k -> b k (w two)", two=HOP // TEMPO_FRAMES)[..., :n_tempo]

    def repetition(self, voices: Tensor) -> Tensor:
        """Voices [B, V, T] -> their autocorrelation at the ratios of each tempo's beat, [B, V, W, K, R]."""
        n_windows = -(-voices.shape[2] // HOP)
        before = (WINDOW - HOP) // 2
        after = (n_windows - 1) * HOP + WINDOW - before - voices.shape[2]
        centred = F.pad(voices - voices.mean(dim=2, keepdim=True), (before, after))
        windows = centred.unfold(2, WINDOW, HOP) * torch.hann_window(WINDOW, device=voices.device)  # [B, V, W, WINDOW]
        power = torch.fft.rfft(windows, n=2 * WINDOW).abs().square()
        correlation = torch.fft.irfft(power)[..., :WINDOW]
        correlation = correlation / (correlation[..., :1] + TINY)
        below = self.lags.floor().long()
        share = self.lags - below
        return correlation[..., below] * (1 - share) + correlation[..., below + 1] * share
