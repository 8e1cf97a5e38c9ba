"""A sound of a composition, and the patterns that sounds are written from."""

from collections.abc import Iterator
from dataclasses import dataclass

LOUDNESS = {"X": 1.0, "x": 0.8, "o": 0.5, ",": 0.2}


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """One sound. `pitch` is MIDI (for toms too), 0 for other drums; `held`: it sounds until its end.

    `audible` is how clearly the event's onset stands out of this song's mix, in addition to `loudness`: 1 for the usual
    level and a sharp attack, less for soft levels, soft parts or slow attacks, 0 without an onset (risers, sweeps).
    """

    tick: int
    layer: str
    pitch: int
    n_ticks: int
    loudness: float  # 0 to 1
    held: bool = False
    audible: float = 1.0  # 0 to 1.5


def read(pattern: str, bar_ticks: int) -> Iterator[tuple[int, int, str]]:
    """Read a bar's pattern into (tick in the bar, ticks it lasts, symbol)."""
    step = bar_ticks // len(pattern)
    for i, symbol in enumerate(pattern):
        if symbol in LOUDNESS:
            holds = len(pattern[i + 1 :]) - len(pattern[i + 1 :].lstrip("-"))
            yield i * step, (1 + holds) * step, symbol


def paced(pattern: str, pace: float, bar: int) -> str:
    """The bar `bar` of a pattern played at half speed (0.5) or double speed (2)."""
    if pace == 0.5:
        half = len(pattern) // 2
        return "".join(symbol + "." for symbol in pattern[half * (bar % 2) : half * (bar % 2 + 1)])
    return 2 * pattern[::2] if pace == 2 else pattern
