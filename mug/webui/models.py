"""The models that the web page offers: described from their configurations, loaded when first used, and kept."""

import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from mug.checkpoints.model_folder import CARD, CONFIG
from mug.checkpoints.trained_model import read_interface
from mug.config import PROJECT_ROOT, find_file
from mug.device import AUTO
from mug.errors import ConfigError, MugError
from mug.features import FeatureSpec
from mug.generation.generator import ChartGenerator, own_settings
from mug.generation.settings import SamplingSettings
from mug.webui.time_left import Pace

SHIPPED_MODELS = PROJECT_ROOT / "models"
KEPT = 2  # models in memory
MAX_CARD, MAX_ABOUT = 100_000, 200  # characters


@dataclass(frozen=True)
class Model:
    """A model of the list.

    name: unique in the list. spec: the features of its prompt. about: the first sentence of its card. settings: its own
    sampling settings.
    """

    name: str
    path: Path
    keys: int
    spec: FeatureSpec
    about: str = ""
    settings: SamplingSettings = field(default_factory=SamplingSettings)

    @property
    def label(self) -> str:
        """What a list shows: the key count first, as players choose by it."""
        return f"{self.keys}K: {self.name}"


@dataclass(frozen=True)
class BrokenModel:
    """A model that cannot be used, and why."""

    name: str
    path: Path
    error: str


Listed = Model | BrokenModel


class Models:
    """A list of models. Safe to share between threads: however many wait for a model, it is loaded once."""

    def __init__(self, listed: Sequence[Listed], first: str = "", device: str | torch.device = AUTO) -> None:
        """first: the name of the model that is chosen at first. Raises ConfigError if none can be used."""
        self.usable = [model for model in listed if isinstance(model, Model)]
        self.broken = [model for model in listed if isinstance(model, BrokenModel)]
        if not self.usable:
            raise ConfigError("; ".join(model.error for model in self.broken) or "there are no models to choose from")
        self.first = self[first] if first else self.usable[0]
        self._device = device
        self._locks = {model.name: threading.Lock() for model in self.usable}  # one loads while the others answer
        self._changing = threading.Lock()
        self._paces = {model.name: Pace() for model in self.usable}
        self._loaded: dict[str, ChartGenerator] = {}  # the one used last comes last

    def __getitem__(self, name: str) -> Model:
        """Return the model of this name. Raises ConfigError for an unknown one, and for one that cannot be used."""
        for model in self.usable:
            if model.name == name:
                return model
        for broken in self.broken:
            if broken.name == name:
                raise ConfigError(f"the model '{name}' cannot be used: {broken.error}")
        raise ConfigError(f"no model '{name}'; there are {', '.join(model.name for model in self.usable)}")

    def generator(self, name: str) -> ChartGenerator:
        """Return a model, loaded now if it is not in memory. The one unused for longest makes room for it.

        Raises MugError for an unknown or broken one.
        """
        model = self[name]
        with self._locks[name]:
            with self._changing:
                if name in self._loaded:
                    self._loaded[name] = self._loaded.pop(name)
                    return self._loaded[name]
            generator = ChartGenerator.load(model.path, self._device)
            with self._changing:
                self._loaded[name] = generator
                while len(self._loaded) > KEPT:  # a request that charts with it still has it
                    del self._loaded[next(iter(self._loaded))]
            return generator

    def pace(self, name: str) -> Pace:
        """What requests to a model have taken so far."""
        return self._paces[self[name].name]


def find_models(given: Iterable[str | Path] = (), shipped: Path = SHIPPED_MODELS) -> list[Listed]:
    """Return the shipped models by key count, then the given ones: model folders, .ckpt files, or folders of folders.

    In the shipped folder, what writes no charts is left out. A given model that cannot be used has its error.
    """
    found = [model for model in map(describe, _model_folders(shipped)) if isinstance(model, Model)]
    models: list[Listed] = [*sorted(found, key=lambda model: (model.keys, model.name))]
    for path in given:
        inside = [] if (find_file(path) / CONFIG).exists() else _model_folders(find_file(path))
        models += [describe(member) for member in inside or [Path(path)]]
    return _named_apart(models)


def describe(path: str | Path) -> Listed:
    """Return what is known of a checkpoint without building its networks."""
    path = find_file(path)
    try:
        interface = read_interface(path)
        return Model(_name(path), path, interface.keys, interface.spec, _about(path), own_settings(path))
    except MugError as error:
        return BrokenModel(_name(path), path, str(error))


def _model_folders(folder: Path) -> list[Path]:
    """The model folders in a folder."""
    if not folder.is_dir():
        return []
    return sorted(inside for inside in folder.iterdir() if (inside / CONFIG).is_file())


def _name(path: Path) -> str:
    """The name of a model folder, or of the run that wrote a checkpoint."""
    path = path.absolute()
    if path.suffix == ".safetensors":
        path = path.parent
    if path.is_dir():
        return path.name
    return path.parent.parent.name if path.parent.name == "checkpoints" else path.stem


def _named_apart(models: Sequence[Listed]) -> list[Listed]:
    """Each model once; those of one name are numbered."""
    named: dict[str, Listed] = {}
    for model in {model.path.resolve(): model for model in models}.values():
        name, number = model.name, 1
        while name in named:
            number += 1
            name = f"{model.name} ({number})"
        named[name] = replace(model, name=name)
    return list(named.values())


def _about(path: Path) -> str:
    """The first sentence of a model folder's card, "" without one."""
    try:
        with (path / CARD).open(encoding="utf-8", errors="replace") as file:
            text = file.read(MAX_CARD)
    except OSError:
        return ""
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)  # the YAML header
    lines = (line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return re.split(r"(?<=\.)\s", next(lines, ""))[0][:MAX_ABOUT]
