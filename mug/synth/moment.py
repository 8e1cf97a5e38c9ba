"""What the choice of columns is told about a moment of a chart."""

from dataclasses import dataclass

from mug.synth.salience import Hit


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment with notes: the sounds there, how many notes, and which of them are long."""

    hit: Hit
    size: int  # number of notes
    holds: tuple[float, ...] = ()  # where the long notes end, in ms, longest first; at most `size` of them
