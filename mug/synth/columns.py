"""Chooses the columns of a chart's notes: figures and tunes where the music is new, the same columns or their mirror
image where it returns, and no finger before it is back.
"""

from collections.abc import Sequence

import numpy as np

from mug.synth import habits as odds
from mug.synth.contour import Contour, drum_hand
from mug.synth.figures import FIGURES, Cycle
from mug.synth.fingers import Fingers
from mug.synth.habits import Habits
from mug.synth.hands import THUMB, mirrored
from mug.synth.measures import Measure
from mug.synth.moment import Moment
from mug.synth.returns import draw_sources, units_of

UPWARDS_RIGHT = 0.75  # of ideas have a rising tune go to the right, the others to the left
GOES_ON = 0.4  # of figures go on in the next unit


def place(
    moments: Sequence[Moment],
    measures: Sequence[Measure],
    habits: Habits,
    gap_ms: float,
    keys: int,
    seed: int,
) -> list[list[int]]:
    """Choose the columns of every moment: `size` of them, or fewer if not enough are free.

    The columns of long notes come first, in the order of `holds`. Notes of a column are `gap_ms` apart or more, and no
    note is in a column that is held, nor in the `RELEASE_MS` after.
    """
    rng = np.random.default_rng(seed)
    returning = float(np.interp(gap_ms, odds.GAP_MS, odds.reach_of(keys).returns))
    sources = draw_sources(measures, rng, returning)
    figures = draw_figures(len(sources), habits, keys, rng)
    to_the_right = {measure.idea: bool(rng.random() < UPWARDS_RIGHT) for measure in measures}
    fingers, contour = Fingers(habits, gap_ms, keys, rng), Contour()
    unit_ticks = measures[0].n_ticks // units_of(measures)
    units: dict[int, dict[int, list[int]]] = {}  # columns by the tick in the unit
    placed: list[list[int]] = []
    turn, playing = 0, None
    for moment in moments:
        unit, tick = divmod(moment.hit.tick, unit_ticks)
        source, figure = sources[unit], figures[unit]
        step = contour.step(moment.hit)
        columns = [] if source is None else units.get(source.unit, {}).get(tick, [])
        if source is not None and source.mirrored:
            columns = [mirrored(column, keys) for column in columns]
        if len(columns) != moment.size or not set(columns) <= set(fingers.free(moment.hit.time_ms)):
            favoured = dict.fromkeys(columns, odds.RETURN)
            if not columns:
                turn = turn + 1 if figure is playing else 0
                playing = figure
                if figure:
                    favoured = dict.fromkeys(figure[turn % len(figure)], odds.FIGURE)
                right = to_the_right[measures[moment.hit.tick // measures[0].n_ticks].idea]
                add_music(favoured, moment, step if right or step is None else -step, fingers)
            columns = fingers.choose(moment, favoured)
        fingers.take(moment, columns)
        units.setdefault(unit, {})[tick] = columns
        placed.append(columns)
    return placed


def draw_figures(n_units: int, habits: Habits, keys: int, rng: np.random.Generator) -> list[Cycle | None]:
    """For each unit of a song the figure that its runs have."""
    names = list(habits.figures)
    shares = np.array([habits.figures[name] for name in names])
    figures: list[Cycle | None] = []
    for unit in range(n_units):
        if unit and figures[-1] and rng.random() < GOES_ON:
            figures.append(figures[-1])
        elif rng.random() < habits.figured:
            figures.append(FIGURES[names[rng.choice(len(names), p=shares / shares.sum())]](keys, rng))
        else:
            figures.append(None)
    return figures


def add_music(favoured: dict[int, float], moment: Moment, step: int | None, fingers: Fingers) -> None:
    """Add what the music says: the direction of the tune, the hand of a drum, the thumb on an accent."""
    last = fingers.rows[0]
    drum = drum_hand(moment.hit)
    at = sum(last) / len(last) if last else 0.0
    quick = moment.hit.time_ms - fingers.now_ms < odds.SLOW_MS
    for column, hand in enumerate(fingers.hands):
        says = odds.HOME if drum is not None and hand == drum else 0.0
        if step and last:
            says += odds.CONTOUR if (column - at) * step > 0 else 0.0
        elif step == 0 and column in last and not quick:
            says += odds.SAME_PITCH
        if hand == THUMB and moment.hit.level == 0:
            says += odds.ACCENT_THUMB
        favoured[column] = favoured.get(column, 0.0) + says
