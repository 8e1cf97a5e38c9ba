"""Versions as the page shows them: their figures, and the value of the studio (mug/webui/studio/studio.js)."""

import json
import re
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gradio.data_classes import FileData

from mug.charts.beatmap import Beatmap
from mug.charts.osu import read_osu
from mug.files import replacing
from mug.generation.edit_names import STARS, unused_version, without_stars
from mug.lint.finding import Checked, Severity
from mug.lint.rules import lint
from mug.metrics.motifs import motif_shares
from mug.ratings.long_notes import ln_ratio
from mug.ratings.skillsets import SKILLSETS, skillset_features
from mug.ratings.stars import star_rating_or_none
from mug.webui.chart_player import chart_json
from mug.webui.feature_words import words_of
from mug.webui.versions import Version
from mug.webui.workspace import Made, Workspace

MAIN_SKILLS = 2
WRITTEN = re.compile(rf"AI v([0-9]+)({STARS})")


def made_of(
    workspace: Workspace, charts: Sequence[Beatmap], made: str, recipes: Sequence[Mapping[str, Any]] = ()
) -> list[Made]:
    """What the workspace takes for charts of its song: named apart from its versions and each other, with figures.

    made: how they came about, in words. recipes: one for each chart, or none for opened charts.
    """
    taken = [version.name for version in workspace.versions]
    found = []
    unknown: Sequence[None] = [None] * len(charts)
    for chart, recipe in zip(charts, recipes or unknown, strict=True):
        taken.append(unused_name(chart.version or "Chart", taken))
        found.append(Made(replace(chart, version=taken[-1]), taken[-1], figures_of(chart, made), recipe))
    return found


def unused_name(name: str, taken: Collection[str]) -> str:
    """The name, with a higher number if it is taken: "AI v2 3.4*" beside an "AI v1 3.2*"."""
    known = without_stars(taken)
    match = WRITTEN.fullmatch(name)
    if match is None:
        return unused_version(name, lambda each: each in known)
    number = int(match[1])
    while f"AI v{number}" in known:
        number += 1
    return f"AI v{number}{match[2]}"


def figures_of(chart: Beatmap, made: str) -> dict[str, Any]:
    """The figures of a version. made: how it came about, in words.

    stars: None if osu! does not rate it. long: the share of long notes. skills: the skillsets that it demands most.
    problems, warnings: how often it breaks the ranking criteria. repeats: the motif share, None without a tempo.
    """
    stars = star_rating_or_none(chart)
    severities = [finding.rule.severity for finding in lint(Checked(chart, stars))]
    repeats = motif_shares(chart).motif
    return {
        "made": made,
        "keys": chart.keys,
        "stars": stars,
        "notes": len(chart.notes),
        "long": float(ln_ratio(chart)),
        "skills": main_skills(chart),
        "problems": severities.count(Severity.PROBLEM),
        "warnings": severities.count(Severity.WARNING),
        "repeats": None if repeats != repeats else float(repeats),
    }


def main_skills(chart: Beatmap) -> list[str]:
    """The names of the skillsets that stand out, the most demanding first; none if they cannot be rated."""
    features = skillset_features(chart, (1.0,))[0]
    main = [skillset for skillset in SKILLSETS if features[skillset]]
    main.sort(key=lambda skillset: -float(features[f"{skillset}_ett"] or 0))
    return [words_of(skillset).label for skillset in main[:MAIN_SKILLS]]


def studio_value(workspace: Workspace) -> dict[str, Any]:
    """The value of the studio: the song of a workspace, and the versions that are not hidden."""
    song, current = workspace.song, workspace.current
    return {
        "song": None if song is None else song.id,
        "audio": None if song is None else _served(song.audio),
        "versions": [_version_json(version) for version in workspace.visible],
        "current": None if current is None else current.id,
        "can_undo": workspace.can_undo,
        "can_redo": workspace.can_redo,
        "at": str(time.time_ns()),  # gradio tells the page of new values only
    }


def _version_json(version: Version) -> dict[str, Any]:
    return {
        "id": version.id,
        "parent": version.parent,
        "name": version.name,
        "made": version.figures.get("made", ""),
        "figures": dict(version.figures),
        "chart": _served(_player_file(version)),
    }


def _player_file(version: Version) -> Path:
    """The version's chart as the player reads it, in a file beside it."""
    path = version.chart.with_suffix(".json")
    if not path.exists():
        text = json.dumps(chart_json(read_osu(version.chart)), separators=(",", ":"))
        with replacing(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return path


def _served(path: Path) -> dict[str, Any]:
    """A file that gradio serves."""
    return FileData(path=str(path)).model_dump()
