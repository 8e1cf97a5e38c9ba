"""What the network that hears beats says about a whole song.

Axes: M mel bins, A audio frames, T note frames, N tempo frames, K tempo classes.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mug.data.audio import AudioSettings
from mug.data.time_grid import Frames
from mug.model.windows import Blend, window_starts
from mug.timing.model import TimingModel
from mug.timing.peaks import pick
from mug.timing.tempo_classes import BPMS, TEMPO_FRAMES


@dataclass(frozen=True)
class BeatActivations:
    """Answers at every note frame of a song, and at every tempo frame, which is TEMPO_FRAMES of them.

    frame_ms: length of a note frame. beat, downbeat: [T], 0 to 1, how much of one is in the frame: 1 for a beat at its
    middle, half in each of two for a beat at their edge. place: [T], where the beat is, in frames from the frame's
    beginning, -0.5 to 1.5. tempo: [K, N], log-probabilities of the tempos `bpms` [K] around each moment.
    """

    frame_ms: float
    beat: np.ndarray
    place: np.ndarray
    downbeat: np.ndarray
    tempo: np.ndarray
    bpms: np.ndarray

    @property
    def tempo_frame_ms(self) -> float:
        return self.frame_ms * TEMPO_FRAMES

    @property
    def beats_ms(self) -> np.ndarray:
        """The peaks of the beats, each by itself."""
        return Frames(self.frame_ms).to_ms(pick(self.beat, self.place))

    @property
    def downbeats_ms(self) -> np.ndarray:
        """The peaks of the downbeats, each by itself."""
        return Frames(self.frame_ms).to_ms(pick(self.downbeat, self.place))


class BeatListener:
    """A trained TimingModel, and the audio that it was trained on; max_audio_frame is the window it hears at once."""

    def __init__(self, model: TimingModel, settings: AudioSettings) -> None:
        self.model = model
        self.settings = settings

    @torch.no_grad()
    def hear(self, spectrum: np.ndarray) -> BeatActivations:
        """A log-mel spectrum [M, A] of any length, as of mug.data.audio.load_audio -> activations.

        A longer song than a window is heard in windows that overlap by half, each of which counts most at its middle.
        """
        multiple, ratio = self.model.audio_multiple, self.settings.audio_note_window_ratio
        frames = spectrum.shape[-1]
        length = min(self.settings.max_audio_frame, max(1, -(-frames // multiple)) * multiple)
        starts = list(window_starts(frames, length, length // 2, multiple))
        planes = Blend((starts[-1] + length) // ratio)
        tempo = Blend((starts[-1] + length) // ratio // TEMPO_FRAMES)
        for start in starts:
            heard, heard_tempo = self._answers(spectrum[:, start : start + length], length)
            planes.add(heard, start // ratio)
            tempo.add(heard_tempo, start // ratio // TEMPO_FRAMES)
        beat, place, downbeat = planes.mean()[:, : -(-frames // ratio)].numpy()
        tempos = tempo.mean()[:, : -(-frames // (ratio * TEMPO_FRAMES))]
        log_probabilities = tempos.log_softmax(dim=0).numpy()
        return BeatActivations(self.settings.note_frame_ms, beat, place, downbeat, log_probabilities, BPMS)

    def _answers(self, spectrum: np.ndarray, length: int) -> tuple[Tensor, Tensor]:
        """A window [M, up to A] -> beat, place and downbeat [3, T], and log-probabilities of tempos [K, N]."""
        audio = torch.from_numpy(np.array(spectrum, dtype=np.float32))[None]
        audio = F.pad(audio, (0, length - audio.shape[-1])).to(next(self.model.parameters()).device)
        answers = self.model(audio)
        planes = torch.cat([answers.beat.sigmoid(), answers.place, answers.downbeat.sigmoid()])
        return planes.float().cpu(), answers.tempo[0].float().log_softmax(dim=0).cpu()
