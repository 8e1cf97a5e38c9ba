"""A song, prepared for sampling charts and choosing among them, and what its charts are expected to be like.

Axes: A audio frames, M mel bins.
"""

from dataclasses import dataclass

import numpy as np

from mug.data.beat_axis import BeatAxis
from mug.data.motifs import Motifs
from mug.data.self_similarity import find_motifs, self_similarity, slots_on
from mug.data.time_grid import Frames, TimeGrid
from mug.generation.motif_places import Places, motif_places
from mug.generation.silence import Span
from mug.generation.song_timing import SongTiming
from mug.placement.chances import Chances
from mug.placement.density import Density

HAIR = 1e-3  # of a frame: rounding


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
    """Which measures of a spectrum [M, A] on the axis repeat others, in latent frames."""
    end_ms = grid.audio.to_ms(spectrum.shape[-1])
    borders_ms = np.append(axis.measures(end_ms), end_ms)
    starts = np.ceil(grid.audio.at(borders_ms) - HAIR).astype(np.int64).tolist()
    similarity = self_similarity(spectrum, slots_on(starts, round(grid.audio.at(axis.beat_ms))))
    return find_motifs(similarity, np.ceil(grid.latents.at(borders_ms) - HAIR).astype(np.int64).tolist())
