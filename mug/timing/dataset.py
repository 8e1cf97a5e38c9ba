"""Training items for the network that hears beats: a window of a song, and its beats, downbeats and tempo.

Axes: T note frames, N tempo frames, A audio frames, M mel bins.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mug.charts.tempo_map import TempoMap
from mug.data.audio import AudioSettings
from mug.data.audio_cache import AudioCache
from mug.data.augment import Augmentation, augment_mel
from mug.data.entry import Entry
from mug.data.items import ItemDataset
from mug.data.library import division_for, load_entries
from mug.data.resampling import change_rate
from mug.data.split import SplitSpec, division_advice
from mug.errors import ConfigError, DatasetError
from mug.features import FeatureSpec
from mug.report import Report
from mug.timing.labels import beat_planes, music_of, problem_of
from mug.timing.tempo_classes import TEMPO_FRAMES

RATED_BPM = (70.0, 240.0)  # a rate does not move a tempo out of these: people would write another octave there
USED = {"rate", "rate_p", "pitch_p", "frequency_mask_p", "recording_p", "random_crop"}  # of the augmentations


class TimingDataset(ItemDataset):
    """The songs of one split as items, one a song.

    beatmap_txt, features, audio, keys, cache_dir, valid_fraction, test_fraction, split_salt: as those of
    mug.data.dataset.OsuDataset, so that a song is in the same split here and there. augmentation: Augmentation as a
    mapping; only those of audio, rate and window may be given, and any rate between the ends of `rate` is drawn.
    crops: items per song and epoch.
    The labels are the red lines of a song's first chart that has usable ones. A chart whose red lines are effects is
    left out and reported, see mug.timing.labels.problem_of.
    An item is a function of (seed, epoch, index).
    """

    split = ""

    def __init__(
        self,
        beatmap_txt: str | Sequence[str],
        features: str,
        audio: Mapping[str, Any],
        keys: int = 4,
        cache_dir: str = "data/audio_cache",
        valid_fraction: float = 0.05,
        test_fraction: float = 0.05,
        split_salt: str = "",
        augmentation: Mapping[str, Any] | None = None,
        crops: int = 1,
        seed: int = 23,
    ) -> None:
        self.settings = AudioSettings.from_params(audio)
        if self.settings.kind != "mel" or self.settings.max_note_frame % TEMPO_FRAMES:
            raise ConfigError(
                f"audio: timing needs kind mel, and max_audio_frame a multiple of {TEMPO_FRAMES} note frames"
            )
        if crops < 1 or seed < 0:
            raise ConfigError(f"crops: {crops}, seed: {seed}; need at least 1 and 0")
        self.augmentation = Augmentation.from_params(augmentation or {})
        if self.split != "train" and self.augmentation != Augmentation():
            raise ConfigError(f"augmentation is for training; the {self.split} split is not augmented")
        if unused := set(augmentation or {}) - USED:
            raise ConfigError(f"augmentation: {', '.join(sorted(unused))}: of no use for timing, which has no notes")
        self.crops = crops
        self.seed = seed
        self.cache = AudioCache(cache_dir, self.settings)
        lists = [beatmap_txt] if isinstance(beatmap_txt, str) else list(beatmap_txt)
        spec, division = FeatureSpec.from_yaml(features), SplitSpec(valid_fraction, test_fraction, split_salt)
        entries, self.report = load_entries(lists, spec, keys, self.split, division, self.cache)
        self.entries = one_a_song(entries, self.settings.grid.audio.frame_ms, self.report)
        if not self.entries:
            advice = division_advice(*division_for(lists, spec, keys, division, self.split))
            raise DatasetError(
                f"{', '.join(lists)}: no usable chart in the {self.split} split; {advice}\n{self.report}"
            )
        self._music: dict[int, tuple[int, int]] = {}  # audio frames between which a song has music, as they are read

    def songs(self) -> list[Path]:
        """The folder of each song's chart."""
        return [entry.path.parent for entry in self.entries]

    def sizes(self) -> dict[str, int]:
        return {"songs": len(self.entries)}

    def __len__(self) -> int:
        return len(self.entries) * self.crops

    def __getitem__(self, key: int | tuple[int, int]) -> dict[str, Any]:
        """Return {audio [M, A], beat [T], place [T], downbeat [T], tempo [N], meta}; see mug.timing.labels.BeatPlanes.

        What is past the end of a song is silence, without beats.
        """
        index, epoch = key if isinstance(key, tuple) else (key, 0)
        number = index % len(self.entries)
        entry = self.entries[number]
        rng = np.random.default_rng([self.seed, epoch, index])
        song = self.cache.reopen(entry.spectrum, entry.audio)
        if number not in self._music:
            self._music[number] = music_of(song)
        first, last = self._music[number]
        tempo_map = TempoMap.of_points(entry.points)
        audio = self.settings.grid.audio
        rate = self._rate(tempo_map, audio.to_ms(last), rng)
        start = self._start(entry.audio_frames / rate, rng)
        grid = replace(self.settings.grid, rate=rate).beginning_at(start)
        planes = beat_planes(tempo_map, grid, audio.to_ms(first), audio.to_ms(last))
        spectrum = change_rate(song, start * rate, self.settings.max_audio_frame, rate)
        augment_mel(spectrum, self.augmentation, rng)
        return {"audio": spectrum, **vars(planes), "meta": {"path": str(entry.path), "rate": rate, "start": start}}

    def _rate(self, tempo_map: TempoMap, end_ms: float, rng: np.random.Generator) -> float:
        """A rate, equally likely in every ratio, that leaves a song's main tempo where people write it."""
        if rng.random() >= self.augmentation.rate_p:
            return 1.0
        bpm = tempo_map.main_bpm(0.0, end_ms)
        low, high = self.augmentation.rate
        low, high = max(low, min(1.0, RATED_BPM[0] / bpm)), min(high, max(1.0, RATED_BPM[1] / bpm))
        return math.exp(rng.uniform(math.log(low), math.log(high)))

    def _start(self, song_frames: float, rng: np.random.Generator) -> int:
        """The audio frame, at the item's rate, at which it begins."""
        spare = max(0, int(song_frames) - self.settings.max_audio_frame)
        if self.augmentation.random_crop:
            return int(rng.integers(0, spare + 1))
        return 0 if self.split == "train" else spare // 2


def one_a_song(entries: Sequence[Entry], frame_ms: float, report: Report) -> list[Entry]:
    """Return the first chart of each audio file that has usable red lines; report those that were passed over."""
    chosen: dict[Path, Entry] = {}
    for entry in entries:
        if entry.audio in chosen:
            continue
        problem = problem_of(entry.points, entry.audio_frames * frame_ms)
        if problem is None:
            chosen[entry.audio] = entry
        else:
            report.skip("red lines that are no tempo", f"{entry.path}: {problem}")
            report.done -= 1
    return list(chosen.values())


class TimingTrainDataset(TimingDataset):
    """The training split."""

    split = "train"


class TimingValidDataset(TimingDataset):
    """The validation split, without augmentation."""

    split = "valid"


class TimingTestDataset(TimingDataset):
    """The test split, without augmentation."""

    split = "test"
