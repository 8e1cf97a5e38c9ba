"""A mapping in a YAML file from a stranger, whose values are taken one by one, each with its type checked."""

import math
from collections.abc import Callable, Mapping
from reprlib import repr as brief
from typing import Any, TypeVar, overload

from mug.errors import ConfigError, MugError

Made = TypeVar("Made")
Default = TypeVar("Default")
REQUIRED: Any = object()


class YamlNode:
    """A mapping. Every method raises ConfigError that names the file and the key.

    source: the file, for messages. where: the keys that lead to this mapping, "" for the file's own.
    """

    def __init__(self, value: Any, source: str, where: str = "") -> None:
        self._source, self._where = source, where
        if not isinstance(value, Mapping):
            raise ConfigError(f"{source}: {where or 'the file'} is {brief(value)}; give lines of 'key: value'")
        self._values = dict(value)
        self._taken: set[Any] = set()

    def __contains__(self, key: str) -> bool:
        return self._values.get(key) is not None

    def take(self, key: str, default: Any = REQUIRED) -> Any:
        """A value of any type. Without a default it has to be there, and must not be null."""
        self._taken.add(key)
        value = self._values.get(key)
        if value is not None:
            return value
        if default is REQUIRED:
            raise ConfigError(f"{self._source}: {self._path(key)} is missing")
        return default

    @overload
    def text(self, key: str) -> str: ...
    @overload
    def text(self, key: str, default: Default) -> str | Default: ...
    def text(self, key: str, default: Any = REQUIRED) -> Any:
        return self._of(key, default, lambda value: isinstance(value, str), "text; if it looks like a number, quote it")

    @overload
    def flag(self, key: str) -> bool: ...
    @overload
    def flag(self, key: str, default: Default) -> bool | Default: ...
    def flag(self, key: str, default: Any = REQUIRED) -> Any:
        return self._of(key, default, lambda value: isinstance(value, bool), "true or false")

    @overload
    def whole(self, key: str) -> int: ...
    @overload
    def whole(self, key: str, default: Default) -> int | Default: ...
    def whole(self, key: str, default: Any = REQUIRED) -> Any:
        return self._of(key, default, is_whole, "a whole number")

    @overload
    def number(self, key: str) -> float: ...
    @overload
    def number(self, key: str, default: Default) -> float | Default: ...
    def number(self, key: str, default: Any = REQUIRED) -> Any:
        value = self._of(key, default, is_number, "a number, such as 0.5")
        return float(value) if is_number(value) else value

    def node(self, key: str, default: Any = REQUIRED) -> "YamlNode":
        """A mapping inside."""
        return YamlNode(self.take(key, default), self._source, self._path(key))

    def nodes(self, key: str) -> list["YamlNode"]:
        """A list of mappings, empty if it is not there."""
        values = self._of(key, [], lambda value: isinstance(value, list), "a list")
        return [YamlNode(value, self._source, f"{self._path(key)}[{i}]") for i, value in enumerate(values)]

    def names(self) -> list[str]:
        """All keys, which have to be text."""
        for key in self._values:
            if not isinstance(key, str):
                raise ConfigError(f"{self._source}: {self._path(brief(key))} is no text; quote it")
        return list(self._values)

    def made(self, make: Callable[[], Made]) -> Made:
        """What `make` returns; its errors name this mapping."""
        try:
            return make()
        except MugError as error:
            where = f"{self._where}: " if self._where else ""
            raise ConfigError(f"{self._source}: {where}{error}") from error

    def error(self, key: str, wanted: str) -> ConfigError:
        """The error for a value that is not as wanted."""
        return ConfigError(f"{self._source}: {self._path(key)} is {brief(self._values.get(key))}; give {wanted}")

    def done(self) -> None:
        """Raise ConfigError if a key is left that nobody asked for."""
        for key in self._values:
            if key not in self._taken:
                known = ", ".join(sorted(self._taken))
                raise ConfigError(f"{self._source}: unknown key {self._path(brief(key))}; known are {known}")

    def _of(self, key: str, default: Any, fits: Callable[[Any], bool], wanted: str) -> Any:
        value = self.take(key, default)
        if self._values.get(key) is not None and not fits(value):
            raise self.error(key, wanted)
        return value

    def _path(self, key: str) -> str:
        return f"{self._where}.{key}" if self._where else key


def is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    """Whether a value is a finite number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < math.inf
