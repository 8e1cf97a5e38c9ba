"""What a reader leaves out of a chart or changes: counted by kind, reported, and refused if it is too much."""

from mug.charts.osu_lines import printable

MOST_BAD = 1 / 20  # of a chart's lines, rows or notes; with more it is damaged or not a chart


class Remarks:
    """The remarks on one chart: kinds of things such as "mines left out", how many there are, and the first one."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._first: dict[str, str] = {}

    def add(self, kind: str, example: object = "") -> None:
        """Count one thing of a kind; `example` is what the file says."""
        self._counts[kind] = self._counts.get(kind, 0) + 1
        self._first.setdefault(kind, printable(example))

    def check(self, kind: str, n_all: int) -> None:
        """Raise ValueError if more than MOST_BAD of all are of this kind; a single one among others is allowed."""
        n_bad = self._counts.get(kind, 0)
        if n_bad > max(1, int(n_all * MOST_BAD)) or 0 < n_bad == n_all:
            raise ValueError(f"{kind}: {n_bad} of {n_all}, too many{self._example(kind)}")

    def lines(self) -> tuple[str, ...]:
        """Return a line for each kind."""
        return tuple(f"{kind}: {n}{self._example(kind)}" for kind, n in self._counts.items())

    def _example(self, kind: str) -> str:
        return f" ({self._first[kind]})" if self._first[kind] else ""
