"""From a song and a prompt to charts: the entry point to a trained model. Callers never touch the networks.

Axes: A audio frames, M mel bins, Z latent channels, L latent frames, F features.
"""

import math
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

# How long OpenMP's threads spin while they wait for each other; read when torch is imported. Sampling is thousands of
# short operations. If another program takes one of the cores, each operation waits for the thread that is not running
# while the others spin: 250 s instead of 14. With this setting it takes 17 s, on a busy machine or an idle one.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")

import numpy as np
import torch
from tqdm import tqdm

from mug.charts.beatmap import Beatmap, Note, with_times
from mug.charts.osu import parse_osu
from mug.charts.playability import JACK_INTERVAL_MS
from mug.charts.timing import snap
from mug.checkpoints.model_folder import TIMING
from mug.checkpoints.trained_model import TrainedModel, load_timing_model, load_trained_model
from mug.config import SHIPPED_MODEL, find_file
from mug.data.audio import AudioSettings, load_audio
from mug.device import AUTO, pick_device
from mug.errors import AudioError, ChartError, ConfigError
from mug.features import START_TIME, TEMPO
from mug.generation.choice import Choice, choose
from mug.generation.consensus import agreements
from mug.generation.finishing import fit_tempo, gather_chords, inside, song_names, tidy
from mug.generation.note_sampler import NoteSampler
from mug.generation.prepared import Prepared, motifs_of
from mug.generation.prompt_distance import LONG_NOTES, corrected
from mug.generation.request import CREATOR, GeneratedChart, Prompt, PromptValue, Request
from mug.generation.settings import SAMPLING, SamplingSettings
from mug.generation.silence import is_silent, silent_spans, sounding_share, without_notes_in
from mug.generation.song import Song
from mug.generation.song_timing import SongTiming, fitted_note, timing_of
from mug.model.weights import is_model_folder
from mug.ratings.chart_features import chart_features
from mug.timing.activations import BeatListener

MAX_MINUTES = 15  # attention over a whole song: memory grows with the square of its length


class ChartGenerator:
    """A trained model that writes charts. Safe to share between threads: one request samples at a time."""

    def __init__(self, trained: TrainedModel, settings: SamplingSettings | None = None) -> None:
        """settings: the default sampling settings of `generate`."""
        self.settings = SamplingSettings() if settings is None else settings
        self.sampler = NoteSampler(trained)
        self.spec = trained.spec
        self.density = trained.density
        self.audio_settings = trained.audio_settings
        self.time = trained.time
        self.listener = trained.timing
        self.keys = trained.keys
        self._spectrum_of: tuple[Any, np.ndarray] = (None, np.empty(0))  # the last song's file and spectrum

    @classmethod
    def load(
        cls, checkpoint: str | Path, device: str | torch.device = AUTO, config: Mapping[str, Any] | None = None
    ) -> "ChartGenerator":
        """Load a stage 2 model: a run's .ckpt, a model folder (mug.checkpoints.model_folder), or its .safetensors file.

        config: replaces the run's configuration, which each of these includes. A model folder may have its own sampling
        settings, see mug.generation.settings. device: see mug.device.pick_device. A model that counts beats but has no
        network that hears them uses the shipped one.
        Raises CheckpointError that names what is missing or which tensors do not fit, and ConfigError for a device that
        cannot be used.
        """
        device = pick_device(device)
        trained = load_trained_model(checkpoint, config)
        if trained.timing is None and trained.time.axis == "beats":
            trained = replace(trained, timing=_shipped_listener(trained.audio_settings))
        try:
            trained.model.to(device)
            if trained.placement is not None:
                trained.placement.to(device)
            if trained.timing is not None:
                trained.timing.model.to(device)
        except (RuntimeError, AssertionError) as error:  # torch raises either for a missing device
            raise ConfigError(f"device '{device}' cannot be used: {error}") from error
        settings = None
        if is_model_folder(checkpoint):
            found = find_file(checkpoint)
            path = (found if found.is_dir() else found.parent) / SAMPLING
            settings = SamplingSettings.from_yaml(path) if path.exists() else None
        return cls(trained, settings)

    def generate(
        self,
        audio: str | Path,
        prompt: Prompt,
        count: int = 1,
        seed: int = 0,
        song: Song | None = None,
        settings: SamplingSettings | None = None,
        snap: bool = True,
        jack_interval_ms: float = JACK_INTERVAL_MS,
        tqdm_class: Callable[..., Any] = tqdm,
    ) -> list[GeneratedChart]:
        """Write `count` charts of a song. Chart i depends on seed + i alone, not on the other charts.

        prompt: values by feature; a feature that is missing or None is not given. song: known metadata and timing.
        settings: by default the model's own, `self.settings`. snap, jack_interval_ms: see Request. A chart without
        notes is left out with a warning. Raises PromptError, AudioError, and ChartError if no chart has notes.
        """
        given = {name: value for name, value in prompt.items() if value is not None}
        settings = self.settings if settings is None else settings
        request = Request(Path(audio), given, count, seed, song or Song(), settings, snap, jack_interval_ms)
        prepared = self._prepare(request)
        best: dict[int, Choice] = {}  # by chart, over all attempts
        reached: dict[int, list[float]] = {}  # star ratings by chart, of all attempts
        prompts: dict[int, Prompt] = dict.fromkeys(range(count), given)  # what each chart is conditioned on next
        for _ in range(settings.attempts):
            ensembles = self._sample(request, prepared, prompts, tqdm_class)
            next_prompts: dict[int, Prompt] = {}
            for index, samples in ensembles.items():
                choice = self._choose(request, prepared, samples, request.seed + index)
                if choice is None:
                    continue
                if index not in best or choice.is_better_than(best[index]):
                    best[index] = choice
                stars = (choice.sample_stars, choice.star_rating)
                reached.setdefault(index, []).extend(rating for rating in stars if rating is not None)
                if (again := corrected(prompts[index], choice.sample_stars, given)) is not None:
                    next_prompts[index] = again
            prompts = next_prompts
            if not prompts:
                break
        return self._finish(request, prepared.timing, best, reached)

    def _prepare(self, request: Request) -> Prepared:
        """Read the song, and predict where its charts have notes and how dense they are, if the model can."""
        self._feature_ids(request.prompt, None)  # an invalid prompt fails before any audio is decoded
        spectrum = self._spectrum(request.audio)  # [M, A]
        if is_silent(spectrum, self.audio_settings):
            raise AudioError(f"{request.audio}: is silent, so there is nothing to chart")
        end_ms = self.audio_settings.grid.audio.to_ms(spectrum.shape[-1])
        silences = silent_spans(spectrum, self.audio_settings)
        density = None if self.density is None else self.density.of(self.spec.inside(request.prompt))
        if density is not None and silences:  # they have no notes: spread over the whole song there are fewer
            density = replace(density, log_rate=density.log_rate + math.log(sounding_share(silences, end_ms)))
        timing = self._timing(request.song, spectrum)
        axis, bpm, motifs = None, None, None
        if timing is not None and (axis := self.time.axis_of(timing.points, self.audio_settings.grid)) is not None:
            spectrum, bpm = axis.heard(spectrum), axis.bpm(0.0, float(axis.to_axis(end_ms)))
            motifs = motifs_of(spectrum, axis, self.sampler.grid)
        feature_ids = self._feature_ids(request.prompt, bpm)  # [F]
        chances = self.sampler.place(spectrum, feature_ids, axis) if request.settings.ensemble > 1 else None
        return Prepared(spectrum, end_ms, timing, axis, bpm, motifs, silences, chances, density)

    def _sample(
        self, request: Request, prepared: Prepared, prompts: Mapping[int, Prompt], tqdm_class: Callable[..., Any]
    ) -> dict[int, list[list[Note]]]:
        """Sample an ensemble's notes for each chart of `prompts`."""
        feature_ids = np.stack([self._feature_ids(prompt, prepared.bpm) for prompt in prompts.values()])  # [N, F]
        seeds = [request.seed + index for index in prompts]
        repeats = [prepared.repeats(request.repetition, seed) for seed in seeds]
        ensembles = self.sampler.sample(
            prepared.spectrum, feature_ids, seeds, request.settings, tqdm_class, prepared.axis, repeats
        )
        return {
            index: [
                gather_chords(without_notes_in(prepared.silences, inside(notes, prepared.end_ms), prepared.end_ms))
                for notes in samples
            ]
            for index, samples in zip(prompts, ensembles, strict=True)
        }

    def _choose(
        self, request: Request, prepared: Prepared, samples: Sequence[Sequence[Note]], seed: int
    ) -> Choice | None:
        """Combine the samples into a chart; None if it has no notes."""
        wants_long_notes = request.prompt.get(LONG_NOTES) is not None
        jack_interval_ms = request.jack_interval_ms
        places = prepared.places(request.repetition, seed, self.sampler.grid.latents)
        agreed = agreements(samples, prepared.chances, prepared.density, wants_long_notes, jack_interval_ms, places)
        candidates = list(agreed)
        if not candidates or not (notes := candidates[0].notes()):
            return None
        if prepared.timing is None:
            points = [fit_tempo(notes, request.song.bpm, request.song.offset_ms)]
        else:
            points = prepared.timing.points

        def to_grid(notes: Sequence[Note]) -> list[Note]:
            return snap(notes, points) if prepared.axis is None else with_times(notes, prepared.axis.on_lines)

        def chart_of(notes: Sequence[Note]) -> Beatmap:
            snapping = to_grid if request.snap else None
            return Beatmap(self.keys, tidy(notes, self.keys, snapping, jack_interval_ms, prepared.end_ms), points)

        return choose(candidates, samples, request.prompt, chart_of)

    def _finish(
        self,
        request: Request,
        timing: SongTiming | None,
        best: Mapping[int, Choice],
        reached: Mapping[int, Sequence[float]],
    ) -> list[GeneratedChart]:
        """Name the charts, and warn of those without notes. Raises ChartError if all are without."""
        for index in sorted(set(range(request.count)) - set(best)):
            message = f"{request.version(index)}: the model wrote no notes; the chart is left out"
            warnings.warn(message, stacklevel=3)
        if not best:
            message = "the model wrote no notes; train it longer, or change the prompt"
            raise ChartError(f"{request.audio}: {message}")
        title, artist = song_names(request.audio, request.song.title, request.song.artist)
        return [
            GeneratedChart(
                keys=self.keys,
                notes=choice.chart.notes,
                timing_points=choice.chart.timing_points,
                audio_filename=request.audio.name,
                title=title,
                artist=artist,
                creator=CREATOR,
                version=request.version(index, choice.star_rating),
                metadata=request.metadata(index),
                star_rating=choice.star_rating,
                nearest_stars=request.nearest_stars(reached[index]),
                timing_note=fitted_note(request.song, choice.chart) if timing is None else timing.note,
            )
            for index, choice in sorted(best.items(), key=lambda pair: pair[0])
        ]

    def _timing(self, song: Song, spectrum: np.ndarray) -> SongTiming | None:
        """The song's timing; None for a model on the ms axis that cannot hear it: it is fitted to the notes."""
        if self.listener is None and self.time.axis == "ms" and not song.timing_points:
            return None
        return timing_of(song, spectrum, self.audio_settings, self.listener)

    def _spectrum(self, path: Path) -> np.ndarray:
        """The spectrum [M, A] of a song. The last one is cached, because one song often gets several charts."""
        try:
            stat = path.stat()
        except OSError:
            file = None  # load_audio raises the error
        else:
            file = (path.absolute(), stat.st_mtime_ns, stat.st_size)
        known, spectrum = self._spectrum_of
        if file is None or file != known:
            spectrum = load_audio(path, self.audio_settings, MAX_MINUTES * 60)
            self._spectrum_of = (file, spectrum)
        return spectrum

    def _feature_ids(self, prompt: Prompt, bpm: float | None) -> np.ndarray:
        """Ids [F] of a prompt. The window starts at the song's beginning unless the prompt gives another time."""
        ids = self.spec.encode(prompt)
        if bpm is not None and TEMPO not in prompt:
            ids = self.spec.at_tempo(ids, bpm)
        return ids if START_TIME in prompt else self.spec.starting_at(ids, 0.0)

    def prompt_of(self, chart: str | Path, rate: float = 1.0) -> dict[str, PromptValue]:
        """Return the features that this model knows of a .osu file played at `rate`. Raises ChartError."""
        try:
            data = Path(chart).read_bytes()
        except OSError as error:
            raise ChartError(f"{chart}: cannot be read: {error.strerror}") from error
        features = chart_features(parse_osu(data, str(chart)), data, rate=rate)
        return {name: features[name] for name in self.spec.names if features.get(name) is not None}

    def encode(self, chart: Beatmap) -> np.ndarray:
        """Return the normalised latent [Z, L] of a chart, from its first note to the end of its last.

        Raises ChartError for a chart with another key count, without notes, or longer than a song may be.
        """
        if not chart.notes or not 0 <= chart.last_ms <= MAX_MINUTES * 60_000:
            raise ChartError(
                f"the chart '{chart.version}' cannot be encoded: it needs notes, within {MAX_MINUTES} minutes"
            )
        return self.sampler.encode(chart)


def _shipped_listener(settings: AudioSettings) -> BeatListener | None:
    """The shipped model's network that hears beats, if it knows spectra of these settings."""
    folder = find_file(SHIPPED_MODEL) / TIMING
    if not folder.is_dir():
        return None
    listener = load_timing_model(folder)
    any_length = replace(listener.settings, max_audio_frame=settings.max_audio_frame)
    return listener if any_length == settings else None
