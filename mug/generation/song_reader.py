"""Reads the songs that a model charts.

Axes: A audio frames, M mel bins.
"""

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from mug.checkpoints.model_folder import TIMING
from mug.checkpoints.trained_model import TrainedModel, load_timing_model
from mug.config import SHIPPED_MODEL, find_file
from mug.data.audio import AudioSettings, load_audio
from mug.data.beat_axis import BeatAxis
from mug.data.long_audio import WHOLE_SECONDS, in_file, is_long, load_long_audio
from mug.data.time_grid import TimeGrid
from mug.errors import AudioError
from mug.generation.prepared import Prepared, motifs_of
from mug.generation.silence import is_silent, silent_spans
from mug.generation.song import Song
from mug.generation.song_timing import SongTiming, given_timing, hear_timing, heard_timing
from mug.progress import Progress, Stage
from mug.timing.activations import BeatListener
from mug.timing.detected import DetectedTiming

MAX_MINUTES = 360
BLOCK_FRAMES = 2**16  # of a long song, moved to the axis at once
HEARD_SONGS = 64  # whose timing is remembered


class SongReader:
    """Reads songs as a model hears them. The last one is cached, because one song often gets several charts."""

    def __init__(self, trained: TrainedModel) -> None:
        self.audio_settings = trained.audio_settings
        self.grid: TimeGrid = replace(trained.audio_settings.grid, notes_per_latent=trained.model.latent_factor)
        self.time = trained.time
        self.listener = trained.timing
        self._spectrum_of: tuple[Any, np.ndarray] = (None, np.empty(0))  # the last song's file and spectrum
        self._prepared_of: tuple[Any, Prepared | None] = (None, None)  # the last song's file, with what was known of it
        self._heard: dict[Any, DetectedTiming] = {}  # of the last songs' files

    def read(self, path: Path, song: Song, progress: Progress | None = None) -> Prepared:
        """Read a song, hear its timing, and find its silences and the measures that repeat. Raises AudioError.

        progress: told of the stages.
        """
        progress = Progress() if progress is None else progress
        progress.enter(Stage.READING)
        file = _identity(path)
        (known, prepared) = self._prepared_of
        if file is None or (file, song) != known or prepared is None:
            spectrum = self.spectrum(path)
            progress.enter(Stage.HEARING)
            prepared = self._prepare(path, song, spectrum)
            self._prepared_of = ((file, song), prepared)
        return prepared

    def spectrum(self, path: Path) -> np.ndarray:
        """The spectrum [M, A] of a song. Raises AudioError."""
        file = _identity(path)
        known, spectrum = self._spectrum_of
        if file is None or file != known:
            spectrum = self._load(path)
            self._spectrum_of = (file, spectrum)
        return spectrum

    def heard(self, path: Path) -> DetectedTiming:
        """The timing that is heard in a song. Raises AudioError.

        A model that has no network for it uses the shipped one, or onsets alone if its spectra are others.
        """
        file = _identity(path)
        known = self._heard.get(file)
        if known is None:
            known = hear_timing(self.spectrum(path), self.audio_settings, self._ears)
            self._heard = {**dict(list(self._heard.items())[1 - HEARD_SONGS :]), file: known}
        return known

    @cached_property
    def _ears(self) -> BeatListener | None:
        return self.listener or shipped_listener(self.audio_settings)

    def _load(self, path: Path) -> np.ndarray:
        """The spectrum [M, A] of a song, for a long one in a temporary file."""
        if is_long(path):
            spectrum = load_long_audio(path, self.audio_settings, MAX_MINUTES * 60)
            if self._is_long(spectrum):  # a header may be wrong
                return spectrum
        return load_audio(path, self.audio_settings)

    def _is_long(self, spectrum: np.ndarray) -> bool:
        return self.audio_settings.grid.audio.to_ms(spectrum.shape[-1]) > WHOLE_SECONDS * 1000

    def _on_axis(self, spectrum: np.ndarray, axis: BeatAxis) -> np.ndarray:
        """The spectrum [M, A] as heard on an axis of beats, for a long song in a temporary file."""
        if not self._is_long(spectrum):
            return axis.heard(spectrum)
        frames = axis.frames_of(spectrum.shape[-1])
        blocks = (
            axis.heard(spectrum, first, min(BLOCK_FRAMES, frames - first)) for first in range(0, frames, BLOCK_FRAMES)
        )
        return in_file(blocks, spectrum.shape[:-1], np.float16)

    def _prepare(self, path: Path, song: Song, spectrum: np.ndarray) -> Prepared:
        if is_silent(spectrum, self.audio_settings):
            raise AudioError(f"{path}: is silent, so there is nothing to chart")
        end_ms = self.audio_settings.grid.audio.to_ms(spectrum.shape[-1])
        silences = silent_spans(spectrum, self.audio_settings)
        timing = self._timing(path, song, spectrum)
        axis, bpm, motifs = None, None, None
        if timing is not None and (axis := self.time.axis_of(timing.points, self.audio_settings.grid)) is not None:
            spectrum, bpm = self._on_axis(spectrum, axis), axis.bpm(0.0, float(axis.to_axis(end_ms)))
            motifs = motifs_of(spectrum, axis, self.grid)
        return Prepared(spectrum, end_ms, timing, axis, bpm, motifs, silences)

    def _timing(self, path: Path, song: Song, spectrum: np.ndarray) -> SongTiming | None:
        """The song's timing; None for a model on the ms axis that cannot hear it: it is fitted to the notes."""
        if not self.hears_timing and not song.timing_points:
            return None
        return given_timing(song, spectrum, self.audio_settings) if song.has_timing else heard_timing(self.heard(path))

    @property
    def hears_timing(self) -> bool:
        """Whether charts have the timing that is heard in their song; else it is fitted to their notes."""
        return self.listener is not None or self.time.axis == "beats"


def _identity(path: Path) -> tuple[Path, int, int] | None:
    """What tells a file from others and from its earlier contents; None for a missing one: load_audio raises."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return path.absolute(), stat.st_mtime_ns, stat.st_size


def shipped_listener(settings: AudioSettings) -> BeatListener | None:
    """The shipped model's network that hears beats, if it knows spectra of these settings."""
    folder = find_file(SHIPPED_MODEL) / TIMING
    if not folder.is_dir():
        return None
    listener = load_timing_model(folder)
    any_length = replace(listener.settings, max_audio_frame=settings.max_audio_frame)
    return listener if any_length == settings else None
