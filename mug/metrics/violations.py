"""Violations of osu!'s ranking criteria for mania, as far as the notes alone show them: lint's rules, counted."""

from collections import Counter

from mug.charts.beatmap import Beatmap
from mug.lint.finding import Checked
from mug.lint.rules import RULES, lint

COUNTED = ("stacked-notes", "note-in-hold", "short-hold", "large-chord", "many-keys", "minijack", "empty-column")
KINDS = tuple(rule.name for rule in RULES if rule.id in COUNTED)


def violations(chart: Beatmap, star_rating: float | None) -> Counter[str]:
    """Count violations by KINDS: each note, moment or column counts once per kind."""
    return Counter(finding.rule.name for finding in lint(Checked(chart, star_rating), COUNTED))
