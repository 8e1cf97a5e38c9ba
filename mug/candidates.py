"""Several charts sampled for one wish, and the one of them that comes closest to it.

A model's star ratings scatter around what it is asked for, and are off by a little that the song decides. So the
candidates are asked for star ratings around the wish, and are all measured.
"""

from collections.abc import Mapping
from typing import Any

from mug.data.beatmap import Beatmap
from mug.data.difficulty import chart_features
from mug.data.osu import format_osu
from mug.errors import ChartError

STARS = "sr"
STAR_STEP = 0.3  # between what neighbouring candidates are asked for
TOLERANCES = {"sr": 0.2, "ln_ratio": 0.1}  # differences that count 1, as a flag does that is not as asked
MSD_TOLERANCE = 1.0
RANK_STATUS = "rank_status"  # people decide on it; nothing can be measured


def prompts_around(wishes: Mapping[str, Any], n: int) -> list[dict[str, Any]]:
    """Return `n` prompts: the wish itself, then with star ratings STAR_STEP above it, below it, twice that above..."""
    prompts = [dict(wishes) for _ in range(n)]
    if wishes.get(STARS) is not None:
        for index, prompt in enumerate(prompts):
            steps = (index + 1) // 2 * (1 if index % 2 else -1)  # 0, 1, -1, 2, -2...
            prompt[STARS] = wishes[STARS] + steps * STAR_STEP
    return prompts


def distance(chart: Beatmap, wishes: Mapping[str, Any]) -> float:
    """How far a chart is from what was asked for: the sum over the wishes, in tolerances. 0 is exactly as asked.

    Of a chart that osu! cannot rate it is infinite.
    """
    try:
        features = chart_features(chart, format_osu(chart))
    except ChartError:
        return float("inf")
    total = 0.0
    for name, wish in wishes.items():
        given = features.get(name)
        if wish is None or given is None or name == RANK_STATUS:
            continue
        if name in TOLERANCES or name.endswith("ett"):
            total += abs(float(given) - float(wish)) / TOLERANCES.get(name, MSD_TOLERANCE)
        else:
            total += float(bool(given) != bool(wish))
    return total
