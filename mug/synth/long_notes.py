"""Long notes: placed on held sounds, as long as these, until a chart has the intended share."""

from bisect import bisect_left
from collections.abc import Sequence

from mug.charts.beatmap import Note
from mug.synth.composition import Composition
from mug.synth.salience import Hit
from mug.synth.tempo import TICKS

SUNG = {
    "vocal": 1.0,
    "lead": 1.0,
    "chord": 0.8,
    "arp": 0.6,
    "bass": 0.6,
    "crash": 0.5,
}  # how well each layer suits a long note
UNSUNG = 0.2
RELEASE_MS = 60.0  # from a tail to the next note of its column


def hold(
    rows: Sequence[tuple[Hit, Sequence[int]]], composition: Composition, ratio: float, shortest_ms: float, gap_ms: float
) -> list[Note]:
    """Turn rows (a hit and its columns) into notes, a share `ratio` of them long if there is room; sorted by (start,
    column).
    """
    starts: dict[int, list[float]] = {}
    for hit, columns in rows:
        for column in columns:
            starts.setdefault(column, []).append(hit.time_ms)
    notes: dict[tuple[float, int], float | None] = {}
    can: list[tuple[float, float, int, float]] = []
    release_ms = min(max(gap_ms / 2, RELEASE_MS), 2 * RELEASE_MS)
    for (hit, columns), (following_hit, _) in zip(rows, [*rows[1:], *rows[-1:]], strict=True):
        fit, end_ms = _sounding(hit, following_hit, composition, shortest_ms)
        for place, column in enumerate(columns):
            notes[hit.time_ms, column] = None
            following = bisect_left(starts[column], hit.time_ms + 1)
            room_ms = starts[column][following] - release_ms if following < len(starts[column]) else end_ms
            last_ms = min(end_ms, room_ms)
            if last_ms - hit.time_ms >= shortest_ms:
                rank = fit * min(last_ms - hit.time_ms, 1000) ** 0.3 * 0.6**place
                can.append((-rank, hit.time_ms, column, last_ms))
    can.sort()
    for _, start_ms, column, last_ms in can[: round(ratio * len(notes))]:
        notes[start_ms, column] = last_ms
    return sorted(Note(start_ms, column, end_ms) for (start_ms, column), end_ms in notes.items())


def _sounding(hit: Hit, following: Hit, composition: Composition, shortest_ms: float) -> tuple[float, float]:
    """How well a hit suits a long note, and its end: that of a held sound, else the next hit or a beat later."""
    held = [event for event in hit.events if event.held]
    if held:
        event = max(held, key=lambda event: SUNG.get(event.layer, UNSUNG) * event.n_ticks**0.3)
        end_ms = composition.tempo.ms(event.tick + event.n_ticks)
        if end_ms - hit.time_ms >= shortest_ms:
            return SUNG.get(event.layer, UNSUNG), end_ms
    return UNSUNG, composition.tempo.ms(max(hit.tick + TICKS, min(following.tick, hit.tick + 4 * TICKS)))
