"""Check charts against osu!mania's ranking criteria, and repair what leaves the rhythm as it is.

mug lint chart.osu
mug lint ~/osu/Songs/mine song.osz
mug lint chart.osu --fix

Each finding is a line with the time and notes as osu!'s editor writes them, so it can be pasted there. Problems make
the exit status 1; with --strict, warnings do, too. --fix rewrites .osu files in place and changes no other line of
them. docs/lint.md lists the rules.
"""

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mug.charts.beatmap import Beatmap
from mug.charts.chart_files import open_charts, write_chart
from mug.charts.osu import OtherModeError
from mug.charts.song_files import unpacked
from mug.cli import command_parser, printable
from mug.errors import ChartError, DatasetError
from mug.files import file_beside
from mug.lint.audio_length import audio_length_ms
from mug.lint.finding import Checked, Finding, Severity, timestamp
from mug.lint.fixes import SNAP_MS, fixed
from mug.lint.report import finding_lines, summary
from mug.lint.rules import lint
from mug.ratings.stars import star_rating_or_none


def main(argv: Sequence[str] | None = None) -> int:
    options = build_parser().parse_args(argv)
    refused: list[ChartError] = []
    counts: Counter[Severity] = Counter()
    records: list[dict[str, Any]] = []
    n_charts = n_left = 0
    with unpacked(options.charts, refused.append) as groups:
        if not groups and not refused:
            raise DatasetError(f"no charts in {', '.join(map(str, options.charts))}")
        for package, paths in groups:
            for path in paths:
                charts, errors = open_charts(path)
                refused += [type(error)(str(error).replace(str(path), _shown(package, path))) for error in errors]
                for chart in charts:
                    can_fix = options.fix and not package and path.suffix.lower() == ".osu"
                    findings, repairs = _check(chart, path, options.snap_ms if can_fix else None)
                    n_charts += 1
                    n_left += options.fix and not can_fix
                    counts.update(finding.rule.severity for finding in findings)
                    name = _shown(package, path) + (f" [{chart.version}]" if len(charts) > 1 else "")
                    if options.json:
                        records += [_record(name, finding) for finding in findings]
                    elif findings or repairs:
                        lines = [name, *(f"  fixed: {line}" for line in repairs)]
                        lines += [f"  {line}" for line in finding_lines(findings, options.most)]
                        print(printable("\n".join(lines)))
    unread = [str(error) for error in refused if not isinstance(error, OtherModeError)]
    if options.json:
        print(json.dumps({"findings": records, "unread": unread}, indent=1))
    else:
        lines = [f"{n_charts} charts: {summary(counts)}", *(f"  unread: {line}" for line in unread)]
        if n_left:
            lines.append(f"  {n_left} charts left as they are: --fix repairs .osu files only, outside of packages")
        print(printable("\n".join(lines)))
    return 1 if unread or counts[Severity.PROBLEM] or (options.strict and counts[Severity.WARNING]) else 0


def _check(chart: Beatmap, path: Path, snap_ms: float | None) -> tuple[list[Finding], tuple[str, ...]]:
    """Check a chart, after repairing its file if `snap_ms` is given; return what is left and what was repaired."""
    try:
        audio = file_beside(path, chart.audio_filename) if chart.audio_filename else None
    except ChartError:
        audio = None
    checked = Checked(chart, star_rating_or_none(chart), None if audio is None else audio_length_ms(audio))
    if snap_ms is None:
        findings = lint(checked)
        if path.suffix.lower() != ".osu":  # other games have no HP and OD
            findings = [finding for finding in findings if finding.rule.id != "hp-od"]
        return findings, ()
    repaired, repairs = fixed(checked, snap_ms)
    if repairs:
        write_chart(repaired, path)
    return lint(Checked(repaired, checked.stars, checked.audio_ms)), repairs


def _shown(package: str, path: Path) -> str:
    return f"{package}/{path.name}" if package else str(path)


def _record(name: str, finding: Finding) -> dict[str, Any]:
    rule, spot = finding
    notes = [[note.start_ms, note.column] for note in spot.notes]
    place = {"time": timestamp(spot), "notes": notes}
    return {"chart": name, "rule": rule.id, "severity": str(rule.severity), "message": spot.message, **place}


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("lint", __doc__)
    parser.add_argument("charts", nargs="+", type=Path, metavar="FILE", help="charts, folders and packages")
    parser.add_argument("--fix", action="store_true", help="repair .osu files in place")
    parser.add_argument(
        "--snap_ms", type=float, default=SNAP_MS, help="--fix snaps notes up to this far away (default %(default)g)"
    )
    parser.add_argument("--strict", action="store_true", help="warnings make the exit status 1, too")
    parser.add_argument("--most", type=int, default=5, help="findings shown of each rule and chart (default 5)")
    parser.add_argument("--json", action="store_true", help="print all findings as JSON")
    return parser
