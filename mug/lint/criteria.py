"""The numbers of osu!mania's ranking criteria, by difficulty.

Source: osu! wiki, "osu!mania ranking criteria" (Ranking_criteria/osu!mania), and the general "Ranking criteria" for
drain time. Lengths are the criteria's fractions of a beat at 180 BPM, in ms, whatever the song's tempo: what hands can
do does not depend on how beats are counted.
"""

from mug.charts.beatmap import beat_ms_of

BEAT_MS = beat_ms_of(180)
ROUNDING_MS = 2.0  # rounding to whole ms may bring two times this much closer
LEVELS = (("Easy", 2.0), ("Normal", 2.7), ("Hard", 4.0), ("Insane", 5.3))  # upper limit in stars
EXPERT = "Expert"
SHORTEST_BEATS = {"Easy": 1.0, "Normal": 1 / 2, "Hard": 1 / 4, "Insane": 1 / 12, EXPERT: 1 / 12}  # of long notes
MOST_KEYS = 6  # pressed and held at once, up to Insane
MINIJACK_MS = BEAT_MS / 4  # too fast a repetition of a key for Easy and Normal
HIGHEST_HP_OD = {"Easy": 7.0, "Normal": 7.5, "Hard": 8.0}
KEY_COUNTS = (*range(4, 11), 12, 14, 16, 18)
SHORTEST_DRAIN_MS = 30_000.0


def level_of(star_rating: float | None) -> str:
    """Return the difficulty name for a star rating; unrated charts are Expert."""
    if star_rating is None:
        return EXPERT
    return next((name for name, below in LEVELS if star_rating < below), EXPERT)


def is_slow(level: str) -> bool:
    """Whether a difficulty is for beginners, who cannot play minijacks."""
    return level in ("Easy", "Normal")


def largest_chord(keys: int, level: str) -> int:
    """Return the largest number of notes that may start at once."""
    if not is_slow(level):
        return keys
    return 3 if keys >= 7 and level == "Normal" else 2


def shortest_hold_ms(level: str) -> float:
    """Return how long a long note has to last, less the rounding to whole ms."""
    return SHORTEST_BEATS[level] * BEAT_MS - ROUNDING_MS
