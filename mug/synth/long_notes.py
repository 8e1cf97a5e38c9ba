"""Long notes: on held sounds, released on the beat's grid or on another note.

Charts with fewer than half long notes hold what is held in the music while other columns play (`plan_holds`, before
columns are chosen). Charts with more hold most notes until their column is needed again (`hold`, after).
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence

from mug.charts.beatmap import Note
from mug.synth.composition import Composition
from mug.synth.salience import Hit
from mug.synth.tempo import TICKS

# How well each layer suits a long note.
SUNG = {"vocal": 1.0, "lead": 1.0, "chord": 0.8, "arp": 0.6, "bass": 0.6, "crash": 0.5}
UNSUNG = 0.2
RELEASE_MS = 60.0  # from a release to the next note of its column
ALL_FROM = 0.5  # share of long notes from which notes are held until their column is needed again
LONGEST = 2 * TICKS  # of these
LASTING = 2 * TICKS  # sounds that are held in full
ON_BEATS, BETWEEN = 2, 1  # other sounds are held until this moment after theirs, at most
TOGETHER = 0.97  # how well a second long note suits a moment, compared with the first
STEADY = 2.0  # exponent of a measure's share of held sounds: long notes gather in measures that have many
GRID = TICKS // 8  # of releases that are not on another note
NEAR = 0.34  # how far from the end of its sound a long note may be released, as a share of its length


def plan_holds(
    hits: Sequence[Hit], sizes: Sequence[int], composition: Composition, ratio: float, shortest_ms: float, keys: int
) -> list[tuple[float, ...]]:
    """Where the long notes of each moment end, in ms, longest first, so that a share `ratio` of the notes is long.

    At most half of the columns are held at once, and the moments meanwhile have room for all their notes.
    """
    releases = _Releases(hits, composition)
    can: list[tuple[float, int, float]] = []
    gathers = _held_shares(hits, composition.bar_ticks)
    for i, hit in enumerate(hits) if ratio else ():
        suits, end_tick, soon = _sounding(hits, i, shortest_ms)
        end_ms = releases.nearest(hit, end_tick, releases.last_ms, shortest_ms)
        if end_ms is None:  # too short to be held: like a sound that is struck
            suits, end_ms = UNSUNG, releases.nearest(hit, soon, releases.last_ms, shortest_ms)
        if end_ms is not None:
            rank = suits * min(end_ms - hit.time_ms, 1000) ** 0.3 * gathers[hit.tick // composition.bar_ticks]
            can += [(-rank * TOGETHER**place, i, end_ms) for place in range(sizes[i])]
    can.sort()
    held = [0] * len(hits)  # columns held from before each moment
    holds: list[tuple[float, ...]] = [()] * len(hits)
    left = round(ratio * sum(sizes))
    most = max(keys // 2, 1)
    for _, i, end_ms in can:
        if not left:
            break
        until = bisect_right(releases.times_ms, end_ms + RELEASE_MS)
        free = all(held[j] + len(holds[j]) < most for j in range(i, until))
        if free and all(held[j] + sizes[j] < keys for j in range(i + 1, until)):
            holds[i] += (end_ms,)
            left -= 1
            for j in range(i + 1, until):
                held[j] += 1
    return holds


def hold(
    rows: Sequence[tuple[Hit, Sequence[int]]], composition: Composition, ratio: float, shortest_ms: float, gap_ms: float
) -> list[Note]:
    """Turn rows (a hit and its columns) into notes, a share `ratio` of them long if there is room; sorted by (start,
    column).
    """
    releases = _Releases([hit for hit, _ in rows], composition)
    release_ms = min(max(gap_ms / 2, RELEASE_MS), 2 * RELEASE_MS)
    n_notes = sum(len(columns) for _, columns in rows)
    next_ms: dict[int, float] = {}  # when each column is needed again
    can: list[tuple[float, float, int, float]] = []
    for hit, columns in reversed(rows):
        suits = UNSUNG + any(event.held for event in hit.events)
        for column in columns:
            last_ms = min(next_ms.get(column, float("inf")) - release_ms, releases.last_ms)
            end_ms = releases.nearest(hit, hit.tick + LONGEST, last_ms, shortest_ms)
            if end_ms is not None:
                can.append((-suits * (end_ms - hit.time_ms), hit.time_ms, column, end_ms))
        next_ms.update((column, hit.time_ms) for column in columns)
    can.sort()
    ends_ms = {(start_ms, column): end_ms for _, start_ms, column, end_ms in can[: round(ratio * n_notes)]}
    return sorted(
        Note(hit.time_ms, column, ends_ms.get((hit.time_ms, column))) for hit, columns in rows for column in columns
    )


def _sounding(hits: Sequence[Hit], i: int, shortest_ms: float) -> tuple[float, int, int]:
    """How well a moment suits a long note, the tick of its end, and the tick of a moment soon after."""
    hit = hits[i]
    enough_ms = hit.time_ms + shortest_ms
    later = range(i + (ON_BEATS if hit.level < 2 else BETWEEN), len(hits))
    after = next((hits[j] for j in later if hits[j].time_ms >= enough_ms), None)
    soon = min(after.tick if after else hit.tick + LONGEST, hit.tick + LONGEST)
    if hit.level >= 2 and after and (hit.time_ms + after.time_ms) / 2 >= enough_ms:
        soon = min(soon, (hit.tick + after.tick) // 2)  # off the beat, long notes are released before the next moment
    held = [event for event in hit.events if event.held]
    if not held:
        return UNSUNG, soon, soon
    event = max(held, key=lambda event: SUNG.get(event.layer, UNSUNG) * event.n_ticks**0.3)
    end = event.tick + event.n_ticks
    return SUNG.get(event.layer, UNSUNG), end if event.n_ticks >= LASTING else min(end, soon), soon


def _held_shares(hits: Sequence[Hit], bar_ticks: int) -> dict[int, float]:
    """For each measure a weight by the share of its moments with held sounds."""
    n_hits, n_held = Counter[int](), Counter[int]()
    for hit in hits:
        n_hits[hit.tick // bar_ticks] += 1
        n_held[hit.tick // bar_ticks] += any(event.held for event in hit.events)
    return {bar: (0.5 + n_held[bar] / n) ** STEADY for bar, n in n_hits.items()}


class _Releases:
    """Where long notes can end."""

    def __init__(self, hits: Sequence[Hit], composition: Composition) -> None:
        self.times_ms = [hit.time_ms for hit in hits]
        self.ms = composition.tempo.ms
        self.last_ms = self.ms(hits[-1].tick + TICKS) if hits else 0.0  # the song's last chord fades for longer

    def nearest(self, hit: Hit, end_tick: int, last_ms: float, shortest_ms: float) -> float | None:
        """The end of a long note from `hit` near `end_tick`, at the latest at `last_ms`: on another note, or the grid.

        None if there is no time for a long note of `shortest_ms`.
        """
        end_ms = min(self.ms(end_tick), last_ms)
        after = bisect_right(self.times_ms, end_ms)
        notes_ms = [
            ms for ms in self.times_ms[max(after - 1, 0) : after + 1] if hit.time_ms + shortest_ms <= ms <= last_ms
        ]
        near_ms = min(notes_ms, key=lambda ms: abs(ms - end_ms), default=None)
        if near_ms is not None and abs(near_ms - end_ms) <= NEAR * (near_ms - hit.time_ms):
            return near_ms
        for tick in range(end_tick + (hit.tick - end_tick) % GRID, hit.tick, -GRID):
            if self.ms(tick) <= last_ms:
                return self.ms(tick) if self.ms(tick) - hit.time_ms >= shortest_ms else None
        return None
