"""From ticks of a beat to seconds: tempo changes, sudden and gradual, and swing."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

TICKS = 24  # in a beat: halves, thirds, quarters, sixths and eighths of a beat are whole ticks


@dataclass(frozen=True)
class TempoMap:
    """Where the beats lie: from each (tick, bpm) on a new tempo, the first one at tick 0.

    `swing` is the share of every pair of neighbouring steps of `swung` ticks that the first one takes: 0.5 is straight,
    2/3 a triplet's. Beats stay where they are, what lies between them moves with the sound.
    """

    first_beat_s: float
    tempos: tuple[tuple[int, float], ...]
    swing: float = 0.5
    swung: int = TICKS // 2

    @cached_property
    def _starts(self) -> tuple[list[int], list[float]]:
        """The tick and the time at which each tempo begins."""
        times = [self.first_beat_s]
        for (start, bpm), (stop, _) in zip(self.tempos, self.tempos[1:], strict=False):
            times.append(times[-1] + (stop - start) * 60 / (bpm * TICKS))
        return [tick for tick, _ in self.tempos], times

    def seconds(self, tick: int) -> float:
        """The time of a tick in seconds of the audio file."""
        ticks, times = self._starts
        i = max(bisect_right(ticks, tick) - 1, 0)
        return times[i] + (self._swung(tick) - ticks[i]) * 60 / (self.tempos[i][1] * TICKS)

    def tick_s(self, tick: int) -> float:
        """How many seconds a tick lasts from `tick` on, without swing."""
        return 60 / (TICKS * self.tempos[max(bisect_right(self._starts[0], tick) - 1, 0)][1])

    def _swung(self, tick: int) -> float:
        if self.swing == 0.5:
            return tick
        pair, inside = divmod(tick, 2 * self.swung)
        stretched = inside * 2 * self.swing
        if inside > self.swung:
            stretched = 2 * self.swung * (self.swing + (inside / self.swung - 1) * (1 - self.swing))
        return pair * 2 * self.swung + stretched


def gradual(start: int, stop: int, from_bpm: float, to_bpm: float) -> list[tuple[int, float]]:
    """Tempos from tick `start` to `stop`, a new one on every beat, that end at `to_bpm`."""
    ticks: Sequence[int] = range(start, stop, TICKS)
    rise = (to_bpm - from_bpm) / max(len(ticks), 1)
    return [(tick, round(from_bpm + rise * (i + 0.5), 2)) for i, tick in enumerate(ticks)] + [(stop, to_bpm)]
