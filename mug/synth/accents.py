"""How many notes a moment gets: drums and accents are chords, the notes of a run are single.

People's 4K charts of 4.5 to 6 stars have 2.2 notes at once on the first beat of a measure, 2.0 on other beats, 1.6 on
half beats, 1.2 on quarters (medians of 57 charts).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mug.synth.composition import Composition
from mug.synth.form import PARTS
from mug.synth.patterns import FEW_KEYS, HANDS_FROM, Pattern
from mug.synth.salience import Hit
from mug.synth.tempo import TICKS

BY_LEVEL = (0.2, 0.1, 0.0, -0.1, -0.2)  # added to a moment's strength by its position in the measure
# What a part adds to strength, to the salience of sounds and of moments between them, and to drive, times its energy:
# its usual loudness in PARTS, less AVERAGE. Choruses have more streams and more chords than verses.
CHORDS, NOTES, RUNS, SPEED, AVERAGE = 0.5, 0.2, 3.0, 0.5, 0.85
BUILD = 0.4  # how much stronger the end of a build is than its start
PHRASES = 0.4  # standard deviation between phrases of different music: some are charted with chords, some are runs
DRIVE, MEASURES = 0.15, 0.07  # standard deviations of the logarithm of drive between phrases, and between measures
MOST_DRIVE = 0.4
BURSTS = 0.3  # standard deviation of the logarithm of salience between half beats, from beat to beat of two measures
CHORD_REST_MS = 92.0  # moments closer than this use different columns
EASY_REST_MS = 240.0  # up to FEW_KEYS below HANDS_FROM stars, chords are further apart than this
BURST_MS = 60.0  # and if closer than this, little more than half of them


def by_phrase(hits: Sequence[Hit], composition: Composition, rng: np.random.Generator) -> list[Hit]:
    """Give each phrase its own accents and drive, the same when its music returns; more of both to loud parts.

    Builds grow stronger.
    """
    stronger: list[float] = []  # in each measure
    louder: list[float] = []
    faster: list[float] = []
    of_idea: dict[str, tuple[float, float]] = {}
    of_music: dict[tuple[str, int], float] = {}
    for number, measure in enumerate(composition.measures):
        part = composition.parts[measure.part]
        if measure.idea not in of_idea:
            of_idea[measure.idea] = float(rng.normal(0, PHRASES)), float(rng.normal(0, DRIVE))
        music = measure.idea, measure.place
        if music not in of_music:
            of_music[music] = float(rng.normal(0, MEASURES))
        strength, drive = of_idea[measure.idea]
        energy = PARTS[part.kind][1] - AVERAGE
        grown = (number - part.bar) / part.n_bars - 0.5 if part.kind == "build" else 0.0
        stronger.append(strength + CHORDS * energy + BUILD * grown)
        louder.append(energy)
        faster.append(float(np.exp(np.clip(drive + of_music[music] + SPEED * energy, -MOST_DRIVE, MOST_DRIVE))))
    of_beat: dict[tuple[str, int, int], float] = {}
    phrased: list[Hit] = []
    for hit in hits:
        bar, tick = divmod(hit.tick, composition.bar_ticks)
        if bar < len(stronger):
            salience = hit.salience * max(1 + (NOTES if hit.events else RUNS) * louder[bar], 0.0)
            if hit.level >= 3:
                beat = composition.measures[bar].idea, composition.measures[bar].place % 2, tick // TICKS
                if beat not in of_beat:
                    of_beat[beat] = float(np.exp(rng.normal(0, BURSTS)))
                salience *= of_beat[beat]
            hit = replace(hit, strength=hit.strength + stronger[bar], salience=salience, drive=faster[bar])
        phrased.append(hit)
    return phrased


def chord_sizes(hits: Sequence[Hit], pattern: Pattern, level: float, stars: float, keys: int) -> list[int]:
    """The number of notes of each moment: the strongest accents are the largest chords, with the pattern's shares.

    Charts below HANDS_FROM stars have no chords of three notes (of four from 7 keys on), by osu!'s ranking criteria.
    """
    sizes = [1] * len(hits)
    rest_ms = EASY_REST_MS if stars < HANDS_FROM and keys <= FEW_KEYS else 0.0
    order = sorted(range(len(hits)), key=lambda i: (-(hits[i].strength + BY_LEVEL[hits[i].level]), hits[i].tick))
    for size, share in enumerate(pattern.shares(level, keys), 2):
        left = round(share * len(hits))
        for i in order:
            if left <= 0:
                break
            if sizes[i] == size - 1 and (pattern.chords_follow or _fits(i, size, hits, sizes, keys, rest_ms)):
                sizes[i] = size
                left -= 1
    most = keys if stars >= HANDS_FROM else 3 if keys >= 7 else 2
    return [min(size, most) for size in sizes]


def _fits(i: int, size: int, hits: Sequence[Hit], sizes: Sequence[int], keys: int, rest_ms: float) -> bool:
    """Whether moment `i` can have `size` notes beside its neighbours: in different columns, if they are close.

    Chords are `rest_ms` apart or more.
    """
    for j in (i - 1, i + 1):
        if 0 <= j < len(hits):
            apart_ms = abs(hits[j].time_ms - hits[i].time_ms)
            if apart_ms < rest_ms and sizes[j] > 1:
                return False
            if apart_ms < CHORD_REST_MS and size + sizes[j] > (keys if apart_ms >= BURST_MS else max(keys // 2, 2) + 1):
                return False
    return True
