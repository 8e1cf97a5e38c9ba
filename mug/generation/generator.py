"""From a song and a prompt to charts: the entry point to a trained model. Callers never touch the networks.

Axes: Z latent channels, L latent frames, F features.
"""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

# How long OpenMP's threads spin while they wait for each other; read when torch is imported. Sampling is thousands of
# short operations. If another program takes one of the cores, each operation waits for the thread that is not running
# while the others spin: 250 s instead of 14. With this setting it takes 17 s, on a busy machine or an idle one.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")

import numpy as np
import torch
from torch import nn

from mug.charts.beatmap import Beatmap
from mug.charts.chart_files import read_charts
from mug.charts.osu import format_osu
from mug.charts.playability import JACK_INTERVAL_MS
from mug.checkpoints.fingerprint import fingerprint
from mug.checkpoints.trained_model import TrainedModel, load_trained_model
from mug.config import find_file
from mug.device import AUTO, pick_device
from mug.errors import ChartError, ConfigError, PromptError
from mug.features import START_TIME, TEMPO
from mug.generation.chart_writer import ChartWriter, Draft
from mug.generation.editing import Editor
from mug.generation.new_charts import new_charts
from mug.generation.note_sampler import NoteSampler
from mug.generation.prepared import Expected, Prepared
from mug.generation.prompt_distance import STARS
from mug.generation.region import OpenPart, Region
from mug.generation.request import GeneratedChart, Prompt, PromptValue, Request
from mug.generation.settings import SAMPLING, SamplingSettings
from mug.generation.silence import sounding_share
from mug.generation.song import Song
from mug.generation.song_reader import MAX_MINUTES, SongReader, shipped_listener
from mug.generation.spread import MAX_SPREAD, set_up
from mug.metrics.onsets import moments_ms
from mug.model.weights import is_model_folder
from mug.placement.density import Density
from mug.progress import Progress, Stage, given_or_bar
from mug.ratings.chart_features import chart_features


class ChartGenerator:
    """A trained model that writes charts. Safe to share between threads: one request samples at a time."""

    def __init__(self, trained: TrainedModel, settings: SamplingSettings | None = None) -> None:
        """settings: the default sampling settings of `generate`."""
        self.settings = SamplingSettings() if settings is None else settings
        self._trained = trained
        self.sampler = NoteSampler(trained)
        self.reader = SongReader(trained)
        self.writer = ChartWriter(self.sampler, self._feature_ids)
        self.spec = trained.spec
        self.density = trained.density
        self.audio_settings = trained.audio_settings
        self.keys = trained.keys
        heard = () if self.reader.listener is None else (self.reader.listener.model,)
        placed = () if trained.placement is None else (trained.placement,)
        self.networks: Sequence[nn.Module] = (trained.model, *placed, *heard)
        self.editor = Editor(self.sampler, self.reader, self.writer, self.spec, self._expected, self._density_of)

    @cached_property
    def fingerprint(self) -> str:
        """A hash of what charts depend on besides song, prompt and sampling; see mug.checkpoints.fingerprint."""
        return fingerprint(self._trained)

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
            trained = replace(trained, timing=shipped_listener(trained.audio_settings))
        try:
            trained.model.to(device)
            if trained.placement is not None:
                trained.placement.to(device)
            if trained.timing is not None:
                trained.timing.model.to(device)
        except (RuntimeError, AssertionError) as error:  # torch raises either for a missing device
            raise ConfigError(f"device '{device}' cannot be used: {error}") from error
        return cls(trained, own_settings(checkpoint))

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
        progress: Progress | None = None,
        negative_prompt: Prompt | None = None,
    ) -> list[GeneratedChart]:
        """Write `count` charts of a song. Chart i depends on seed + i alone, not on the other charts.

        prompt: values by feature; a feature that is missing or None is not given. negative_prompt: features that the
        charts should not have; it needs guidance above 1. song: known metadata and timing. settings: by default the
        model's own, `self.settings`. snap, jack_interval_ms: see Request. progress: by default a bar on standard error.
        A chart without notes is left out with a warning. Raises PromptError, AudioError, and ChartError if no chart has
        notes.
        """
        request = self._request(audio, prompt, count, seed, settings, snap, jack_interval_ms, song, negative_prompt)
        with given_or_bar(progress) as bar:
            prepared = self.reader.read(request.audio, request.song, bar)
            bar.enter(Stage.PLACING)
            expected = self._expected(prepared, request.prompt, request)
            drafts = [Draft(seed + index, request.prompt, request.prompt, expected) for index in range(count)]
            written = self.writer.write(request, prepared, drafts, bar)
        return new_charts(request, prepared.timing, written, self.keys)

    def spread(
        self,
        audio: str | Path,
        prompts: Sequence[Prompt],
        seed: int = 0,
        song: Song | None = None,
        settings: SamplingSettings | None = None,
        snap: bool = True,
        jack_interval_ms: float = JACK_INTERVAL_MS,
        negative_prompt: Prompt | None = None,
        progress: Progress | None = None,
    ) -> list[GeneratedChart]:
        """Write a chart for each prompt, easiest first, named Easy, Normal, Hard and so on (mug.generation.spread).

        The hardest is written first; the moments of a chart are preferred in the next easier one. For the arguments
        see `generate`. Raises PromptError also for a prompt without stars.
        """
        if not 1 <= len(prompts) <= MAX_SPREAD or any(prompt.get(STARS) is None for prompt in prompts):
            raise PromptError(f"a spread has 1 to {MAX_SPREAD} prompts, each with stars: {STARS}=...")
        for prompt in prompts:
            self._feature_ids(prompt, None)
        charts: list[GeneratedChart] = []
        with given_or_bar(progress) as bar:
            bar.expect(len(prompts) * (self.settings if settings is None else settings).ensemble)
            for prompt in sorted(prompts, key=lambda prompt: -float(prompt[STARS] or 0)):
                request = self._request(audio, prompt, 1, seed, settings, snap, jack_interval_ms, song, negative_prompt)
                prepared = self.reader.read(request.audio, request.song, bar)
                bar.enter(Stage.PLACING)
                expected = self._expected(prepared, request.prompt, request)
                harder_ms = moments_ms(charts[-1]) if charts else None
                draft = Draft(seed, request.prompt, request.prompt, expected, harder_ms)
                written = self.writer.write(request, prepared, [draft], bar)
                charts += new_charts(request, prepared.timing, written, self.keys)
        return set_up(charts)

    def edit(
        self,
        chart: Beatmap,
        audio: str | Path,
        region: Region,
        prompt: Prompt | None = None,
        harder: float = 0.0,
        strength: float = 1.0,
        count: int = 1,
        seed: int = 0,
        settings: SamplingSettings | None = None,
        snap: bool = True,
        jack_interval_ms: float = JACK_INTERVAL_MS,
        progress: Progress | None = None,
    ) -> list[GeneratedChart]:
        """Draw the region of a chart anew, `count` times, and keep all other notes exactly.

        chart: anyone's, with the model's keys; its timing points are the time axis, and stay. A note belongs to the
        region if it starts there. prompt: features that replace the chart's own. harder: stars to add to the chart's
        own, for the region. strength: how much of the region changes: 1 is all new, 0 nothing (see `variations`). For
        the others see `generate`. Raises PromptError, AudioError, and ChartError for a chart of other keys or of
        another song.
        """
        request = self._request(audio, prompt, count, seed, settings, snap, jack_interval_ms)
        with given_or_bar(progress) as bar:
            return self.editor.edit(chart, request, region, strength, harder, bar)

    def variations(
        self,
        chart: Beatmap,
        audio: str | Path,
        strength: float = 0.5,
        prompt: Prompt | None = None,
        count: int = 1,
        seed: int = 0,
        settings: SamplingSettings | None = None,
        progress: Progress | None = None,
    ) -> list[GeneratedChart]:
        """Write variations of a whole chart: `edit` without a region. With a prompt they are in another style.

        strength: 0 returns the chart's own notes; the higher, the more changes, up to a new chart at 1.
        """
        request = self._request(audio, prompt, count, seed, settings)
        with given_or_bar(progress) as bar:
            return self.editor.edit(chart, request, Region(), strength, 0.0, bar)

    def interpolate(
        self,
        first: Beatmap,
        second: Beatmap,
        audio: str | Path,
        count: int = 1,
        strength: float = 0.5,
        seed: int = 0,
        settings: SamplingSettings | None = None,
        progress: Progress | None = None,
    ) -> list[GeneratedChart]:
        """Write `count` charts between two charts of a song, from near the first to near the second.

        Their latents are mixed, and smoothed by noise of this strength, the same in all charts. Raises PromptError,
        AudioError, and ChartError for a chart of other keys or of another song.
        """
        request = self._request(audio, None, count, seed, settings)
        with given_or_bar(progress) as bar:
            return self.editor.interpolate(first, second, request, strength, bar)

    def _request(
        self,
        audio: str | Path,
        prompt: Prompt | None,
        count: int,
        seed: int,
        settings: SamplingSettings | None,
        snap: bool = True,
        jack_interval_ms: float = JACK_INTERVAL_MS,
        song: Song | None = None,
        negative_prompt: Prompt | None = None,
    ) -> Request:
        """A request without the features that are not given. Raises PromptError."""
        given, unwanted = (
            {name: value for name, value in (features or {}).items() if value is not None}
            for features in (prompt, negative_prompt)
        )
        settings = self.settings if settings is None else settings
        request = Request(Path(audio), given, count, seed, song or Song(), settings, snap, jack_interval_ms, unwanted)
        for features in (given, unwanted):
            self._feature_ids(features, None)  # an invalid prompt fails before any audio is decoded
        return request

    def _expected(self, prepared: Prepared, prompt: Prompt, request: Request, part: OpenPart | None = None) -> Expected:
        """Predict where a song's charts for a prompt have notes and how dense they are, if the model can.

        part: the only part that will have notes.
        """
        density = self._density_of(prompt)
        if density is not None and prepared.silences:  # they have no notes: spread over the whole song there are fewer
            share = sounding_share(prepared.silences, prepared.end_ms)
            density = replace(density, log_rate=density.log_rate + math.log(share))
        if density is not None and part is not None:  # likewise
            density = replace(density, log_rate=density.log_rate + math.log(part.share(prepared.end_ms)))
        ids = self._feature_ids(prompt, prepared.bpm)  # [F]
        chances = self.sampler.place(prepared.spectrum, ids, prepared.axis) if request.settings.ensemble > 1 else None
        return Expected(chances, density)

    def _density_of(self, prompt: Prompt) -> Density | None:
        """The prior's density for a prompt, None without a prior."""
        return None if self.density is None else self.density.of(self.spec.inside(prompt))

    def _feature_ids(self, prompt: Prompt, bpm: float | None) -> np.ndarray:
        """Ids [F] of a prompt. The window starts at the song's beginning unless the prompt gives another time."""
        ids = self.spec.encode(prompt)
        if bpm is not None and TEMPO not in prompt:
            ids = self.spec.at_tempo(ids, bpm)
        return ids if START_TIME in prompt else self.spec.starting_at(ids, 0.0)

    def prompt_of(self, chart: str | Path | Beatmap, rate: float = 1.0) -> dict[str, PromptValue]:
        """Return the features that this model knows of a chart played at `rate`; of a file of any format, its first.

        Raises ChartError.
        """
        is_osu = not isinstance(chart, Beatmap) and Path(chart).suffix.lower() == ".osu"
        beatmap = chart if isinstance(chart, Beatmap) else read_charts(chart)[0]
        features = chart_features(beatmap, Path(str(chart)).read_bytes() if is_osu else format_osu(beatmap), rate=rate)
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


def own_settings(checkpoint: str | Path) -> SamplingSettings:
    """Return the default sampling settings of a checkpoint: those of a model folder, or else the usual ones."""
    found = find_file(checkpoint)
    path = (found if found.is_dir() else found.parent) / SAMPLING
    if is_model_folder(checkpoint) and path.exists():
        return SamplingSettings.from_yaml(path)
    return SamplingSettings()
