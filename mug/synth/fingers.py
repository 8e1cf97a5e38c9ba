"""Chooses columns for one moment after another, as the habits of mappers and the rules of the keys have it."""

from collections.abc import Mapping, Sequence

import numpy as np

from mug.synth import habits as odds
from mug.synth.habits import Habits
from mug.synth.hands import THUMB, hand_of, mirrored
from mug.synth.moment import Moment

RELEASE_MS = 60.0  # from the end of a long note to the next note of its column
LOOSE_MS = 1.0
LUCK = 997  # rows of the noise: a prime, so that measures differ; a moment has the same luck whatever came before
AGE_STEP_MS = 10.0
LONG_AGO = -1e9


class Fingers:
    """What every finger did last, and which columns suit it next."""

    def __init__(self, habits: Habits, gap_ms: float, keys: int, rng: np.random.Generator) -> None:
        self.habits = habits
        self.gap_ms = gap_ms
        self.keys = keys
        self.hands = [hand_of(column, keys) for column in range(keys)]
        self.luck: list[list[float]] = rng.gumbel(size=(LUCK, keys)).tolist()
        self.last_ms = [LONG_AGO] * keys
        self.held_ms = [LONG_AGO] * keys  # where its last long note ends
        self.load = [0.0] * keys
        self.rows: list[Sequence[int]] = [(), ()]  # the last two, latest first
        self.now_ms = LONG_AGO
        self.reach = reach = odds.reach_of(keys)
        self.anchor = habits.anchor + reach.anchor
        self.again = habits.again_chords + reach.again_chords, habits.again_mixed + reach.again_mixed
        ages = np.arange(0.0, odds.RECENT_MS[-1], AGE_STEP_MS)
        self.recent: list[float] = (habits.quick * np.interp(ages, odds.RECENT_MS, odds.RECENT)).tolist()
        near = dict(enumerate(reach.near))
        self.near = [[near.get(abs(i - j), 0.0) for j in range(keys)] for i in range(keys)]  # single notes
        self.same_hand = [
            [odds.SAME_HAND * (i != j and one == other) for j, other in enumerate(self.hands)]
            for i, one in enumerate(self.hands)
        ]
        self.together = [  # notes of a chord
            [
                reach.chord_hand * (one == other) + odds.CHORD_MIRRORED * (j == mirrored(i, keys))
                for j, other in enumerate(self.hands)
            ]
            for i, one in enumerate(self.hands)
        ]

    def free(self, time_ms: float) -> list[int]:
        """The columns that may have a note."""
        until = time_ms + LOOSE_MS
        return [
            column
            for column, (last, held) in enumerate(zip(self.last_ms, self.held_ms, strict=True))
            if last + self.gap_ms <= until and held + RELEASE_MS <= until
        ]

    def choose(self, moment: Moment, favoured: Mapping[int, float]) -> list[int]:
        """The best free columns for a moment. `favoured`: what the music has to say, as log odds."""
        suits = self._odds(moment)
        neighbour = self._by_speed(moment, self.reach.chord_neighbour)
        for column, more in favoured.items():
            if column in suits:
                suits[column] += more
        chosen: list[int] = []
        while suits and len(chosen) < moment.size:
            best = max(suits, key=suits.__getitem__)
            chosen.append(best)
            del suits[best]
            together = self.together[best]
            for column in suits:
                suits[column] += together[column] + neighbour * (abs(column - best) == 1)
        return chosen

    def take(self, moment: Moment, columns: Sequence[int]) -> None:
        """Play the columns of a moment."""
        time_ms = moment.hit.time_ms
        for column in columns:
            self.last_ms[column] = time_ms
        for column, end_ms in zip(columns, moment.holds, strict=False):
            self.held_ms[column] = end_ms
        self.load = [load * (1 - 1 / odds.LOAD_NOTES) for load in self.load]
        for column in columns:
            self.load[column] += 1
        self.rows = [columns, self.rows[0]]
        self.now_ms = time_ms

    def _odds(self, moment: Moment) -> dict[int, float]:
        """What speaks for each free column after the moments before, and luck, as log odds."""
        time_ms, habits = moment.hit.time_ms, self.habits
        luck = self.luck[moment.hit.tick % LUCK]
        even = sum(self.load) / self.keys
        holding = {self.hands[c] for c, end_ms in enumerate(self.held_ms) if end_ms > time_ms}
        quick = time_ms - self.now_ms <= odds.QUICK_MS
        last, second = self.rows if quick else ((), ())
        follows = self._follows(moment, last[0]) if len(last) == 1 == moment.size else None
        if follows:
            again = habits.again + self._by_speed(moment, self.reach.again)
        else:
            again = self.again[len(last) == 1 or moment.size == 1]
        rises = follows and len(second) == 1 and last[0] - second[0]
        suits: dict[int, float] = {}
        for column in self.free(time_ms):
            age = int((time_ms - self.last_ms[column]) / AGE_STEP_MS)
            suit = luck[column] + odds.LOAD * (self.load[column] - even)
            if age < len(self.recent):
                suit += self.recent[age]
            if moment.size > 1 and self.hands[column] == THUMB:
                suit += self.reach.chord_thumb
            if self.hands[column] in holding:
                suit -= odds.FREE_HAND
            if column in last:
                suit += again
            elif column in second:
                suit += self.anchor
            if follows:
                suit += follows[column]
                if rises and (column - last[0]) * rises > 0:
                    suit += odds.STAIRS
            suits[column] = suit
        return suits

    def _follows(self, moment: Moment, last: int) -> list[float]:
        """What speaks for each column of a single note after a single note in column `last`."""
        share = self._by_speed(moment, self.reach.near_share)
        return [hand + share * near for hand, near in zip(self.same_hand[last], self.near[last], strict=True)]

    def _by_speed(self, moment: Moment, quick_and_slow: tuple[float, float]) -> float:
        """A value between that of quick moments and that of slow ones."""
        return float(np.interp(moment.hit.time_ms - self.now_ms, odds.NEAR_MS, quick_and_slow))
