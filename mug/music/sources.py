"""Where pieces come from: MIDI files, the scores of the package music21, and our own composer."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Protocol

from mug.errors import DatasetError, MugError
from mug.music.composed import composed
from mug.music.midi import SUFFIXES, read_midi
from mug.music.note import Music
from mug.music.scores import CORPUS, read_score, score_files

COMPOSER_VERSION = 1  # raise it when the composer writes other notes


class Source(Protocol):
    """Something that a piece can be read from, in another process too.

    name: in the library. work: pieces of one work are never in different splits.
    """

    @property
    def name(self) -> str: ...

    @property
    def work(self) -> str: ...

    def digest(self) -> str:
        """Of what it is read from. Raises OSError for a file that is gone."""

    def read(self) -> Music:
        """Raises MusicError for one that cannot be used."""


@dataclass(frozen=True)
class MidiFile:
    """A file in a folder that was given; it is a work of its own."""

    path: Path
    name: str

    @property
    def work(self) -> str:
        return self.name

    def digest(self) -> str:
        return _digest(self.path)

    def read(self) -> Music:
        return read_midi(self.path)


@dataclass(frozen=True)
class Score:
    """A score of music21's corpus. The movements of a work are in one folder, or differ after a point (bwv66.6)."""

    path: Path
    name: str

    @property
    def work(self) -> str:
        composer, *rest = self.name.split("/")
        return f"{composer}/{rest[0].partition('.')[0]}"

    def digest(self) -> str:
        return _digest(self.path)

    def read(self) -> Music:
        return read_score(self.path)


@dataclass(frozen=True)
class Composed:
    """A song of our own composer."""

    seed: int
    number: int
    seconds: float

    @property
    def name(self) -> str:
        return f"composed/{self.seed}-{self.number:05d}"

    @property
    def work(self) -> str:
        return self.name

    def digest(self) -> str:
        return f"{COMPOSER_VERSION}-{self.seconds:g}"

    def read(self) -> Music:
        return composed(self.seed, self.number, self.seconds)


def midi_files(folders: Sequence[str | Path]) -> list[Source]:
    """The MIDI files in folders, at any depth, named by their folder and path. Links are not followed.

    Raises DatasetError for a folder that is missing or has none.
    """
    found: list[Source] = []
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise DatasetError(f"{folder}: no such folder; give a folder of MIDI files")
        paths = sorted(Path(root) / name for root, _, names in os.walk(folder) for name in names)
        own = [path for path in paths if path.suffix.lower() in SUFFIXES and not path.is_symlink()]
        if not own:
            raise DatasetError(
                f"{folder}: has no MIDI files ({', '.join(SUFFIXES)}); give a folder that has some, or --scores, or "
                "--composed 200"
            )
        inside = folder.resolve().name
        found += [MidiFile(path, f"{inside}/{path.relative_to(folder).as_posix()}") for path in own]
    if len({source.name for source in found}) < len(found):
        raise DatasetError(f"{', '.join(map(str, folders))}: two of the folders have one name; rename one of them")
    return found


def scores(composers: Sequence[str]) -> list[Source]:
    """The scores of music21 by some composers of CORPUS, by all for none. Raises ConfigError for an unknown one."""
    return [Score(path, name) for name, path in score_files(composers or list(CORPUS))]


def songs(seed: int, count: int, seconds: float) -> list[Source]:
    """The first `count` songs of a seed."""
    if count < 1 or seed < 0 or not 10 <= seconds <= 600:
        raise MugError(
            f"--composed {count}, --seed {seed}, --seconds {seconds:g}: need 1 or more, 0 or more, 10 to 600"
        )
    return [Composed(seed, number, seconds) for number in range(count)]


def _digest(path: Path) -> str:
    return blake2b(path.read_bytes(), digest_size=16).hexdigest()
