"""Recipes: everything that charts of a song depend on, so that they can be written again, note for note.

mug.generation.recipe_file has them as YAML, mug.generation.repeating writes their charts.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from mug.charts.beatmap import Beatmap
from mug.charts.osu import LINE_END, format_osu, parse_osu
from mug.charts.playability import JACK_INTERVAL_MS
from mug.errors import AudioError, ConfigError
from mug.generation.region import Region
from mug.generation.request import Prompt
from mug.generation.settings import SamplingSettings
from mug.generation.song import Song


@dataclass(frozen=True)
class ModelName:
    """A model. name: its folder or checkpoint. weights: ChartGenerator.fingerprint; None is not compared."""

    name: str
    weights: str | None = None


@dataclass(frozen=True)
class AudioFile:
    """The file of a song. name: without its folder. sha256: of its content, in hex; None is not compared."""

    name: str
    sha256: str | None = None

    @classmethod
    def of(cls, path: Path, name: str | None = None) -> "AudioFile":
        """Describe a file. name: in place of its own. Raises AudioError for one that cannot be read."""
        return cls(path.name if name is None else name, _sha256(path))

    def check(self, path: Path) -> None:
        """Raise AudioError for the file of another song."""
        if self.sha256 is not None and _sha256(path) != self.sha256:
            raise AudioError(
                f"{path}: is not the file that the recipe was made with ('{self.name}'); give that one. For other "
                "charts, of this song, delete the line of its sha256 in the recipe"
            )


@dataclass(frozen=True)
class Charting:
    """New charts: `count` for each prompt, or a spread with one for each. For the others see ChartGenerator.generate.

    prompts: by the name that the charts get in addition, "" for none. chart: which of the charts is meant, from 1, in
    the order in which they are written; None is all.
    """

    prompts: Mapping[str, Prompt]
    negative_prompt: Prompt = field(default_factory=dict)
    spread: bool = False
    count: int = 1
    seed: int = 0
    settings: SamplingSettings = field(default_factory=SamplingSettings)
    snap: bool = True
    jack_interval_ms: float = JACK_INTERVAL_MS
    chart: int | None = None


@dataclass(frozen=True)
class Editing:
    """An edit of a chart, see ChartGenerator.edit; or charts between it and another one, see `interpolate` there.

    towards: the other one, as the text of a .osu file. chart: which of the edits is meant, see Charting. model: None is
    the recipe's.
    """

    region: Region = field(default_factory=Region)
    prompt: Prompt = field(default_factory=dict)
    harder: float = 0.0
    strength: float = 1.0
    towards: str | None = None
    count: int = 1
    seed: int = 0
    settings: SamplingSettings = field(default_factory=SamplingSettings)
    snap: bool = True
    jack_interval_ms: float = JACK_INTERVAL_MS
    chart: int | None = None
    model: ModelName | None = None


@dataclass(frozen=True)
class Recipe:
    """What repeats charts of a song.

    song: what was known of it. start: how its charts were written, or a person's chart as the text of a .osu file.
    edits: what was made of the chart, in order. Raises ConfigError for a recipe of no charts.
    """

    model: ModelName
    audio: AudioFile
    song: Song
    start: Charting | str
    edits: tuple[Editing, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.start, str) and not self.edits:
            raise ConfigError("a recipe with a person's chart has edits of it; this one has none")

    def edited(self, edit: Editing) -> "Recipe":
        """The recipe of an edit of this one's chart."""
        model = None if edit.model == self.model else edit.model
        return replace(self, edits=(*self.edits, replace(edit, model=model)))

    def taking(self, number: int) -> "Recipe":
        """The recipe of one of its charts, from 1 in the order in which they are written."""
        if self.edits:
            return replace(self, edits=(*self.edits[:-1], replace(self.edits[-1], chart=number)))
        assert not isinstance(self.start, str), "__post_init__ saw to it"
        return replace(self, start=replace(self.start, chart=number))


def chart_text(chart: Beatmap) -> str:
    """A chart as the text of a .osu file."""
    encoding = "utf-8" if chart.document is None else chart.document.encoding
    lines = LINE_END.split(format_osu(chart).decode(encoding, "surrogateescape"))
    return "\n".join(line.rstrip() for line in lines)  # YAML has it as lines, too


def chart_of(text: str, source: str) -> Beatmap:
    """The chart of such a text; `source` is for messages. Raises ChartError."""
    return parse_osu(text.encode("utf-8", "surrogateescape"), source)


def as_read(chart: Beatmap) -> Beatmap:
    """The chart as it is read from its .osu file, in whole milliseconds: what edits of it begin from."""
    return chart_of(chart_text(chart), chart.version)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise AudioError(f"{path}: cannot be read: {error.strerror}") from error
