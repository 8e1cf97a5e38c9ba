"""Runs: moments between sounds, where hard charts keep a stream going that the music only suggests.

People's 4K charts of 4.5 to 6 stars have 10 moments a second, and half of their moments are in runs of 17 and more on
quarters of a beat. Composed songs have 6 to 9 sounds a second, so hard charts need more moments than sounds. These
have little salience, more where the music is busy, so only hard charts have them, and the chorus before the verse.
Rests stay rests.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from mug.synth.composition import Composition
from mug.synth.genre import TRIPLET
from mug.synth.salience import Hit, metric_level
from mug.synth.tempo import TICKS

STEPS = {False: (TICKS // 2, TICKS // 4, TICKS // 8), True: (TICKS // 3, TICKS // 6, TICKS // 12)}  # of thirds or not
SUGGESTED = (0.3, 0.3, 0.3, 0.24, 0.1)  # salience by `metric_level`, in busy measures
STRENGTH = 0.1  # of a moment without a sound
SLOW_S = 0.6  # beats longer than this are felt, and counted here, as two
SOUNDING = 1.1  # times it for a soft sound that is part of a run
BUSY = 0.8  # quantile of the measures' strength that counts as busy
MOST = 1.3  # times as busy
STEEP = 1.5  # how much less runs are suggested in calm measures
APART_MS = 400.0  # longest time between sounds of a run
SHORTEST_MS = 26.0  # between moments; of people's charts above 6 stars 5 % are closer than 28 to 43 ms


def with_runs(hits: Sequence[Hit], composition: Composition) -> list[Hit]:
    """Add the moments between hits that are close; weak hits that are part of a run gain salience."""
    strength: defaultdict[int, float] = defaultdict(float)  # of each measure
    thirds: set[int] = set()  # beats divided into thirds
    for hit in hits:
        strength[hit.tick // composition.bar_ticks] += hit.strength
        if hit.tick % (TICKS // 4) and not hit.tick % (TICKS // 6):
            thirds.add(hit.tick // TICKS)
    busy = float(np.quantile([*strength.values()], BUSY)) if hits else 1.0

    def suggested(tick: int, level: int) -> float:
        if level and composition.tempo.tick_s(tick) * TICKS > SLOW_S:
            level -= 1
        return SUGGESTED[level] * min(strength[tick // composition.bar_ticks] / busy, MOST) ** STEEP

    found = [*hits[:1]]
    for hit, following in pairwise(hits):
        salience = following.salience
        if following.time_ms - hit.time_ms <= APART_MS:
            salience = max(salience, SOUNDING * suggested(following.tick, following.level))
            steps = STEPS[composition.style.feel == TRIPLET or hit.tick // TICKS in thirds]
            shortest = SHORTEST_MS / 1000 / composition.tempo.tick_s(hit.tick)
            step = next((step for step in reversed(steps) if step >= shortest), TICKS)
            for tick in range(hit.tick - hit.tick % step + step, following.tick, step):
                if min(tick - hit.tick, following.tick - tick) >= min(step, shortest):
                    level = metric_level(tick, composition.bar_ticks)
                    found.append(Hit(tick, composition.tempo.ms(tick), level, (), STRENGTH, suggested(tick, level)))
        found.append(replace(following, salience=salience))
    return found
