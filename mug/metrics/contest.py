"""Collects the charts to compare with the human's: a model's, other humans', librosa's and random ones."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from mug.charts.beatmap import Beatmap
from mug.data.audio import AudioSettings, load_audio
from mug.data.chart_offset import ChartOffset
from mug.errors import AudioError
from mug.metrics.baselines import Peaks, nearest_other, onset_chart, onset_peaks, random_chart
from mug.metrics.profile import Encoder, Profile, profile_of
from mug.metrics.references import Reference
from mug.metrics.scoreboard import Pair
from mug.metrics.structure import MusicStructure
from mug.report import Report

SETTINGS = AudioSettings()  # of the spectra in which measures are compared
GENERATED, HUMAN, LIBROSA, RANDOM = "generated", "another human", "librosa onsets", "random notes"


class Contest:
    """Pairs of charts by source (the columns of the table); every reference is measured once.

    encode: the first stage for the distance of latents, or None. seed: of the random baseline charts.
    offsets: of people's charts against the audio, by path.
    """

    def __init__(
        self,
        encode: Encoder | None = None,
        seed: int = 0,
        offsets: Mapping[Path, ChartOffset] | None = None,
        tqdm_class: Callable[..., Any] = tqdm,
    ) -> None:
        self.encode = encode
        self.offsets = offsets or {}
        self.seed = seed
        self.tqdm_class = tqdm_class
        self.report = Report()
        self.pairs: dict[str, list[Pair]] = {}
        self._profiles: dict[Path, Profile] = {}
        self._music: dict[Path, MusicStructure | None] = {}  # by reference
        self._spectrum: tuple[Path | None, np.ndarray | None] = (None, None)  # of the last song [M, A]

    def enter(self, source: str, reference: Reference, chart: Beatmap, prompt: Mapping[str, Any] | None = None) -> None:
        """Add a chart and its reference. prompt: None means the reference's star rating."""
        prompt = {"sr": reference.stars} if prompt is None else prompt
        pair = Pair(
            str(reference.path),
            reference.song,
            self._measured(reference),
            profile_of(chart, self.encode),
            prompt,
            self.offsets.get(reference.path),
            music=self._heard(reference),
        )
        self.pairs.setdefault(source, []).append(pair)

    def enter_baselines(self, references: Sequence[Reference], all_references: Sequence[Reference]) -> None:
        """Add the baselines for `references`; charts by other humans are searched in `all_references`."""
        songs: dict[str, list[Reference]] = {}
        for reference in all_references:
            songs.setdefault(reference.song, []).append(reference)
        peaks: dict[Path, Peaks | None] = {}
        for reference in self.tqdm_class(references, desc="baselines", unit="chart", disable=None):
            name = f"{reference.path.parent.name}/{reference.path.name}".encode("utf-8", "surrogateescape")
            rng = np.random.default_rng((self.seed, zlib.crc32(name)))
            charts = songs[reference.song]
            at = next(i for i, other in enumerate(charts) if other.path == reference.path)
            other = nearest_other([c.chart for c in charts], [c.stars for c in charts], at)
            if other is not None:
                self._enter_human(reference, charts[other])
            if reference.audio is not None:
                if reference.audio not in peaks:
                    peaks[reference.audio] = self._peaks(reference.audio)
                found = peaks[reference.audio]
                if found is not None:
                    self.enter(LIBROSA, reference, onset_chart(reference.chart, found, rng))
            self.enter(RANDOM, reference, random_chart(reference.chart, rng))

    def _enter_human(self, reference: Reference, other: Reference) -> None:
        prompt = {"sr": reference.stars}
        pair = Pair(
            str(reference.path),
            reference.song,
            self._measured(reference),
            self._measured(other),
            prompt,
            self.offsets.get(reference.path),
            self.offsets.get(other.path),
            self._heard(reference),
        )
        self.pairs.setdefault(HUMAN, []).append(pair)

    def _measured(self, reference: Reference) -> Profile:
        """A reference's profile, with features computed from the file, not taken from features.db."""
        if reference.path not in self._profiles:
            profile = profile_of(reference.chart, self.encode)
            features = {**profile.features, **{k: v for k, v in reference.features.items() if v is not None}}
            self._profiles[reference.path] = replace(profile, features=features)
        return self._profiles[reference.path]

    def _heard(self, reference: Reference) -> MusicStructure | None:
        """Which measures of a reference's song sound alike; None without audio, or where measures mean nothing."""
        if reference.audio is None:
            return None
        if reference.path not in self._music:
            if self._spectrum[0] != reference.audio:
                self._spectrum = (reference.audio, self._decoded(reference.audio))
            spectrum = self._spectrum[1]
            found = None if spectrum is None else MusicStructure.of(spectrum, SETTINGS, reference.chart)
            self._music[reference.path] = found
        return self._music[reference.path]

    def _decoded(self, audio: Path) -> np.ndarray | None:
        try:
            return load_audio(audio, SETTINGS)
        except AudioError:  # reported where its onsets are looked for
            return None

    def _peaks(self, audio: Path) -> Peaks | None:
        try:
            return onset_peaks(audio)
        except AudioError as error:
            self.report.skip("undecodable audio", str(error))
            return None
