"""A visitor's song in its folder: its audio, and the file that says what was made of it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mug.charts.beatmap import TimingPoint
from mug.errors import StudioError
from mug.files import replacing
from mug.webui.versions import Step, Version, Versions

SONG = "song.json"
AUDIO = "audio"  # a folder for the audio alone, whose name a stranger chose
DAMAGE = (FileNotFoundError, ValueError, TypeError, LookupError, StudioError)  # what reading damaged files raises


@dataclass(frozen=True)
class OwnSong:
    """A visitor's song.

    id: of its audio's content. audio: the visitor's own copy. title, artist: empty if not given. timing: its red lines
    if the visitor gave them, None if they are to be heard.
    """

    id: str
    audio: Path
    title: str = ""
    artist: str = ""
    timing: tuple[TimingPoint, ...] | None = None

    @property
    def folder(self) -> Path:
        return self.audio.parent.parent


def id_of(audio: Path) -> str:
    """The id of a song with this audio, whatever its file is called."""
    with audio.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]


def write_song(song: OwnSong, versions: Versions) -> None:
    """Write a song's names, timing and versions beside its audio."""
    timing = None if song.timing is None else [[each.time_ms, each.beat_ms, each.meter] for each in song.timing]
    described = {
        "audio": song.audio.name,
        "title": song.title,
        "artist": song.artist,
        "timing": timing,
        "versions": [asdict(version) | {"chart": version.chart.name} for version in versions.all],
        "current": versions.current,
        "done": [asdict(step) for step in versions.done],
        "undone": [asdict(step) for step in versions.undone],
        "next_id": versions.next_id,
    }
    write_json(song.folder / SONG, described)


def read_song(folder: Path) -> tuple[OwnSong, Versions]:
    """Read what `write_song` wrote. Raises one of DAMAGE for a damaged file, or one that is missing."""
    found = json.loads((folder / SONG).read_text(encoding="utf-8"))
    timing = None if found["timing"] is None else tuple(TimingPoint(*point) for point in found["timing"])
    song = OwnSong(folder.name, _there(folder / AUDIO, found["audio"]), found["title"], found["artist"], timing)
    all_versions = tuple(Version(**each | {"chart": _there(folder, each["chart"])}) for each in found["versions"])
    done, undone = (
        tuple(Step(**each | {"ids": tuple(each["ids"])}) for each in found[key]) for key in ("done", "undone")
    )
    versions = Versions(all_versions, found["current"], done, undone, found["next_id"])
    if versions.current is not None:
        versions.choose(versions.current)  # it must be there
    return song, versions


def _there(folder: Path, name: str) -> Path:
    """A file in the folder itself. Raises StudioError if it is not there."""
    path = folder / Path(name).name
    if not path.is_file():
        raise StudioError(f"{path.name} is missing")
    return path


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write plain values, whole or not at all."""
    text = json.dumps(value, default=float)  # numpy's numbers, too
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
