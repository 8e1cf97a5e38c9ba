"""Findings as text."""

from collections import Counter
from collections.abc import Mapping, Sequence

from mug.lint.finding import Finding, Severity


def finding_lines(findings: Sequence[Finding], most: int) -> list[str]:
    """Return a line for each finding, the worst first; of each rule `most` at most, and how many more there are."""
    totals = Counter(finding.rule.id for finding in findings)
    shown: Counter[str] = Counter()
    order = list(Severity)
    lines = []
    for finding in sorted(findings, key=lambda finding: order.index(finding.rule.severity)):
        rule = finding.rule
        shown[rule.id] += 1
        if shown[rule.id] <= most:
            lines.append(str(finding))
        elif shown[rule.id] == most + 1:
            lines.append(f"... and {totals[rule.id] - most} more: {rule.name} [{rule.id}]")
    return lines


def summary(counts: Mapping[Severity, int]) -> str:
    """Return "2 problems, 1 warning, no hints"."""
    parts = []
    for severity in Severity:
        n = counts.get(severity, 0)
        parts.append(f"{n or 'no'} {severity}{'' if n == 1 else 's'}")
    return ", ".join(parts)
