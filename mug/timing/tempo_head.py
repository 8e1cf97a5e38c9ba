"""The tempo around every moment, from how a song repeats itself.

Axes: B batch, C channels, L latent frames, T note frames, N tempo frames, W windows, V voices, K tempo classes, R
ratios.
"""

import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange, repeat
from torch import Tensor, nn

from mug.charts.beatmap import beat_ms_of
from mug.model.blocks import at_least_float32
from mug.timing.tempo_classes import BPMS, N_CLASSES, TEMPO_FRAMES

WINDOW = 256  # note frames in which periods are looked for: 12 s
HOP = 2 * TEMPO_FRAMES  # note frames between windows
RATIOS = (1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1, 3 / 2, 2, 3, 4)  # of a beat: whether it is one shows at these
TINY = 1e-5


class TempoHead(nn.Module):
    """Latents [B, C, L] -> logits of tempos [B, K, N], and latents [B, C, L] that say what the tempo is.

    A few voices are made of the latents, and their autocorrelation says how much each repeats itself after any time
    (Percival & Tzanetakis, "Streamlined tempo estimation based on autocorrelation and cross-correlation with pulses",
    2014). Each tempo is judged by the same weights from the autocorrelation at a beat, and at its parts and multiples,
    as the octave shows in these; from what the music is like; and from an embedding of the tempo.
    note_frames: note frames in a latent frame. note_frame_ms: the length of a note frame.
    """

    lags: Tensor

    def __init__(self, channels: int, note_frames: int, note_frame_ms: float, voices: int = 4, width: int = 32) -> None:
        super().__init__()
        self.note_frames = note_frames
        self.voices = nn.Conv1d(channels, voices * note_frames, 1)
        self.of_repetition = nn.Conv2d(voices * len(RATIOS), width, 1)
        self.of_music = nn.Conv1d(channels, width, 1)
        self.of_song = nn.Conv1d(channels, width, 1)
        self.of_tempo = nn.Parameter(torch.zeros(width, N_CLASSES))
        self.judge = nn.Conv2d(width, 1, 1)
        self.says = nn.Parameter(torch.zeros(channels, N_CLASSES))
        lags = (beat_ms_of(BPMS) / note_frame_ms)[:, None] * np.array(RATIOS, dtype=np.float32)  # [K, R]
        self.register_buffer("lags", torch.tensor(lags, dtype=torch.float32), persistent=False)

    def forward(self, latents: Tensor) -> tuple[Tensor, Tensor]:
        """L latent frames are a multiple of TEMPO_FRAMES note frames."""
        length = latents.shape[2]
        voices = rearrange(self.voices(latents), "b (v frame) l -> b v (l frame)", frame=self.note_frames)
        repetition = self.repetition(at_least_float32(voices))  # [B, V, W, K, R]
        music = F.avg_pool1d(self.of_music(latents), HOP // self.note_frames, ceil_mode=True)  # [B, width, W]
        music = music + self.of_song(latents.mean(dim=2, keepdim=True))
        hidden = self.of_repetition(rearrange(repetition, "b v w k r -> b (v r) w k"))
        hidden = hidden + rearrange(music, "b c w -> b c w 1") + rearrange(self.of_tempo, "c k -> 1 c 1 k")
        logits = at_least_float32(rearrange(self.judge(F.silu(hidden)), "b 1 w k -> b k w"))
        said = torch.einsum("ck,bkw->bcw", self.says, logits.softmax(dim=1))
        n_tempo = length * self.note_frames // TEMPO_FRAMES
        tempo = repeat(logits, "b k w -> b k (w two)", two=HOP // TEMPO_FRAMES)[..., :n_tempo]
        return tempo, repeat(said, "b c w -> b c (w frame)", frame=HOP // self.note_frames)[..., :length]

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
