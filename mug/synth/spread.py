"""The set of charts for a song: from easy to hard, with different patterns, some with long notes."""

from collections.abc import Sequence

import numpy as np

from mug.charts.beatmap import Beatmap
from mug.ratings.long_notes import ln_ratio
from mug.synth.charting import Plan, chart, moments_of
from mug.synth.composition import Composition
from mug.synth.genres import GENRES
from mug.synth.patterns import PATTERNS, Pattern
from mug.synth.style import pick

CREATOR = "MuG synth"
BACKGROUND = "background.png"
N_CHARTS = (5, 5, 6)
TOO_EASY = 0.3  # stars below those of a pattern's easiest charts
# The stars of planned charts, at equally spaced ranks: more of both ends than people's.
STARS = (0.4, 1.0, 1.6, 2.3, 2.9, 3.5, 4.1, 4.7, 5.3, 6.3, 10.0)
# How often patterns are planned, where their levels allow it.
WEIGHTS = {"jumpstream": 1.4, "stamina": 0.5, "handstream": 0.6, "jackspeed": 0.6, "chordjack": 0.35}
AGAIN = 0.4  # times that, for a pattern that another chart of the song has
# Shares of charts without long notes, then of charts within each of LN_RANGES: up to 5 keys, and from 6 keys on.
# People's 4K charts: 0.27, 0.44, 0.20, 0.06, 0.03; 7K: 0.26, 0.26, 0.29, 0.14, 0.05.
LN_SHARES = ((0.27, 0.33, 0.2, 0.11, 0.09), (0.24, 0.24, 0.26, 0.15, 0.11))
LN_RANGES = ((0.01, 0.12), (0.12, 0.35), (0.35, 0.65), (0.65, 0.95))
NAMES = ((1.5, "Beginner"), (2.2, "Easy"), (3.0, "Normal"), (3.9, "Hard"), (5.0, "Insane"), (6.0, "Expert"))
HYBRID, LONG = 0.1, 0.4  # smallest shares of long notes for these names


def charts(composition: Composition, keys: int, rng: np.random.Generator) -> list[Beatmap]:
    """Make all planned charts of a song, except patterns that its music is too calm for."""
    style = composition.style
    moments = moments_of(composition, rng)
    charted = [
        (plan.pattern, *chart(moments, composition, plan, keys, rng))
        for plan in draw_plans(keys, GENRES[style.genre].dense, rng)
    ]
    # In music too calm for a pattern, the chart would not show it.
    fit = [song for song in charted if song[2] >= song[0].levels[0] - TOO_EASY]
    beatmaps: list[Beatmap] = []
    for pattern, notes, stars in fit or charted[:1]:
        overall = round(float(np.interp(stars, (1, 6), (5.0, 8.8))), 1)
        beatmap = Beatmap(
            keys=keys,
            notes=notes,
            timing_points=composition.tempo.timing_points(style.meter),
            title=style.title,
            artist=style.artist,
            creator=CREATOR,
            background=BACKGROUND,
            preview_ms=round(composition.preview_s * 1000),
            overall_difficulty=overall,
            hp_drain=overall,
            metadata={"Source": "synthesised", "Tags": f"synthesised {style.genre}"},
        )
        beatmap.version = version_name(beatmap, pattern, stars, [other.version for other in beatmaps])
        beatmaps.append(beatmap)
    return beatmaps


def draw_plans(keys: int, dense: float, rng: np.random.Generator) -> list[Plan]:
    """Draw five or six charts of different difficulties, with different patterns where the stars allow it.

    `dense` is how busy the music is, 0 to 1: busy genres have more hard charts, calm ones more easy ones.
    """
    n_charts = pick(rng, N_CHARTS)
    ranks = ((np.arange(n_charts) + rng.random(n_charts)) / n_charts) ** (1.5 - dense)
    plans: list[Plan] = []
    for stars in np.interp(ranks, np.linspace(0, 1, len(STARS)), STARS).tolist():
        able = [pattern for pattern in PATTERNS.values() if pattern.levels[0] <= stars <= pattern.levels[1]]
        weights = np.array(
            [
                WEIGHTS.get(pattern.name, 1.0) * AGAIN ** sum(plan.pattern is pattern for plan in plans)
                for pattern in able
            ]
        )
        pattern = able[int(rng.choice(len(able), p=weights / weights.sum()))]
        plans.append(Plan(pattern, stars, _draw_ln_ratio(keys, rng) if pattern.long_notes else 0.0))
    return plans


def _draw_ln_ratio(keys: int, rng: np.random.Generator) -> float:
    """The share of long notes: as in people's charts, with more of the many, which models need to learn them."""
    most = LN_SHARES[keys >= 6]
    kind = int(np.searchsorted(np.cumsum(most), rng.random(), side="right"))
    return 0.0 if kind == 0 else float(rng.uniform(*LN_RANGES[kind - 1]))


def version_name(beatmap: Beatmap, pattern: Pattern, stars: float, taken: Sequence[str]) -> str:
    """Name a chart by its keys, stars, pattern and long notes, avoiding the names in `taken`."""
    level = next((name for below, name in NAMES if stars < below), "Expert+")
    share = ln_ratio(beatmap)
    kind = " LN" if share >= LONG else " Hybrid" if share >= HYBRID else ""
    name = f"{beatmap.keys}K {level} {pattern.name.capitalize()}{kind}"
    return name if name not in taken else next(f"{name} {i}" for i in range(2, 99) if f"{name} {i}" not in taken)
