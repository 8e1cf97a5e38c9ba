"""Prepares one song set: its charts, in any format, and the files that they refer to."""

import filecmp
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from mug.charts.beatmap import Beatmap
from mug.charts.chart_files import (
    CHART_SUFFIXES,
    ONE_CHART,
    PACKAGE_SUFFIXES,
    at_decoded_times,
    open_charts,
    without_sm_twins,
)
from mug.charts.file_names import chart_name
from mug.charts.osu import OtherModeError, write_osu
from mug.charts.osz import extract_osz
from mug.errors import ChartError
from mug.files import replacing, resolve_inside
from mug.prepare.beside import BesideFiles

LINKS_OUT = "link out of the folder"
UNLISTABLE = re.compile("[\r\n\ud800-\udfff]")
Stamp = tuple[str, int, int]  # a file or folder, its size and modification time; 0, 0 if it does not exist


@dataclass(frozen=True)
class SetJob:
    """The files of one set: (file, where its charts go under `target`).

    `scratch`: where packages are unpacked. `roots`: resolved folders that links may lead to.
    """

    name: str
    files: tuple[tuple[Path, Path], ...]
    target: Path
    scratch: Path
    keys: int | None
    roots: tuple[Path, ...]


@dataclass
class SetResult:
    """The result for a set: everything a later run needs to know that it can skip it."""

    lines: list[str] = field(default_factory=list)  # its charts, for beatmap.txt
    skipped: list[tuple[str, str]] = field(default_factory=list)  # (kind of reason, message)
    remarks: list[str] = field(default_factory=list)  # on the charts, each naming the file
    without_audio: list[str] = field(default_factory=list)  # messages that name the chart
    read: list[Stamp] = field(default_factory=list)  # everything read; if one changes, the set may change
    made: list[str] = field(default_factory=list)  # the files made under the target


class Unwanted(Exception):
    """A valid chart that is left out; `kind` is the reason in a few words."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def stamp(path: str | Path) -> Stamp:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return str(path), 0, 0
    return str(path), status.st_size, status.st_mtime_ns


def take_set(job: SetJob) -> SetResult:
    """Bring the charts of a set under the job's target, linked or written as .osu, with their audio and background."""
    return _Taking(job).result


class _Taking:
    """The work on one set. Problems with its files go into `result`; they are not raised."""

    def __init__(self, job: SetJob):
        self.job = job
        self.result = SetResult()
        self._stamps: dict[str, Stamp] = {}
        # names used under the target (lower case on disks that ignore case) -> digest of their content
        self._names: dict[str, str] = {}
        self._one_case = job.scratch.with_name(job.scratch.name.upper()).exists()
        self._made: dict[str, None] = {}  # an ordered set
        self._beside = BesideFiles(job.roots, self._note_read)
        files = [file for file, _ in job.files]
        newest = set(without_sm_twins(files))
        for file, relative in sorted(job.files, key=lambda item: (item[0].suffix.lower() != ".osu", item)):
            self._note_read(file)
            if file.suffix.lower() in PACKAGE_SUFFIXES:
                self._take_package(file, relative)
            elif file not in newest:
                self._skip("older format", f"{file}: the same song as the .ssc beside it, which is used")
            else:
                self._take_file(file, relative, str(file))
        self.result.read = sorted(self._stamps.values())
        self.result.made = list(self._made)

    def _note_read(self, path: Path) -> None:
        self._stamps.setdefault(str(path), stamp(path))

    def _skip(self, kind: str, message: str) -> None:
        self.result.skipped.append((kind, message))

    def _take_package(self, package: Path, relative: Path) -> None:
        """Unpack a package and take its charts; messages name the package rather than the scratch folder."""
        with tempfile.TemporaryDirectory(dir=self.job.scratch) as folder:
            root = Path(folder) / "set"
            try:
                extract_osz(package, root)
            except ChartError as error:
                self._skip("broken package", str(error))
                return
            files = sorted(file for file in root.rglob("*") if file.suffix.lower() in CHART_SUFFIXES)
            before = len(self.result.skipped)
            for file in without_sm_twins(files):
                inner = file.relative_to(root)
                self._take_file(file, relative / inner, f"{package}/{inner}")
            if not files:
                self._skip("broken package", f"{package}: holds no chart")
            self.result.skipped[before:] = [
                (kind, message.replace(str(root), str(package))) for kind, message in self.result.skipped[before:]
            ]
        for path in [path for path in self._stamps if path.startswith(folder)]:
            del self._stamps[path]  # deleted with the folder

    def _take_file(self, file: Path, relative: Path, shown: str) -> None:
        if UNLISTABLE.search(str(relative)):
            self._skip("unusable", f"{shown!r}: a name with a line break, or not in UTF-8, cannot be listed; rename it")
            return
        beatmaps, errors = open_charts(file)
        for error in errors:
            self._skip("another mode" if isinstance(error, OtherModeError) else "unusable", str(error))
        for beatmap in beatmaps:
            try:
                self._take_chart(file, relative, beatmap, shown)
            except Unwanted as error:
                self._skip(error.kind, str(error))
            except ChartError as error:
                self._skip("unusable", str(error))
            except OSError as error:
                self._skip("unreadable", f"{shown}: {error}")

    def _take_chart(self, file: Path, relative: Path, beatmap: Beatmap, shown: str) -> None:
        keys = self.job.keys
        if keys is not None and beatmap.keys != keys:
            raise Unwanted("other key count", f"{shown}: {beatmap.keys}K, wanted are {keys}K charts")
        is_osu = file.suffix.lower() == ".osu"
        named = f"'{beatmap.audio_filename}', which is not there" if beatmap.audio_filename else "no audio"
        song = self._beside.named(file, beatmap.audio_filename)
        other = self._beside.only_audio(file, beatmap.last_ms / 1000) if song is None else None
        if other is not None:
            beatmap = replace(beatmap, audio_filename=other.name)
        if not is_osu:
            beatmap = at_decoded_times(beatmap, file, song or other)
        place = relative if is_osu else relative.with_name(chart_name(beatmap))
        place = self._free_place(place, beatmap, shown)
        has_audio = self._take_beside(file, place.parent, beatmap.audio_filename)
        if beatmap.background:
            with suppress(ChartError, Unwanted):  # a chart is usable without its background
                self._take_beside(file, place.parent, beatmap.background)
        if is_osu and other is None:
            _link(file.resolve(), self.job.target / place)
        else:
            write_osu(beatmap, self.job.target / place)
        self._made[place.as_posix()] = None
        self.result.lines.append(place.as_posix())
        name = shown if file.suffix.lower() in ONE_CHART else f"{shown}#{beatmap.version}"
        self.result.remarks += [f"{name}: {remark}" for remark in beatmap.remarks]
        if other is not None:
            self.result.remarks.append(f"{shown}: names {named}; using '{other.name}'")
        if not has_audio:
            self.result.without_audio.append(f"{shown}: names {named}")

    def _free_place(self, place: Path, beatmap: Beatmap, shown: str) -> Path:
        """Return a path that no other file of the set uses."""
        held = _digest(beatmap)
        for name in _numbered(place):
            key = self._key(name.as_posix())
            if key not in self._names:
                self._names[key] = held
                return name
            if self._names[key] == held:
                raise Unwanted("there twice", f"{shown}: the set already has the same chart")
        raise AssertionError("numbers do not end")

    def _key(self, name: str) -> str:
        return name.casefold() if self._one_case else name

    def _take_beside(self, chart: Path, folder: Path, name: str) -> bool:
        """Bring a file that a chart refers to beside the chart; False if there is none. Raises ChartError."""
        source = self._beside.named(chart, name)
        if source is None:
            return False
        self._note_read(source)
        target = resolve_inside(self.job.target / folder, name)
        place = target.relative_to(self.job.target.resolve()).as_posix()
        if place.lower().endswith(CHART_SUFFIXES):
            raise ChartError(f"{chart}: names a chart, '{name}', as its sound or picture")
        held = self._names.setdefault(self._key(place), str(source))
        if held != str(source) and not filecmp.cmp(source, target, shallow=False):
            raise Unwanted("there twice", f"{chart}: its '{name}' would replace another of that name in {folder}")
        if place not in self._made:
            _link(source, target)
            self._made[place] = None
        return True


def _numbered(place: Path) -> Iterator[Path]:
    yield place
    number = 2
    while True:
        yield place.with_name(f"{place.stem} ({number}){place.suffix}")
        number += 1


def _digest(beatmap: Beatmap) -> str:
    """A digest that tells charts apart: of their notes, in whole milliseconds."""
    notes = [(note.column, round(note.start_ms), round(note.last_ms)) for note in beatmap.notes]
    return hashlib.blake2b(repr((beatmap.keys, notes)).encode(), digest_size=16).hexdigest()


def _link(source: Path, target: Path) -> None:
    """Make `target` the same file as `source`: a hard link, or a copy where links are not possible."""
    if target.exists() and target.samefile(source):
        return
    with replacing(target) as temporary:
        temporary.unlink()
        try:
            os.link(source, temporary)
        except OSError:
            shutil.copyfile(source, temporary)
