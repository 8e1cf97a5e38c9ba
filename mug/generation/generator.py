"""From a song and a prompt to charts: the one door to a trained model. Nothing outside knows about networks.

Axes: A audio frames, M mel bins, Z latent channels, L latent frames, F features.
"""

import json
import math
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

# Read by OpenMP when torch is imported: for how long its threads spin while they wait for each other. Sampling is many
# thousands of short operations, and as soon as another program has one of the cores, each of them waits for a thread
# that does not run while the others spin: 250 s in the place of 14. With this it is 17 s, beside others or not.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")

import numpy as np
import torch
from tqdm import tqdm

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import parse_osu
from mug.charts.playability import JACK_INTERVAL_MS
from mug.charts.timing import check_tempo
from mug.checkpoints.trained_model import TrainedModel, load_trained_model
from mug.data.audio import load_audio
from mug.device import AUTO, pick_device
from mug.diffusion.samplers import SAMPLERS, STOCHASTIC
from mug.errors import ChartError, ConfigError, PromptError
from mug.features import START_TIME
from mug.generation.choice import Choice, choose
from mug.generation.consensus import agreements
from mug.generation.finishing import fit_tempo, gather_chords, inside, song_names, tidy
from mug.generation.note_sampler import NoteSampler
from mug.generation.prompt_distance import ask_again
from mug.ratings.chart_features import chart_features

MAX_MINUTES = 15  # attention over a whole song: memory grows with the square of its length
MAX_CHARTS = 64
MAX_SEED = 2**53  # more than a spreadsheet or a JSON reader keeps exactly
CREATOR = "MuG"

PromptValue = float | str | bool | None
Prompt = Mapping[str, PromptValue]


class ChartGenerator:
    """A trained model that writes charts. Safe to share between threads: one request samples at a time."""

    def __init__(self, trained: TrainedModel) -> None:
        self.sampler = NoteSampler(trained)
        self.spec = trained.spec
        self.density = trained.density
        self.audio_settings = trained.audio_settings
        self.keys = trained.keys
        self._heard: tuple[tuple[Path, int, int] | None, np.ndarray] = (None, np.empty(0))  # a file and its spectrum

    @classmethod
    def load(
        cls, checkpoint: str | Path, device: str | torch.device = AUTO, config: Mapping[str, Any] | None = None
    ) -> "ChartGenerator":
        """Load a stage 2 model: a run's .ckpt, a model folder (mug.checkpoints.model_folder), or the file in one.

        Each carries its run's configuration, which `config` replaces where given. device: see mug.device.pick_device.
        Raises CheckpointError that names what is missing or which tensors do not fit, and ConfigError for a device that
        cannot be used.
        """
        device = pick_device(device)
        trained = load_trained_model(checkpoint, config)
        try:
            trained.model.to(device)
            if trained.placement is not None:
                trained.placement.to(device)
        except (RuntimeError, AssertionError) as error:  # torch's answers to a device that is not there
            raise ConfigError(f"device '{device}' cannot be used: {error}") from error
        return cls(trained)

    def generate(
        self,
        audio: str | Path,
        prompt: Prompt,
        count: int = 1,
        steps: int = 50,
        guidance_scale: float = 2.0,
        eta: float = 0.0,
        sampler: str = "ddim",
        seed: int = 0,
        title: str | None = None,
        artist: str | None = None,
        bpm: float | None = None,
        offset_ms: float | None = None,
        timing_points: Sequence[TimingPoint] | None = None,
        keys: int | None = None,
        snap: bool = True,
        jack_interval_ms: float = JACK_INTERVAL_MS,
        ensemble: int = 1,
        attempts: int = 1,
        tqdm_class: Callable[..., Any] = tqdm,
    ) -> list[Beatmap]:
        """Write `count` charts of a song; chart i depends on seed + i and on none of the others.

        guidance_scale: how strictly the prompt is followed, 1 is plainly conditional. sampler: "ddim" or "plms", which
        comes as near with fewer steps. eta: 0 is deterministic, more is DDIM that draws noise at every step.
        title, artist: default to the audio's tags, then to its file name. bpm, offset_ms: what is not given is fitted
        to each chart. timing_points: the song's tempo changes, instead of both. ensemble: of how many samples
        each chart is made: of the moments that they agree on, played as comes closest to the prompt, see
        mug.generation.choice.
        attempts: how often samples whose star rating is off are drawn, asked for that much less or more than before.
        A chart without a single note is left out with a warning. Raises PromptError, AudioError, and ChartError when no
        chart has notes.
        """
        if keys not in (None, self.keys):
            raise PromptError(f"this model writes {self.keys}K charts; {keys}K needs a model trained on {keys}K charts")
        if not 1 <= count <= MAX_CHARTS:
            raise PromptError(f"{count} charts: ask for 1 to {MAX_CHARTS}")
        if not 1 <= ensemble <= MAX_CHARTS:
            raise PromptError(f"an ensemble of {ensemble}: take 1 to {MAX_CHARTS}")
        if attempts < 1:
            raise PromptError(f"{attempts} attempts: take 1 or more")
        if not 0 <= seed <= MAX_SEED:
            raise PromptError(f"seed {seed}: give a whole number from 0 to {MAX_SEED}")
        if not jack_interval_ms >= 0:
            raise PromptError(f"minijack interval {jack_interval_ms} ms: give 0 or more")
        if timing_points and (bpm is not None or offset_ms is not None):
            raise PromptError("give either timing points or BPM and offset, not both")
        if not math.isfinite(guidance_scale):
            raise PromptError(f"guidance scale {guidance_scale}: give a number, such as 3")
        if sampler not in SAMPLERS:
            raise PromptError(f"sampler '{sampler}': known are {', '.join(SAMPLERS)}")
        if eta != 0 and sampler not in STOCHASTIC:
            raise PromptError(f"eta {eta}: the sampler {sampler} draws no noise at its steps; give eta 0")
        check_tempo(bpm, offset_ms)
        path = Path(audio)
        wishes = {name: value for name, value in prompt.items() if value is not None}
        wished = self._prompt_ids(wishes)  # [F]; what is wrong with it is said before anything is decoded
        spectrum = self._spectrum(path)  # [M, A]
        end_ms = self.audio_settings.grid.audio.to_ms(spectrum.shape[-1])

        seeds = range(seed, seed + count)
        title, artist = song_names(path, title, artist)
        stars = f" {wishes['sr']:.1f}*" if "sr" in wishes else ""

        def chart_of(notes: Sequence[Note], points: list[TimingPoint], index: int) -> Beatmap:
            return Beatmap(
                keys=self.keys,
                notes=tidy(notes, self.keys, points if snap else None, jack_interval_ms, end_ms),
                timing_points=points,
                audio_filename=path.name,
                title=title,
                artist=artist,
                creator=CREATOR,
                version=f"AI v{index + 1}{stars}",
                metadata={
                    "AIMode": CREATOR,
                    "AIPrompt": json.dumps(wishes, default=float),  # numpy's numbers too
                    "AISeed": str(seeds[index]),
                    "AIEnsemble": str(ensemble),
                },
            )

        chances = self.sampler.place(spectrum, wished) if ensemble > 1 else None
        density = None if self.density is None else self.density.of(self.spec.inside(wishes))
        written: dict[int, Choice] = {}  # the best of each chart's attempts
        asked = {index: dict(wishes) for index in range(count)}  # of the charts that are to be sampled
        for _ in range(attempts):
            features = np.stack([self._prompt_ids(prompt) for prompt in asked.values()])  # [N, F]
            own_seeds = [seeds[index] for index in asked]
            sampled = self.sampler.sample(
                spectrum, features, own_seeds, ensemble, steps, guidance_scale, eta, sampler, tqdm_class
            )
            again = {}
            for (index, prompt), samples in zip(asked.items(), sampled, strict=True):
                gathered = [gather_chords(inside(notes, end_ms)) for notes in samples]
                first = next(agreements(gathered, chances, density, jack_interval_ms=jack_interval_ms), None)
                if first is None or not (notes := first.notes()):
                    continue
                points = list(timing_points or [fit_tempo(notes, bpm, offset_ms)])
                own_chart = partial(chart_of, points=points, index=index)
                choice = choose(gathered, wishes, own_chart, chances, density, jack_interval_ms)
                if index not in written or choice.is_better_than(written[index]):
                    written[index] = choice
                if (corrected := ask_again(prompt, choice.stars, wishes)) is not None:
                    again[index] = corrected
            if not again:
                break
            asked = again
        for index in sorted(set(range(count)) - set(written)):
            message = f"AI v{index + 1}{stars}: the model wrote no notes; the chart is left out"
            warnings.warn(message, stacklevel=2)
        if not written:
            raise ChartError(f"{path}: the model wrote no notes; train it for longer, or ask for something else")
        return [written[index].chart for index in sorted(written)]

    def _spectrum(self, path: Path) -> np.ndarray:
        """The spectrum [M, A] of a song, kept until another one is asked for: one song often gets several charts."""
        try:
            stat = path.stat()
        except OSError:
            file = None  # load_audio says what is wrong
        else:
            file = (path.absolute(), stat.st_mtime_ns, stat.st_size)
        known, spectrum = self._heard
        if file is None or file != known:
            spectrum = load_audio(path, self.audio_settings, MAX_MINUTES * 60)
            self._heard = (file, spectrum)
        return spectrum

    def _prompt_ids(self, wishes: Prompt) -> np.ndarray:
        """Ids [F] of a prompt; a song begins at its beginning, unless said otherwise."""
        ids = self.spec.encode(wishes)
        return ids if START_TIME in wishes else self.spec.starting_at(ids, 0.0)

    def prompt_of(self, chart: str | Path, rate: float = 1.0) -> dict[str, PromptValue]:
        """Return the features of a .osu file, played at `rate`, that this model can be asked for. Raises ChartError."""
        try:
            data = Path(chart).read_bytes()
        except OSError as error:
            raise ChartError(f"{chart}: cannot be read: {error.strerror}") from error
        features = chart_features(parse_osu(data, str(chart)), data, rate=rate)
        return {name: features[name] for name in self.spec.names if features.get(name) is not None}

    def encode(self, chart: Beatmap) -> np.ndarray:
        """Return the latent [Z, L] of a chart from its first note to its last one's end, as the denoiser knows latents.

        Raises ChartError for a chart of other keys, without notes, or longer than a song may be.
        """
        if not chart.notes or not 0 <= chart.last_ms <= MAX_MINUTES * 60_000:
            raise ChartError(
                f"the chart '{chart.version}' cannot be encoded: it needs notes, within {MAX_MINUTES} minutes"
            )
        return self.sampler.encode(chart)
