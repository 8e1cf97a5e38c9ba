"""The prompt <-> embedding ids: which features there are, and which rows of the embedding each of them owns.

Axis: F features. Each owns a block of consecutive rows, whose first one means "not given".
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from numbers import Real
from pathlib import Path
from reprlib import repr as brief
from typing import Any

import numpy as np
import yaml

from mug.config import find_file
from mug.errors import ConfigError, PromptError

FEATURES_YAML = "configs/mug/mania_beatmap_features.yaml"  # those of the shipped model
TYPES = ("numeric", "category", "bool")
START_TIME = "start_time"  # seconds into the song at which an item begins
TEMPO = "tempo"  # of the beats of the time axis, in BPM
OF_ITEMS = (START_TIME, TEMPO)  # they fill themselves in; all other features are the chart's


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing a prompt can say: a number in bins of `interval` from `min` to `max`, or one of some `values`."""

    name: str
    type: str  # numeric, category or bool
    min: float = 0.0
    max: float = 0.0
    interval: float = 0.0
    values: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        if self.type not in TYPES:
            raise ConfigError(f"feature '{self.name}': type '{self.type}' is not one of {', '.join(TYPES)}")
        if self.type == "numeric" and not (self.min < self.max and self.interval > 0):
            raise ConfigError(f"feature '{self.name}': a numeric feature needs min < max and interval > 0")
        if self.type != "numeric" and not self.values:
            raise ConfigError(f"feature '{self.name}': a category needs values")

    @property
    def size(self) -> int:
        """Rows of the feature's block, with the one for "not given"."""
        n_bins = math.ceil((self.max - self.min) / self.interval) if self.type == "numeric" else len(self.values)
        return n_bins + 1

    def row(self, value: Any) -> int:
        """The row of a value in the block; numbers outside the range belong to the first or the last bin."""
        if value is None:
            return 0
        if self.type == "numeric":
            if isinstance(value, bool) or not isinstance(value, Real) or math.isnan(value):
                raise PromptError(f"{self.name} is {value!r}; give a number from {self.min:g} to {self.max:g}")
            # max belongs to the last bin
            return 1 + min(int((self.inside(value) - self.min) / self.interval), self.size - 2)
        if value not in self.values:
            known = "true, false" if self.type == "bool" else ", ".join(map(str, self.values))
            raise PromptError(f"{self.name} is {value!r}; known are {known}")
        return 1 + self.values.index(value)

    def inside(self, value: Any) -> Any:
        """The nearest value in the range of a number; others are as they are."""
        return min(max(float(value), self.min), self.max) if self.type == "numeric" else value

    def value(self, row: int) -> float | str | bool:
        """A value that has this row: the middle of the bin for numbers."""
        return self.min + (row - 0.5) * self.interval if self.type == "numeric" else self.values[row - 1]


class FeatureSpec:
    """The features of a prompt, in order."""

    def __init__(self, features: Iterable[Feature]):
        self.features = tuple(features)
        self.names = [feature.name for feature in self.features]
        if not self.features or len(set(self.names)) < len(self.names):
            raise ConfigError(f"features need unique names, and at least one: {brief(self.names)}")
        self.blocks: dict[str, tuple[int, int]] = {}  # name -> first row, number of rows
        self.n_rows = 0
        for feature in self.features:
            self.blocks[feature.name] = (self.n_rows, feature.size)
            self.n_rows += feature.size

    @classmethod
    def from_yaml(cls, path: str | Path) -> "FeatureSpec":
        """Read a list of features: name, type, and min, max, interval for numbers or values for categories.

        Raises ConfigError for a file that is missing or says something else.
        """
        try:
            nodes = yaml.safe_load(find_file(path).read_text(encoding="utf-8"))
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise ConfigError(f"{path}: not a readable list of features: {error}") from error
        if not isinstance(nodes, list):
            raise ConfigError(f"{path}: expected a list of features such as - {{name: rc, type: bool}}")
        try:
            return cls(_feature(node) for node in nodes)
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from error

    @property
    def of_charts(self) -> "FeatureSpec":
        """The features of a chart as a whole, wherever an item begins: those in features.db."""
        return FeatureSpec(feature for feature in self.features if feature.name not in OF_ITEMS)

    def starting_at(self, ids: np.ndarray, start_ms: float) -> np.ndarray:
        """Return a prompt's ids [F] for an item that begins at `start_ms` of its song, if start_time is a feature."""
        return self._filled_in(ids, START_TIME, max(0.0, start_ms) / 1000)

    def at_tempo(self, ids: np.ndarray, bpm: float) -> np.ndarray:
        """Return a prompt's ids [F] for an item of this tempo, if tempo is a feature."""
        return self._filled_in(ids, TEMPO, bpm)

    def _filled_in(self, ids: np.ndarray, name: str, value: float) -> np.ndarray:
        if name not in self.blocks:
            return ids
        index = self.names.index(name)
        ids = ids.copy()
        ids[index] = self.blocks[name][0] + self.features[index].row(value)
        return ids

    def inside(self, prompt: Mapping[str, Any]) -> dict[str, Any]:
        """Return a prompt as the networks see it, with numbers clamped to the ranges of their features."""
        given = {feature: prompt[feature.name] for feature in self.features if prompt.get(feature.name) is not None}
        return {feature.name: feature.inside(value) for feature, value in given.items()}

    @property
    def unconditional(self) -> np.ndarray:
        """The ids of a prompt that says nothing, int64 [F]."""
        return self.encode({})

    def encode(self, prompt: Mapping[str, float | str | bool | None]) -> np.ndarray:
        """Return the embedding row of every feature, int64 [F]; what is absent or None is "not given".

        Raises PromptError for a name or a value that is not known.
        """
        for name in prompt:
            if name not in self.blocks:
                close = get_close_matches(str(name), self.names, 1)
                meant = f" (did you mean {close[0]}?)" if close else ""
                raise PromptError(f"unknown feature '{name}'{meant}; known are {', '.join(self.names)}")
        rows = [self.blocks[feature.name][0] + feature.row(prompt.get(feature.name)) for feature in self.features]
        return np.array(rows, dtype=np.int64)

    def check(self, prompt: Mapping[str, float | str | bool | None]) -> None:
        """Raise PromptError where `encode` does, and for numbers outside the range of their features.

        `encode` counts those to the nearest bin, as training has to with very hard charts. People are told instead.
        """
        self.encode(prompt)
        for feature in self.features:
            value: Any = prompt.get(feature.name)
            if value is not None and feature.inside(value) != value:
                raise PromptError(f"{feature.name} is {value}; give a number from {feature.min:g} to {feature.max:g}")

    def decode(self, ids: Iterable[int]) -> dict[str, float | str | bool]:
        """Return a prompt with these ids [F], without the features that are "not given".

        Raises PromptError for impossible ids.
        """
        rows = [int(row) for row in ids]
        if len(rows) != len(self.features):
            raise PromptError(f"{len(rows)} ids for {len(self.features)} features")
        prompt: dict[str, float | str | bool] = {}
        for feature, row in zip(self.features, rows, strict=True):
            first, size = self.blocks[feature.name]
            if not 0 <= row - first < size:
                raise PromptError(f"id {row} is not in the rows of {feature.name}, {first} to {first + size - 1}")
            if row > first:
                prompt[feature.name] = feature.value(row - first)
        return prompt


def _feature(node: Any) -> Feature:
    """Build a feature from its YAML node."""
    known = {field.name for field in fields(Feature)}
    if not isinstance(node, dict) or not {"name", "type"} <= node.keys() <= known:
        raise ConfigError(f"{brief(node)} is not a feature, which has name, type, and min, max, interval or values")
    numbers = [node[key] for key in ("min", "max", "interval") if key in node]
    if not all(isinstance(number, Real) for number in numbers) or not isinstance(node.get("values", []), list):
        raise ConfigError(f"feature '{node['name']}': min, max and interval are numbers, values is a list")
    values = (False, True) if node["type"] == "bool" else tuple(node.get("values", ()))
    return Feature(**{**node, "name": str(node["name"]), "values": values})
