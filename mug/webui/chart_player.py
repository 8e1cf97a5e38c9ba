"""Charts as the JSON that the player reads; the player itself is plain JavaScript in mug/webui/player/."""

from pathlib import Path
from typing import Any

from mug.charts.beatmap import Beatmap
from mug.charts.tempo_map import is_tempo
from mug.lint.finding import Checked, Finding
from mug.lint.rules import lint
from mug.ratings.passages import WINDOW_MS, rate_passages
from mug.ratings.stars import star_rating_or_none

PLAYER_FOLDER = Path(__file__).parent / "player"


def chart_json(chart: Beatmap) -> dict[str, Any]:
    """Return a chart as the player reads it; mug/webui/player/chart.js lists the fields."""
    passages, stars = rate_passages(chart), star_rating_or_none(chart)
    return {
        "keys": chart.keys,
        "notes": [[note.column, note.start_ms, note.end_ms] for note in sorted(chart.notes)],
        "timing_points": [
            {"time_ms": point.time_ms, "beat_ms": point.beat_ms, "meter": max(1, point.meter)}
            for point in chart.timing_points
            if is_tempo(point)
        ],
        "od": chart.overall_difficulty,
        "title": chart.title,
        "artist": chart.artist,
        "version": chart.version,
        "stars": stars,
        "passages": {
            "step_ms": WINDOW_MS,
            "stars": None if passages.stars is None else passages.stars.round(2).tolist(),
            "density": passages.density.round(2).tolist(),
        },
        "findings": [_finding_json(finding) for finding in lint(Checked(chart, stars))],
    }


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "time_ms": finding.spot.time_ms,
        "text": finding.spot.message,
        "severity": str(finding.rule.severity),
    }
