"""Violations of osu!'s ranking criteria for mania, as far as the notes alone show them.

Lengths are the criteria's fractions of a beat at 180 BPM, in ms, whatever the song's tempo: what hands can do does not
depend on how beats are counted.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence

from mug.charts.beatmap import Beatmap, Note, beat_ms_of
from mug.metrics.onsets import rows_of

BEAT_MS = beat_ms_of(180)
ROUNDING_MS = 2.0  # rounding to whole ms may bring two times this much closer
STACKED_MS = 1.0
LEVELS = (("Easy", 2.0), ("Normal", 2.7), ("Hard", 4.0), ("Insane", 5.3))  # upper limit in stars
EXPERT = "Expert"
SHORTEST_BEATS = {"Easy": 1.0, "Normal": 1 / 2, "Hard": 1 / 4, "Insane": 1 / 12, EXPERT: 1 / 12}  # of long notes
MOST_KEYS = 6  # pressed and held at once, up to Insane
MINIJACK_MS = BEAT_MS / 4  # too fast a repetition of a key for Easy and Normal
KINDS = (
    "two notes in one place",
    "inside a long note",
    "too short a long note",
    "too large a chord",
    "more than six keys",
    "minijack",
    "empty column",
)


def level_of(star_rating: float | None) -> str:
    """Return the difficulty name for a star rating; unrated charts are Expert."""
    if star_rating is None:
        return EXPERT
    return next((name for name, below in LEVELS if star_rating < below), EXPERT)


def largest_chord(keys: int, level: str) -> int:
    """Return the largest number of notes that may start at once."""
    if level not in ("Easy", "Normal"):
        return keys
    return 3 if keys >= 7 and level == "Normal" else 2


def violations(chart: Beatmap, star_rating: float | None) -> Counter[str]:
    """Count violations by KINDS: each note, moment or column counts once per kind."""
    level = level_of(star_rating)
    is_slow = level in ("Easy", "Normal")
    shortest_ms = SHORTEST_BEATS[level] * BEAT_MS - ROUNDING_MS
    found: Counter[str] = Counter()
    columns: list[list[Note]] = [[] for _ in range(chart.keys)]
    for note in sorted(chart.notes):
        columns[note.column].append(note)
    for notes in columns:
        found["empty column"] += not notes
        started_ms = held_until = float("-inf")
        for note in notes:
            gap_ms, started_ms = note.start_ms - started_ms, note.start_ms
            if gap_ms <= STACKED_MS:
                found["two notes in one place"] += 1
            elif note.start_ms < held_until:
                found["inside a long note"] += 1
            elif is_slow and gap_ms <= MINIJACK_MS + ROUNDING_MS:
                found["minijack"] += 1
            held_until = max(held_until, note.last_ms)
            found["too short a long note"] += note.is_long and note.last_ms - note.start_ms < shortest_ms
    moments, keys = rows_of(chart)
    pressed = [int(row).bit_count() for row in keys.tolist()]
    found["too large a chord"] += sum(count > largest_chord(chart.keys, level) for count in pressed)
    if level != EXPERT and chart.keys > MOST_KEYS:
        held = _held(columns, moments.tolist())
        found["more than six keys"] += sum(count + more > MOST_KEYS for count, more in zip(pressed, held, strict=True))
    return +found


def _held(columns: Sequence[Sequence[Note]], moments: Sequence[float]) -> list[int]:
    """The number of long notes held at each moment, not counting those that start there."""
    held = [0] * len(moments)
    for notes in columns:
        for note in notes:
            if note.is_long:
                for at in range(bisect_right(moments, note.start_ms), len(moments)):
                    if moments[at] >= note.last_ms:
                        break
                    held[at] += 1
    return held
