"""A song, prepared for sampling charts and choosing among them, and what its charts are expected to be like.

Axes: A audio frames, M mel bins.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mug.data.beat_axis import BeatAxis
from mug.data.motifs import Motifs
from mug.data.self_similarity import find_motifs, self_similarity, slots_on
from mug.data.time_grid import Frames, TimeGrid
from mug.generation.long_songs import WHOLE_LATENTS
from mug.generation.motif_places import Places, motif_places
from mug.generation.silence import Span
from mug.generation.song_timing import SongTiming
from mug.placement.chances import Chances
from mug.placement.density import Density

HAIR = 1e-3  # of a frame: rounding
SECTION_MEASURES = 256  # of a long song, 6 minutes


@dataclass(frozen=True)
class Prepared:
    """What the samples of a song's charts have in common.

    spectrum: [M, A], heard on the model's time axis. timing: None if each chart's is fitted to its notes. axis: that of
    a model that counts beats, else None. bpm: of its beats. motifs: which measures repeat others, in latent frames,
    None without an axis of beats.
    """

    spectrum: np.ndarray
    end_ms: float
    timing: SongTiming | None
    axis: BeatAxis | None
    bpm: float | None
    motifs: Motifs | None
    silences: list[Span]

    def repeats(self, repetition: float, seed: int) -> Motifs | None:
        """The motifs that the chart with this seed repeats, in all samples of its ensemble; None without any."""
        if self.motifs is None or repetition == 0:
            return None
        return self.motifs.thinned(repetition, np.random.default_rng(seed))

    def places(self, repetition: float, seed: int, latents: Frames) -> Places | None:
        """Which moments of that chart are the same one of a motif; None without any."""
        repeats = self.repeats(repetition, seed)
        return None if self.axis is None or repeats is None else motif_places(repeats, self.axis, latents)


@dataclass(frozen=True)
class Expected:
    """What a song's charts for one prompt are expected to be like.

    chances: note probabilities of the placement model, None without one. density: the prior's density for the prompt,
    None without one.
    """

    chances: Chances | None
    density: Density | None


def motifs_of(spectrum: np.ndarray, axis: BeatAxis, grid: TimeGrid) -> Motifs:
    """Which measures of a spectrum [M, A] on the axis repeat others, in latent frames.

    In a long song, measures only repeat others of their own section: comparing all with all would take time and memory
    that grow with the square of its length.
    """
    end_ms = grid.audio.to_ms(spectrum.shape[-1])
    borders_ms = np.append(axis.measures(end_ms), end_ms)
    n_measures = len(borders_ms) - 1
    is_long = spectrum.shape[-1] > WHOLE_LATENTS * grid.audio_per_latent
    n_sections = math.ceil(n_measures / SECTION_MEASURES) if is_long else 1
    edges = [round(n_measures * number / n_sections) for number in range(n_sections + 1)]
    sections = [_section(spectrum, axis, grid, borders_ms[first : last + 1]) for first, last in pairwise(edges)]
    return sections[0] if n_sections == 1 else Motifs.joined(sections)


def _section(spectrum: np.ndarray, axis: BeatAxis, grid: TimeGrid, borders_ms: np.ndarray) -> Motifs:
    """The motifs among the measures with these borders, N + 1 moments on the axis."""
    starts = np.ceil(grid.audio.at(borders_ms) - HAIR).astype(np.int64)
    first, last = int(starts[0]), int(starts[-1])
    slots = slots_on((starts - first).tolist(), round(grid.audio.at(axis.beat_ms)))
    similarity = self_similarity(spectrum[..., first:last], slots)
    return find_motifs(similarity, np.ceil(grid.latents.at(borders_ms) - HAIR).astype(np.int64).tolist())
