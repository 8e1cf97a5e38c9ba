"""The set of charts for a song: from easy to hard, with different patterns, some with long notes."""

from collections.abc import Sequence

import numpy as np

from mug.charts.beatmap import Beatmap
from mug.ratings.long_notes import ln_ratio
from mug.synth.charting import Plan, chart
from mug.synth.composition import Composition
from mug.synth.patterns import PATTERNS, Pattern
from mug.synth.style import pick

CREATOR = "MuG synth"
BACKGROUND = "background.png"
N_CHARTS = (5, 5, 6)
TOO_EASY = 0.3  # stars below those of a pattern's easiest charts
WEIGHTS = {"jumpstream": 1.5, "stamina": 0.5, "chordjack": 0.7}  # relative frequency of patterns
HARDER = 0.7  # below 1: more charts are near the hardest that the music allows
NAMES = ((1.5, "Beginner"), (2.2, "Easy"), (3.0, "Normal"), (3.9, "Hard"), (5.0, "Insane"), (6.0, "Expert"))
HYBRID, LONG = 0.1, 0.4  # smallest shares of long notes for these names


def charts(composition: Composition, keys: int, rng: np.random.Generator) -> list[Beatmap]:
    """Make all planned charts of a song, except patterns that its music is too calm for."""
    style = composition.style
    charted = [(plan.pattern, *chart(composition, plan, keys, rng)) for plan in draw_plans(rng)]
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


def draw_plans(rng: np.random.Generator) -> list[Plan]:
    """Draw five or six charts with different patterns and difficulties."""
    n_charts = pick(rng, N_CHARTS)
    weights = np.array([WEIGHTS.get(name, 1.0) for name in PATTERNS])
    patterns = rng.choice(list(PATTERNS), n_charts, replace=False, p=weights / weights.sum())
    hardness = ((np.arange(n_charts) + rng.random(n_charts)) / n_charts) ** HARDER
    return [
        Plan(PATTERNS[name], float(share), _draw_ln_ratio(rng) if PATTERNS[name].long_notes else 0.0)
        for name, share in zip(patterns, hardness, strict=True)
    ]


def _draw_ln_ratio(rng: np.random.Generator) -> float:
    """Half of the charts have no long notes, the others any share."""
    return 0.0 if rng.random() < 0.5 else float(rng.uniform(0.03, 0.95))


def version_name(beatmap: Beatmap, pattern: Pattern, stars: float, taken: Sequence[str]) -> str:
    """Name a chart by its keys, stars, pattern and long notes, avoiding the names in `taken`."""
    level = next((name for below, name in NAMES if stars < below), "Expert+")
    share = ln_ratio(beatmap)
    kind = " LN" if share >= LONG else " Hybrid" if share >= HYBRID else ""
    name = f"{beatmap.keys}K {level} {pattern.name.capitalize()}{kind}"
    return name if name not in taken else next(f"{name} {i}" for i in range(2, 99) if f"{name} {i}" not in taken)
