"""How mappers choose columns: log odds of a column against one that nothing speaks for or against.

The defaults are those of a conditional logit model (McFadden, 1974) of the choices in people's charts, of 4 and 7 keys
alike but for `Reach`: 221 charts of 4 keys, 41 of 7. What has to do with the music cannot be measured there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

RECENT_MS = (60.0, 90.0, 130.0, 180.0, 260.0, 400.0)  # since the last note of a column
RECENT = (-5.0, -2.6, -0.9, -0.5, -0.2, 0.0)
QUICK_MS = 500.0  # slower moments have nothing to do with each other
SAME_HAND = -0.6  # of a single note after a single note
STAIRS = 0.4  # on in the direction of the two notes before
CHORD_MIRRORED = 0.25  # ... of the same finger of the other hand
LOAD = -0.3  # for each note more than the average in the last `LOAD_NOTES`
LOAD_NOTES = 48.0
CONTOUR = 1.0  # in the direction of the tune
SAME_PITCH = 0.8  # the same column for the same pitch, if it is not quick
SLOW_MS = 250.0
HOME = 0.5  # of kick and snare without a tune: the hand of each
ACCENT_THUMB = 0.9  # on the first beat of a measure
FREE_HAND = 0.8  # the hand that holds no long note
FIGURE = 3.0
RETURN = 5.0  # of a column that returns, if not all of its row can


NEAR_MS = (110.0, 200.0)  # since the moment before: quick, and slow
GAP_MS = (70.0, 160.0, 300.0, 450.0)  # least time between notes of a column: hard charts, others, easy, easiest


@dataclass(frozen=True)
class Reach:
    """What depends on the number of keys.

    Of pairs, the first is for quick moments (NEAR_MS), the second for others; `returns` is by GAP_MS.
    """

    near: tuple[float, ...]  # a single note so many columns from a single note; none further away
    near_share: tuple[float, float]  # times `near`
    chord_hand: float  # of a note in a chord: for each of the chord in the same hand
    chord_neighbour: tuple[float, float]  # ... in a neighbouring column
    chord_thumb: float
    anchor: float = 0.0  # of a column of the moment before the last; in addition to the pattern's
    again: tuple[float, float] = (0.0, 0.0)  # of one just played, where both are single notes; likewise
    again_mixed: float = 0.0  # ... where one is a chord
    again_chords: float = 0.0  # ... where both are chords
    returns: tuple[float, ...] = (1.0, 1.0, 1.0, 1.8)  # times what returns


FEW = Reach((0.0, 0.7, 0.1), (1.0, 1.0), 0.4, (-0.1, -0.1), -0.3)
MANY = Reach(
    (0.0, 2.4, 1.6, 0.4), (1.0, 0.15), 0.3, (-0.2, -1.0), 0.0,
    anchor=0.2, again=(1.0, 0.0), again_mixed=-0.2, again_chords=-0.3, returns=(0.55, 1.0, 1.8, 1.8),
)  # fmt: skip
MANY_KEYS = 6


def reach_of(keys: int) -> Reach:
    """MANY for 6 keys and more, else FEW."""
    return MANY if keys >= MANY_KEYS else FEW


@dataclass(frozen=True)
class Habits:
    """What is special in charts of a pattern."""

    again: float = -0.8  # a column just played, where both are single notes
    again_mixed: float = -1.6  # ... where one is a chord
    again_chords: float = -0.6  # ... where both are chords
    anchor: float = -0.7  # a column of the moment before
    quick: float = 1.0  # times RECENT
    figured: float = 0.2  # share of half measures that begin a figure
    figures: Mapping[str, float] = field(
        default_factory=lambda: {
            "roll": 2.0, "stairs": 2.0, "split roll": 1.0, "trill": 1.0, "jump trill": 2.0, "brackets": 0.5,
        }
    )  # fmt: skip


HABITS = {
    "stream": Habits(again=-1.5, again_mixed=-2.2, figured=0.3),
    "jumpstream": Habits(again_mixed=-2.0),
    "handstream": Habits(again_mixed=-1.7),
    "stamina": Habits(again=-2.0, anchor=-0.9),
    "jackspeed": Habits(again=1.0, figured=1.0, figures={"long jacks": 1.0}, quick=0.0),
    "chordjack": Habits(again=0.0, again_mixed=0.3, again_chords=0.4, anchor=0.0, quick=0.0, figured=0.1),
    "technical": Habits(again=-0.6, again_mixed=-0.9, anchor=-0.2, quick=0.6, figured=0.3,
                        figures={"trill": 1.0, "anchor": 2.0, "jacks": 2.0, "roll": 2.0, "split roll": 1.0}),
}  # fmt: skip
