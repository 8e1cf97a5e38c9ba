"""The chart as a whole: its audio, breaks, settings and metadata."""

from collections.abc import Iterator

from mug.charts.beatmap import Beatmap
from mug.charts.osu_lines import parse_time
from mug.lint.criteria import HIGHEST_HP_OD, SHORTEST_DRAIN_MS
from mug.lint.finding import Checked, Spot

BREAKS = ("2", "Break")
AUDIO_ROUNDING_MS = 200.0  # headers do not know an mp3's length to the ms


def before_audio(checked: Checked) -> Iterator[Spot]:
    for note in checked.chart.notes:
        if note.start_ms < 0:
            yield Spot("before the audio begins", (note,))


def after_audio(checked: Checked) -> Iterator[Spot]:
    if checked.audio_ms is None:
        return
    for note in checked.chart.notes:
        if note.last_ms > checked.audio_ms + AUDIO_ROUNDING_MS:
            yield Spot(f"{note.last_ms - checked.audio_ms:.0f} ms after the audio's end", (note,))


def short_drain(checked: Checked) -> Iterator[Spot]:
    drain_ms = drain_ms_of(checked.chart)
    if drain_ms < SHORTEST_DRAIN_MS:
        yield Spot(f"{drain_ms / 1000:.0f} s of drain time; a ranked song has {SHORTEST_DRAIN_MS / 1000:.0f} s")


def note_in_break(checked: Checked) -> Iterator[Spot]:
    spans = breaks_of(checked.chart)
    for note in checked.chart.notes if spans else ():
        if any(start < note.last_ms and note.start_ms < end for start, end in spans):
            yield Spot("a note in a break", (note,))


def hp_od(checked: Checked) -> Iterator[Spot]:
    most = HIGHEST_HP_OD.get(checked.level, 10.0)
    for name, value in (("HP", checked.chart.hp_drain), ("OD", checked.chart.overall_difficulty)):
        if value > most:
            yield Spot(f"{name} {value:g}; {checked.level} has {most:g} at most")


def no_preview(checked: Checked) -> Iterator[Spot]:
    if checked.chart.preview_ms < 0:
        yield Spot("no preview time")


def no_background(checked: Checked) -> Iterator[Spot]:
    if not checked.chart.background:
        yield Spot("no background")


def no_tags(checked: Checked) -> Iterator[Spot]:
    if not checked.chart.metadata.get("Tags", "").strip():
        yield Spot("no tags")


def no_source(checked: Checked) -> Iterator[Spot]:
    if not checked.chart.metadata.get("Source", "").strip():
        yield Spot("no source; leave it so if the song comes from no game, film or the like")


def breaks_of(chart: Beatmap) -> list[tuple[float, float]]:
    """Return the breaks in the file that a chart was read from, (start, end) in ms."""
    found = []
    document = chart.document
    for line in document.sections.get("Events", [])[1:] if document else ():
        fields = document.lines[line].split(",") if document else []
        try:
            if fields[0].strip() in BREAKS and len(fields) > 2:
                found.append((parse_time(fields[1]), parse_time(fields[2])))
        except ValueError:  # osu! passes over such a line
            continue
    return found


def drain_ms_of(chart: Beatmap) -> float:
    """Return the time from the first note to the last one, less the breaks."""
    if not chart.notes:
        return 0.0
    first_ms = min(note.start_ms for note in chart.notes)
    return chart.last_ms - first_ms - sum(max(end - start, 0.0) for start, end in breaks_of(chart))
