"""Summary of a batch job, printed at its end."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

NAMED_FILES = 20  # most skipped files listed per reason


@dataclass
class Report:
    """What a batch job processed, and what it skipped and why."""

    done: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)  # (kind of reason, message that names the file)

    remarks: list[str] = field(default_factory=list)  # on charts that were taken, each naming the file
    what: str = "charts"  # that is counted

    def skip(self, kind: str, message: str) -> None:
        self.skipped.append((kind, _printable(message)))

    def remark(self, message: str) -> None:
        self.remarks.append(_printable(message))

    def __str__(self) -> str:
        lines = [f"{self.done} {self.what}"]
        if self.skipped:
            kinds = Counter(kind for kind, _ in self.skipped)
            lines[0] += f", {len(self.skipped)} skipped: " + ", ".join(f"{n} {kind}" for kind, n in kinds.items())
            for kind in kinds:
                messages = [message for other, message in self.skipped if other == kind]
                lines += named(messages, kind)
        if self.remarks:
            lines += [f"{len(self.remarks)} remarks on charts that were used:", *named(self.remarks)]
        return "\n".join(lines)


def _printable(message: str) -> str:
    return message.encode("utf-8", "backslashreplace").decode()  # file names may be any bytes


def named(messages: Sequence[str], kind: str = "") -> list[str]:
    """Return the first of some messages, a line each, and how many more there are."""
    lines = [f"  {message}" for message in messages[:NAMED_FILES]]
    if len(messages) > NAMED_FILES:
        lines.append(f"  and {len(messages) - NAMED_FILES} more" + (f": {kind}" if kind else ""))
    return lines
