"""From ticks of a beat to seconds: tempo changes, sudden and gradual, and swing."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mug.charts.beatmap import TimingPoint, beat_ms_of
from mug.charts.tempo_map import TempoMap

TICKS = 24  # in a beat: halves, thirds, quarters, sixths and eighths of a beat are whole ticks
RUBATO = (0.1, 0.8, 0.4, -0.8)  # how much faster the bars of a phrase are


@dataclass(frozen=True)
class SwungTempo:
    """The time of every tick: each (tick, bpm) starts a new tempo, the first one at tick 0.

    `swing` is the share that the first of every two steps of `swung` ticks takes: 0.5 is straight, 2/3 is triplet
    swing. Beats stay in place; everything between them moves.
    """

    first_beat_s: float
    tempos: tuple[tuple[int, float], ...]
    swing: float = 0.5
    swung: int = TICKS // 2

    @cached_property
    def _map(self) -> TempoMap:
        """Ticks without swing <-> seconds."""
        return TempoMap.of_tempos(self.first_beat_s, [(tick, bpm * TICKS) for tick, bpm in self.tempos], minute=60.0)

    @cached_property
    def _known_ms(self) -> dict[int, float]:
        return {}

    def seconds(self, tick: int) -> float:
        """The time of a tick in seconds of the audio file."""
        return float(self._map.times_of(self._swung(tick)))

    def ms(self, tick: int) -> float:
        """The same in ms, remembered: charts ask for the same ticks again and again."""
        if tick not in self._known_ms:
            self._known_ms[tick] = self.seconds(tick) * 1000
        return self._known_ms[tick]

    def tick_s(self, tick: int) -> float:
        """How many seconds a tick lasts from `tick` on, without swing."""
        return float(self._map.lengths[self._map.stretch_of(tick)])

    def timing_points(self, meter: int) -> list[TimingPoint]:
        """The tempos as timing points of a chart, without swing; bars are `meter` beats long."""
        return [TimingPoint(self.ms(tick), beat_ms_of(bpm), meter) for tick, bpm in self.tempos]

    def _swung(self, tick: int) -> float:
        if self.swing == 0.5:
            return tick
        pair, inside = divmod(tick, 2 * self.swung)
        stretched = inside * 2 * self.swing
        if inside > self.swung:
            stretched = 2 * self.swung * (self.swing + (inside / self.swung - 1) * (1 - self.swing))
        return pair * 2 * self.swung + stretched


def gradual(bars: Sequence[int], from_bpm: float, to_bpm: float) -> list[tuple[int, float]]:
    """A tempo for each bar, given by the ticks where bars start and where the change ends; it ends at `to_bpm`.

    A red line starts a bar, so tempos change nowhere else.
    """
    rise = (to_bpm - from_bpm) / max(len(bars) - 1, 1)
    rising = [(tick, round(from_bpm + rise * (i + 0.5), 2)) for i, tick in enumerate(bars[:-1])]
    return [*rising, (bars[-1], to_bpm)]


def breathing(bars: Sequence[int], bpm: float, depth: float, rng: np.random.Generator) -> list[tuple[int, float]]:
    """Rubato: each bar has a tempo of its own, within a ratio of 1 +- depth. Phrases of four bars hurry, then slow."""
    hurry = np.array([RUBATO[i % len(RUBATO)] for i in range(len(bars))]) + rng.normal(0, 0.25, len(bars))
    ratios = 1 + depth * np.clip(hurry, -1, 1)
    return [(tick, round(bpm * ratio, 2)) for tick, ratio in zip(bars, ratios.tolist(), strict=True)]
