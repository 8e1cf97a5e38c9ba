"""One octave of tempo for a whole song, where stretches were found at half or double the tempo of others.

Axes: P stretches, O options for a stretch.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from mug.timing.tempo_fit import Stretch

LEAP_OCTAVES = 0.5  # changes of tempo are smaller than this
LEAP_COST = 400.0  # in log-odds

Worth = Callable[[Stretch, float, float], float]  # of a stretch from one moment to another, in ms


def in_one_octave(stretches: list[Stretch], end_ms: float, worth: Worth) -> list[Stretch]:
    """Return the stretches, some at half or double the tempo, so that neighbours rarely differ by LEAP_OCTAVES.

    The best choice over all stretches: dynamic programming over their options.
    """
    edges = [0.0, *(stretch.time_ms for stretch in stretches[1:]), end_ms]
    options = [_options(stretch) for stretch in stretches]  # [P][O]
    worths = [
        np.array([worth(option, *span) for option in choices])
        for choices, span in zip(options, pairwise(edges), strict=True)
    ]
    value, came = worths[0], []
    for i in range(1, len(stretches)):
        before = np.array([option.beat_ms for option in options[i - 1]])[:, None]
        after = np.array([option.beat_ms for option in options[i]])
        costs = LEAP_COST * (np.abs(np.log2(after / before)) > LEAP_OCTAVES)  # [O, O]
        came.append((value[:, None] - costs).argmax(axis=0))
        value = (value[:, None] - costs).max(axis=0) + worths[i]
    choice = [int(value.argmax())]
    for sources in reversed(came):
        choice.append(int(sources[choice[-1]]))
    return [choices[i] for choices, i in zip(options, reversed(choice), strict=True)]


def _options(stretch: Stretch) -> list[Stretch]:
    """The stretch as it is, at double the tempo, and at half, from its first beat or its second."""
    second = stretch.time_ms + stretch.beat_ms
    return [
        stretch,
        Stretch(stretch.first, stretch.time_ms, stretch.beat_ms / 2),
        Stretch(stretch.first, stretch.time_ms, stretch.beat_ms * 2),
        Stretch(stretch.first, second, stretch.beat_ms * 2),
    ]
