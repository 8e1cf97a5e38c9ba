"""Training items: a window of a song, its notes as an array or a latent, and the prompt that describes its chart.

Axes: K keys, T note frames, A audio frames, M mel bins, Q frequencies of the STFT, F features, Z latent channels,
L latent frames.
"""

import copy
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, replace
from pathlib import Path
from typing import Any

import numpy as np

from mug.charts.beatmap import MAX_KEYS, MIN_KEYS
from mug.data.audio import AudioSettings
from mug.data.audio_cache import AudioCache
from mug.data.augment import Augmentation, augment_mel, drop_features
from mug.data.beat_axis import BeatAxis, TimeSettings
from mug.data.convertor import ManiaConvertor
from mug.data.entry import Entry
from mug.data.items import ItemDataset
from mug.data.latents import EncodedLatents
from mug.data.library import division_for, load_entries, with_timing
from mug.data.resampling import change_rate
from mug.data.split import SplitSpec, division_advice
from mug.data.time_grid import TimeGrid
from mug.errors import ConfigError, DatasetError
from mug.features import FeatureSpec


class OsuDataset(ItemDataset):
    """The charts of one split as items.

    beatmap_txt: one or several lists of charts, each with a features.db beside it. features: YAML of the prompt's
    features. audio: AudioSettings as a mapping. augmentation: Augmentation as a mapping. valid_fraction, test_fraction,
    split_salt: see mug.data.split. with_audio: false leaves the audio out, for stage 1; prompts then stay those of rate
    1, since stage 1 does not read them. crops_per_chart: items per chart and epoch; raise it if crops are short and
    charts few, so that epochs do not get too short. latents: a folder of `mug latents`; items then have latents instead
    of notes. time: TimeSettings as a mapping; on the axis "beats", items begin with a measure, their times are those of
    the axis, and a rate changes the prompt alone.
    An item is a function of (seed, epoch, index): index with (index, epoch), or with index alone for epoch 0. If a song
    is longer than an item, training takes its beginning, or any part with `random_crop`; the other splits take the
    middle.
    With `latents`, everything about the notes (window, rate, mirrored or shuffled columns) repeats the encoded epochs
    in turn; whatever concerns only audio or prompt is drawn anew in every epoch.
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
        with_audio: bool = True,
        augmentation: Mapping[str, Any] | None = None,
        crops_per_chart: int = 1,
        latents: str | None = None,
        time: Mapping[str, Any] | None = None,
        seed: int = 23,
    ) -> None:
        if not MIN_KEYS <= keys <= MAX_KEYS:
            raise ConfigError(f"keys: {keys}; a chart has {MIN_KEYS} to {MAX_KEYS}")
        if crops_per_chart < 1 or seed < 0:
            raise ConfigError(f"crops_per_chart: {crops_per_chart}, seed: {seed}; need at least 1 and 0")
        self.settings = AudioSettings.from_params(audio)
        self.time = TimeSettings.from_params(time)
        self.spec = FeatureSpec.from_yaml(features)
        self.keys = keys
        self.with_audio = with_audio
        self.crops_per_chart = crops_per_chart
        self.seed = seed
        self.augmentation = Augmentation.from_params(augmentation or {})
        if self.split != "train" and self.augmentation != Augmentation():
            raise ConfigError(f"augmentation is for training; the {self.split} split is not augmented")
        if self.settings.kind == "stft" and self.augmentation.pitch_p + self.augmentation.frequency_mask_p > 0:
            raise ConfigError("augmentation: pitch_p and frequency_mask_p change mel bins; audio.kind is 'stft'")
        if self.time.axis == "beats" and self.augmentation.offset_p > 0:
            raise ConfigError("augmentation: offset_p begins items between two note frames; on beats they begin on one")
        if latents is not None and (self.split != "train" or not with_audio):
            raise ConfigError("latents are for the training of stage 2: give them as data.params.train.params.latents")
        self.cache = AudioCache(cache_dir, self.settings)
        lists = [beatmap_txt] if isinstance(beatmap_txt, str) else list(beatmap_txt)
        division = SplitSpec(valid_fraction, test_fraction, split_salt)
        rates = self.augmentation.rates if with_audio else (1.0,)
        self._row_of_rate = {rate: row for row, rate in enumerate(rates)}
        self.entries, self.report = load_entries(
            lists, self.spec, keys, self.split, division, self.cache if with_audio else None, rates
        )
        if self.time.axis == "beats":
            self.entries = with_timing(self.entries, self.report)
        if not self.entries:
            advice = division_advice(*division_for(lists, self.spec, keys, division, self.split))
            raise DatasetError(
                f"{', '.join(lists)}: no usable chart in the {self.split} split; {advice}\n{self.report}"
            )
        self.latents = None if latents is None else EncodedLatents(latents, len(self), self.notes_depend_on())

    @property
    def first_stage(self) -> str | None:
        """The fingerprint of the first stage that encoded the items' latents; None if items have notes."""
        return None if self.latents is None else self.latents.first_stage

    def notes_depend_on(self) -> dict[str, Any]:
        """Everything that an item's notes depend on besides index and epoch: plain values by name."""
        charts = hashlib.blake2b(digest_size=16)
        for entry in self.entries:
            moved = f" {entry.shift_ms:g} ms" if entry.shift_ms else ""
            charts.update(f"{entry.digest} {entry.audio_frames}{moved}\n".encode())
        grid = self.settings.grid
        return {
            "charts": f"{len(self.entries)}, {charts.hexdigest()}",
            "keys": self.keys,
            "crops_per_chart": self.crops_per_chart,
            "seed": self.seed,
            "frame_ms": grid.note_frame_ms,
            "max_note_frame": grid.max_frame,
            "audio_note_window_ratio": grid.audio_per_note,
            **({"frames_per_beat": self.time.frames_per_beat} if self.time.axis == "beats" else {}),
            **self.augmentation.of_notes(),
        }

    def songs(self) -> list[Path]:
        """The folder of each chart."""
        return [entry.path.parent for entry in self.entries]

    def sizes(self) -> dict[str, int]:
        return {"charts": len(self.entries), "songs": len(set(self.songs()))}

    def without_audio(self) -> "OsuDataset":
        """The same items without audio."""
        silent = copy.copy(self)
        silent.with_audio = False
        return silent

    def without_epoch_augmentation(self) -> "OsuDataset":
        """The same items without the draws of each epoch: to be stored, and augmented when they are read."""
        plain = copy.copy(self)
        plain.augmentation = Augmentation(**self.augmentation.of_notes())
        return plain

    def __len__(self) -> int:
        return len(self.entries) * self.crops_per_chart

    def __getitem__(self, key: int | tuple[int, int]) -> dict[str, Any]:
        """Return {note [4K, T], valid_flag [T], n_frames, audio [M, A] or [2, Q, A], feature [F], meta, convertor}.

        n_frames: how many of the T note frames belong to the song; the rest is padding. Items with latents have z [Z,
        L] instead of note and valid_flag.
        """
        index, epoch = key if isinstance(key, tuple) else (key, 0)
        entry = self.entries[index % len(self.entries)]
        variant = epoch if self.latents is None else epoch % self.latents.n_variants
        rng = np.random.default_rng([self.seed, variant, index])
        rate = self.augmentation.draw_rate(rng)
        axis = self.time.axis_of(entry.points, self.settings.grid)
        column, starts_ms, lasts_ms = entry.notes()
        song_ms = self.settings.grid.audio.to_ms(entry.audio_frames)
        if axis is not None:
            starts_ms, lasts_ms = axis.notes_to_axis(starts_ms), axis.notes_to_axis(lasts_ms)
            song_ms = float(axis.to_axis(song_ms))
        end_ms = max(lasts_ms.max(), song_ms)  # of music or chart
        grid = replace(self.settings.grid, rate=rate if axis is None else 1.0, end_ms=end_ms)
        start = self._window(lasts_ms.max(), grid, axis, rng)  # audio frames at that rate
        grid = grid.beginning_at(start)
        convertor = self._convertor(grid, rng)
        item: dict[str, Any] = {}
        if self.latents is None:
            item["note"] = convertor.encode_arrays(column, starts_ms, lasts_ms, rng).note
            item["valid_flag"] = self._valid_flag(lasts_ms.max(), grid)
        else:
            item["z"] = self.latents[variant, index]
        rng = np.random.default_rng([self.seed, epoch, index, 1])  # separate: the same draws with latents
        feature = entry.ids[self._row_of_rate.get(rate, 0)].astype(np.int64)
        start_ms = grid.audio.to_ms(start)
        feature = self.spec.starting_at(feature, start_ms if axis is None else float(axis.to_song(start_ms)))
        if axis is not None:
            feature = self.spec.at_tempo(
                feature, rate * axis.bpm(start_ms, start_ms + grid.notes.to_ms(grid.max_frame))
            )
        feature = drop_features(feature, self.spec, self.augmentation, rng)
        item |= {
            "n_frames": np.array(grid.filled_frames, dtype=np.int64),
            "feature": feature,
            "meta": {
                "path": str(entry.path),
                "audio": str(entry.audio),
                "game_mode": 3,
                "cs": float(self.keys),
                "version": entry.version,
                "set_id": entry.set_id,
                "shift_ms": entry.shift_ms,
            },
            "convertor": {name: value for name, value in asdict(convertor).items() if name != "keys"},
        }
        if axis is not None:
            item["meta"]["points"] = [astuple(point) for point in entry.points]
        if self.with_audio:
            item["audio"] = self._audio(entry, rate, start, axis, rng)
        return item

    def _window(self, last_ms: float, song: TimeGrid, axis: BeatAxis | None, rng: np.random.Generator) -> int:
        """The audio frame of the song at which the item begins: on a note frame, or between two if so drawn.

        On the axis of beats it begins with a measure. last_ms: when the chart's last note ends.
        """
        ratio = song.audio_per_note
        song_frames = int(song.notes.at(song.in_window(song.end_ms)))
        spare = max(0, song_frames - song.max_frame)
        spare = min(spare, int(song.notes.at(song.in_window(last_ms))))  # the window must reach the chart
        if axis is not None:
            measures = np.round(song.notes.at(axis.measures(song.notes.to_ms(spare + 1)))).astype(np.int64)
            measures = measures[measures <= spare]
            if self.augmentation.random_crop:
                return int(rng.choice(measures)) * ratio
            return 0 if self.split == "train" else int(measures[len(measures) // 2]) * ratio
        if self.augmentation.random_crop:
            start = int(rng.integers(0, spare + 1))
        else:
            start = 0 if self.split == "train" else spare // 2
        between = int(rng.integers(1, ratio)) if ratio > 1 and rng.random() < self.augmentation.offset_p else 0
        return start * ratio + between

    def _convertor(self, grid: TimeGrid, rng: np.random.Generator) -> ManiaConvertor:
        augmentation = self.augmentation
        return ManiaConvertor(
            frame_ms=grid.note_frame_ms,
            max_frame=grid.max_frame,
            keys=self.keys,
            mirror=bool(rng.random() < augmentation.mirror_p),
            random=bool(rng.random() < augmentation.random_p),
            mirror_at_interval_prob=augmentation.mirror_at_interval_p,
            offset_ms=grid.offset_ms,
            rate=grid.rate,
        )

    def _valid_flag(self, last_ms: float, grid: TimeGrid) -> np.ndarray:
        """1 up to and including the frame of the chart's last note, wherever the window ends: float32 [T]."""
        last = grid.notes.at(grid.in_window(last_ms))
        return (np.arange(grid.max_frame) <= last).astype(np.float32)

    def _audio(
        self, entry: Entry, rate: float, start: int, axis: BeatAxis | None, rng: np.random.Generator
    ) -> np.ndarray:
        """Float32 [M, A] or [2, Q, A], with zeros after the song's end."""
        song = self.cache.reopen(entry.spectrum, entry.audio)
        n_frames = self.settings.max_audio_frame
        if axis is None:
            spectrum = change_rate(song, start * rate, n_frames, rate)
        else:
            spectrum = axis.heard(song, start, n_frames)
        if self.settings.kind == "mel":
            augment_mel(spectrum, self.augmentation, rng)
        return spectrum


class OsuTrainDataset(OsuDataset):
    """The training split."""

    split = "train"


class OsuValidDataset(OsuDataset):
    """The validation split, without augmentation."""

    split = "valid"


class OsuTestDataset(OsuDataset):
    """The test split, without augmentation."""

    split = "test"
