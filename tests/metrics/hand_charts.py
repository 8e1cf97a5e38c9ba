"""Charts small enough to count by hand."""

from mug.charts.beatmap import Beatmap, Note, TimingPoint

TEMPO = TimingPoint(0.0, 400.0)  # 150 BPM


def chart_of(*notes: Note, keys: int = 4, timing: tuple[TimingPoint, ...] = (TEMPO,)) -> Beatmap:
    return Beatmap(keys, list(notes), list(timing))


def rows(*rows: str, step_ms: float = 200.0) -> Beatmap:
    """A chart of plain notes from rows such as "x..x", `step_ms` apart."""
    notes = [Note(i * step_ms, column) for i, row in enumerate(rows) for column, key in enumerate(row) if key == "x"]
    return Beatmap(len(rows[0]), notes, [TEMPO])
