"""A part of a version drawn again: what the visitor asked for, and its chart. No layout."""

import math
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mug.charts.osu import read_osu
from mug.errors import StudioError
from mug.generation.recipe import Editing
from mug.generation.recipe_file import to_values
from mug.generation.region import Region, Span
from mug.generation.repeating import edits_of
from mug.generation.settings import SamplingSettings
from mug.webui.go_panel import MAX_SEED
from mug.webui.jobs import Job
from mug.webui.models import Model, Models
from mug.webui.recipes import model_name, recipe_of_edit
from mug.webui.version_list import made_of
from mug.webui.versions import Version
from mug.webui.workspace import Workspace

HARDER = {"again": 0.0, "keep": 0.0, "easier": -0.5, "harder": 0.5}  # by what is asked for; in stars
WHOLE_MS = 24 * 3600 * 1000.0  # longer than any song


@dataclass(frozen=True)
class Redraw:
    """What the visitor asked for (mug/webui/studio/part-bar.js).

    action: a key of HARDER. from_ms, to_ms: None for the whole song. columns: from 0; empty for all. strength: how much
    changes, above 0 and up to 1.
    """

    action: str
    from_ms: float | None
    to_ms: float | None
    columns: Sequence[int]
    strength: float

    @classmethod
    def of(cls, asked: Mapping[str, Any]) -> "Redraw":
        """Check what came from the browser. Raises StudioError."""
        try:
            times = [None if asked[name] is None else float(asked[name]) for name in ("from_ms", "to_ms")]
            columns = sorted({int(column) for column in asked["columns"]})
            strength = float(asked["strength"])
            numbers = [strength, *(each for each in times if each is not None)]
            if asked["action"] not in HARDER or not all(map(math.isfinite, numbers)) or times.count(None) == 1:
                raise ValueError
        except (KeyError, TypeError, ValueError) as error:
            raise StudioError("this page is of another version of the program; reload it") from error
        return cls(asked["action"], times[0], times[1], columns, strength)

    @property
    def region(self) -> Region:
        """The part that is drawn. Raises PromptError for a span without length."""
        if self.from_ms is None and not self.columns:
            return Region()
        start_ms, end_ms = (0.0, WHOLE_MS) if self.from_ms is None or self.to_ms is None else (self.from_ms, self.to_ms)
        return Region([Span(start_ms, end_ms, self.columns or None)], keep_only=self.action == "keep")

    @property
    def words(self) -> str:
        """What was done, in words: "0:30 to 0:45 harder"."""
        did = {"again": "drawn again", "keep": "kept, the rest drawn again"}.get(self.action, self.action)
        where = (
            "all" if self.from_ms is None or self.to_ms is None else f"{_clock(self.from_ms)} to {_clock(self.to_ms)}"
        )
        if self.columns:
            where += f", column{'s' * (len(self.columns) > 1)} {', '.join(str(column + 1) for column in self.columns)}"
        return f"{where} {did}"


def redraw(
    models: Models,
    model: Model,
    workspace: Workspace,
    version: Version,
    wanted: Redraw,
    settings: SamplingSettings,
    job: Job,
) -> Version:
    """Draw a part of a version again, from a new seed, as a version made from it. Raises MugError."""
    song = workspace.song
    if song is None:
        raise StudioError("there is no song yet; give one first")
    generator = models.generator(model.name)
    edit = Editing(
        wanted.region,
        harder=HARDER[wanted.action],
        strength=wanted.strength,
        seed=secrets.randbelow(MAX_SEED),
        settings=settings,
    )
    with job.using(generator):
        (chart,) = edits_of(generator, song.audio, read_osu(version.chart), edit, job.progress)
    if workspace.song is None or workspace.song.id != song.id:
        raise StudioError("another song was opened while the part was drawn; go back to its song and draw it again")
    recipe = to_values(recipe_of_edit(version, song, edit, model_name(model, generator)))
    return workspace.add(made_of(workspace, [chart], wanted.words, [recipe]), version.id)[0]


def _clock(ms: float | None) -> str:
    seconds = max(0, round((ms or 0.0) / 1000))
    return f"{seconds // 60}:{seconds % 60:02d}"
