"""Runs the networks of a trained model: from a song's spectrum and prompts to notes, and from charts to latents.

Axes: B batch, K keys, T note frames, A audio frames, M mel bins, Z latent channels, L latent frames, F features.
"""

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from einops import repeat
from torch import Tensor
from tqdm import tqdm

from mug.charts.beatmap import Beatmap, Note, with_times
from mug.checkpoints.model_folder import PLACEMENT
from mug.checkpoints.trained_model import TrainedModel
from mug.data.beat_axis import BeatAxis
from mug.data.motifs import Motifs
from mug.data.note_codec import NoteCodec
from mug.diffusion.guidance import guided, timesteps_within
from mug.diffusion.latent_diffusion import LatentDiffusion
from mug.diffusion.samplers import SAMPLERS
from mug.errors import ChartError, CheckpointError
from mug.generation.long_songs import decode_windows, denoiser_in, encode_windows, heard, windows_of
from mug.generation.motif_noise import motif_noise
from mug.generation.settings import SamplingSettings
from mug.generation.start import Start, beginning
from mug.model.nplr import kernels_as_they_were
from mug.model.windows import Windows
from mug.placement.chances import Chances
from mug.progress import Progress
from mug.seeding import generator_of

BATCH_LATENT_FRAMES = 4096  # per batch: eight charts of a three-minute song


@torch.no_grad()
def sample_planes(
    model: LatentDiffusion,
    x_T: Tensor,
    feature_ids: Tensor,
    audios: Sequence[Tensor],
    settings: SamplingSettings,
    lengths: Tensor | None = None,
    generators: Sequence[torch.Generator] | None = None,
    tqdm_class: Callable[..., Any] = tqdm,
    negative_ids: Tensor | None = None,
    start: Start | None = None,
    windows: Windows | None = None,
) -> Tensor:
    """Return note planes [B, 4K, T], as logits and raw offsets, sampled from the noise x_T [B, Z, L].

    feature_ids: prompts [B, F]. audios: the output of `model.encode_audio`, for every item. lengths: latent frames of
    each song [B]; None if all fill their row. generators: one per item, for the noise that eta adds. negative_ids: the
    prompt [F] that guidance leads away from; None is the prompt without features. start: charts to begin from.
    windows: of a long song, in latent frames; `audios` has the encodings of all windows one after another.
    """
    windows = Windows.whole(x_T.shape[-1]) if windows is None else windows
    away_from = model.model.cond_stage_model.first if negative_ids is None else negative_ids
    uncond = model.encode_prompt(repeat(away_from, "f -> b f", b=len(x_T)))

    begun = beginning(model, x_T, settings, start)
    z = SAMPLERS[settings.sampler].load()(
        guided(
            denoiser_in(windows, model, lengths),
            model.encode_prompt(feature_ids),
            uncond,
            settings.guidance,
            audios,
            settings.guidance_rescale,
            timesteps_within(model.alphas_cumprod, settings.guidance_interval),
            lengths,
        ),
        begun.x_T,
        begun.alphas_cumprod,
        begun.steps,
        eta=settings.eta,
        spacing=begun.spacing,
        generators=generators,
        keep=begun.keep,
        tqdm_class=tqdm_class,
    )
    return decode_windows(windows, model, z, lengths)


@dataclass(frozen=True)
class Heard:
    """A song as the denoiser hears it.

    windows: in latent frames. audios: their encodings one after another at each level, [1, C, L'] each.
    """

    windows: Windows
    audios: Sequence[Tensor]


class NoteSampler:
    """Samples notes. Safe to share between threads: one request samples at a time."""

    def __init__(self, trained: TrainedModel) -> None:
        self.model = trained.model
        self.placement = trained.placement
        self.grid = replace(trained.audio_settings.grid, notes_per_latent=trained.model.latent_factor)
        self.time = trained.time
        self.keys = trained.keys
        self.codec = NoteCodec(self.grid, self.keys)
        self._lock = threading.Lock()

    @torch.no_grad()
    def hear(self, spectrum: np.ndarray) -> Heard:
        """Encode a song's spectrum [M, A] for `sample`."""
        windows = windows_of(self.length_of(spectrum), self.model.length_multiple)
        with self._lock, kernels_as_they_were(self.model):
            return Heard(windows, encode_windows(self.model, spectrum, windows, self.grid.audio_per_latent))

    @torch.no_grad()
    def sample(
        self,
        song: Heard,
        feature_ids: np.ndarray,
        seeds: Sequence[int],
        draws: range,
        settings: SamplingSettings,
        progress: Progress,
        axis: BeatAxis | None = None,
        repeats: Sequence[Motifs | None] | None = None,
        negative_ids: np.ndarray | None = None,
        start: Start | None = None,
    ) -> list[list[list[Note]]]:
        """Sample N ensembles for a song, one per seed, conditioned on the prompts' ids [N, F].

        draws: which samples of each ensemble; each has noise of its own. Returns notes [seed][draw]. axis: of a model
        that counts beats; the spectrum was heard on it, and notes lie on its lines. repeats: of each ensemble,
        which measures repeat others, in latent frames, see mug.generation.motif_noise. negative_ids: of the negative
        prompt [F], None without one. start: the chart that each ensemble begins from.
        """
        model, device = self.model, self.model.device
        ids = torch.from_numpy(feature_ids).to(device)  # [N, F]
        negative = None if negative_ids is None else torch.from_numpy(negative_ids).to(device)  # [F]
        windows, length = song.windows, song.windows.frames  # L
        batch = max(1, BATCH_LATENT_FRAMES // windows.length)
        jobs = [(index, draw) for index in range(len(seeds)) for draw in draws]
        samples: list[list[Note]] = []
        with self._lock, kernels_as_they_were(model):
            for first in range(0, len(jobs), batch):
                together = jobs[first : first + batch]
                x_T = [
                    motif_noise(seeds[index], draw, model.z_channels, length, repeats[index] if repeats else None)
                    for index, draw in together
                ]
                planes = sample_planes(
                    model,
                    torch.stack(x_T).to(device),  # [B, Z, L]
                    ids[[index for index, _ in together]],
                    [repeat(scale, "1 c l -> b c l", b=len(together)) for scale in song.audios],
                    settings,
                    generators=[generator_of(seeds[index], draw) for index, draw in together],
                    tqdm_class=progress.steps_of(len(together)),
                    negative_ids=negative,
                    start=None if start is None else start.of_items([index for index, _ in together]),
                    windows=windows,
                )
                arrays = planes.float().cpu().numpy()  # [B, 4K, T]
                samples += [self.codec.decode(array, threshold=0.0) for array in arrays]
        if axis is not None:
            samples = [with_times(notes, lambda axis_ms: axis.to_song(axis.settled(axis_ms))) for notes in samples]
        return [samples[first : first + len(draws)] for first in range(0, len(samples), len(draws))]

    @torch.no_grad()
    def place(self, spectrum: np.ndarray, feature_ids: np.ndarray, axis: BeatAxis | None = None) -> Chances | None:
        """Predict the note probability at every moment of a song, from its spectrum [M, A] and a prompt's ids [F].

        axis: see `sample`. None without a placement model.
        """
        if self.placement is None:
            return None
        ids = torch.from_numpy(feature_ids)[None].to(self.model.device)  # [1, F]
        ratio = self.grid.audio_per_note
        passes = []  # each frame's note start and its probability: [T] each
        # A note on the edge of a frame in one pass is inside one in the other. On beats, frames only begin on lines.
        shifts = (0, ratio // 2) if axis is None else (0,)
        for shift in shifts:
            chance, place = self._placed(spectrum, ids, shift)
            frames = torch.arange(len(chance)) + place - shift / ratio
            passes.append((self.grid.notes.to_ms(frames), chance / len(shifts)))
        times_ms, chances = (torch.cat(parts) for parts in zip(*passes, strict=True))  # of all passes
        order = times_ms.argsort(stable=True)
        times = times_ms[order].numpy()
        return Chances(times if axis is None else axis.to_song(axis.settled(times)), chances[order].numpy())

    def _placed(self, spectrum: np.ndarray, ids: Tensor, shift: int) -> Tensor:
        """Each note frame's probability of a note, and its place in the frame: [2, T].

        ids: [1, F]. The first note frame begins `shift` audio frames before the spectrum.
        """
        placement, ratio = self.placement, self.grid.audio_per_note
        assert placement is not None, "or nobody asks"
        multiple = math.lcm(placement.audio_multiple, ratio) // ratio
        length = math.ceil((shift + spectrum.shape[-1]) / ratio / multiple) * multiple  # T
        windows = windows_of(length, multiple, self.grid.notes_per_latent)

        def answers(index: int, start: int) -> Tensor:
            audio = heard(spectrum, start * ratio - shift, windows.length * ratio).to(self.model.device)
            with self._lock:
                chance, place = placement(audio, ids)[0].float().cpu()
            if len(chance) != windows.length:
                raise CheckpointError(
                    f"{PLACEMENT}: returned {len(chance)} note frames for music with {windows.length}; its note_frames "
                    "do not fit its audio encoder"
                )
            return torch.stack([chance.sigmoid(), place.clamp(0, 1)])

        return windows.blended(answers)

    @torch.no_grad()
    def encode(self, chart: Beatmap) -> np.ndarray:
        """Return the normalised latent [Z, L] of a chart, from its first note to the end of its last.

        Raises ChartError for a chart with another key count, and for one without timing if the model counts beats.
        """
        if chart.keys != self.keys:
            raise ChartError(f"a {self.keys}K model cannot encode the {chart.keys}K chart '{chart.version}'")
        grid = self.grid
        axis = self.time.axis_of(chart.timing_points, grid)
        notes = chart.notes if axis is None else with_times(chart.notes, axis.notes_to_axis)
        first_ms, last_ms = min(note.start_ms for note in notes), max(note.last_ms for note in notes)
        multiple = self.model.length_multiple
        length = (int(grid.latents.at(last_ms)) // multiple + 1) * multiple
        z = self.latent_of(chart.notes, axis, length)  # [Z, L], from the song's beginning
        first = max(0, int(grid.latents.at(first_ms)))
        return z[:, first : int(grid.latents.at(last_ms)) + 1].float().cpu().numpy()

    @torch.no_grad()
    def latent_of(self, notes: Sequence[Note], axis: BeatAxis | None, length: int) -> Tensor:
        """Return the normalised latent [Z, L] of a chart's notes, with frames where those of its song are.

        length: latent frames; notes beyond them are left out.
        """
        notes = notes if axis is None else with_times(notes, axis.notes_to_axis)
        grid = replace(self.grid, max_frame=length * self.grid.notes_per_latent)
        array = NoteCodec(grid, self.keys).encode(notes).note  # [4K, T]
        return self.model.encode_latent(torch.from_numpy(array)[None].to(self.model.device))[0]

    def length_of(self, spectrum: np.ndarray) -> int:
        """How many latent frames a song has, from its spectrum [M, A]."""
        multiple = self.model.length_multiple
        return math.ceil(spectrum.shape[-1] / self.grid.audio_per_latent / multiple) * multiple
