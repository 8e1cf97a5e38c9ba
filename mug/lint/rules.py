"""All rules, and the check of a chart by them."""

from collections.abc import Collection

from mug.lint import note_rules, song_rules, timing_rules
from mug.lint.finding import Checked, Finding, Rule, Severity

PROBLEM, WARNING, HINT = Severity

#: To add a rule, write a function that yields where it is broken, and add a line here.
RULES: tuple[Rule, ...] = (
    Rule("stacked-notes", "two notes in one place", PROBLEM, note_rules.stacked),
    Rule("note-in-hold", "inside a long note", PROBLEM, note_rules.inside),
    Rule("short-hold", "too short a long note", WARNING, note_rules.short_hold),
    Rule("large-chord", "too large a chord", WARNING, note_rules.large_chord),
    Rule("many-keys", "more than six keys", PROBLEM, note_rules.many_keys),
    Rule("minijack", "minijack", WARNING, note_rules.minijack),
    Rule("empty-column", "empty column", PROBLEM, note_rules.empty_column),
    Rule("short-gap", "too short a gap after a long note", WARNING, note_rules.short_gap),
    Rule("key-count", "a key count that is not ranked", WARNING, note_rules.key_count),
    Rule("unsnapped", "unsnapped note", PROBLEM, timing_rules.unsnapped),
    Rule("unsnapped-end", "unsnapped end of a long note", WARNING, timing_rules.unsnapped_end),
    Rule("no-tempo", "no tempo", PROBLEM, timing_rules.no_tempo),
    Rule("double-line", "two timing points at one time", PROBLEM, timing_rules.double_line),
    Rule("late-line", "note before the first timing point", HINT, timing_rules.late_line),
    Rule("before-audio", "note before the audio", PROBLEM, song_rules.before_audio),
    Rule("after-audio", "note after the audio", PROBLEM, song_rules.after_audio),
    Rule("short-drain", "too short a drain time", WARNING, song_rules.short_drain),
    Rule("note-in-break", "note in a break", PROBLEM, song_rules.note_in_break),
    Rule("hp-od", "too high an HP or OD", WARNING, song_rules.hp_od),
    Rule("no-preview", "no preview time", HINT, song_rules.no_preview),
    Rule("no-background", "no background", HINT, song_rules.no_background),
    Rule("no-tags", "no tags", HINT, song_rules.no_tags),
    Rule("no-source", "no source", HINT, song_rules.no_source),
)


def lint(checked: Checked, ids: Collection[str] | None = None) -> list[Finding]:
    """Return what all rules, or those of `ids`, find in a chart, by rule and time."""
    return [
        Finding(rule, spot)
        for rule in RULES
        if ids is None or rule.id in ids
        for spot in sorted(rule.check(checked), key=lambda spot: spot.time_ms or 0.0)
    ]
