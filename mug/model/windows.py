"""Long songs in overlapping windows, whose answers are blended: memory stays that of one window.

Axes: L frames.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor


def window_starts(frames: int, length: int, step: int, multiple: int) -> Iterator[int]:
    """Where windows of `length` frames begin: at most `step` apart, in multiples of `multiple`.

    The last one ends with the song or less than `multiple` after it; a song shorter than a window has one at 0.
    """
    last = -(-max(frames - length, 0) // multiple) * multiple
    yield from range(0, last, max(multiple, step // multiple * multiple))
    yield last


class Blend:
    """The mean of what windows say about the frames of a song; each counts most at its middle."""

    def __init__(self, frames: int) -> None:
        self._frames = frames
        self._sums: Tensor | None = None  # [..., frames]
        self._weights = torch.zeros(frames)

    def add(self, values: Tensor, start: int) -> None:
        """Add the values [..., L] of a window that begins at frame `start`."""
        length = values.shape[-1]
        weights = 1.0 - (2 * (torch.arange(length) + 0.5) / length - 1).abs()
        if self._sums is None:
            self._sums = values.new_zeros(*values.shape[:-1], self._frames)
        self._sums[..., start : start + length] += values * weights.to(values)
        self._weights[start : start + length] += weights

    def mean(self) -> Tensor:
        """The blended values [..., frames], once windows have covered every frame."""
        assert self._sums is not None
        return self._sums / self._weights.to(self._sums)


@dataclass(frozen=True)
class Windows:
    """The windows of a song of `frames` frames: `length` frames each, the last one ends with the song."""

    frames: int
    length: int
    starts: tuple[int, ...]

    @classmethod
    def over(cls, frames: int, length: int, overlap: int, multiple: int) -> "Windows":
        """Windows that overlap by `overlap` or more. All numbers are multiples of `multiple`."""
        return cls(frames, length, tuple(window_starts(frames, length, length - overlap, multiple)))

    @classmethod
    def whole(cls, frames: int) -> "Windows":
        """A single window."""
        return cls(frames, frames, (0,))

    def blended(self, answer: Callable[[int, int], Tensor], per_frame: int = 1) -> Tensor:
        """Blend the answers of all windows: [..., length * per_frame] each -> [..., frames * per_frame].

        answer: takes the window's number and its first frame. The answer of a single window is returned as it is.
        """
        if len(self.starts) == 1:
            return answer(0, 0)
        blend = Blend(self.frames * per_frame)
        for index, start in enumerate(self.starts):
            blend.add(answer(index, start), start * per_frame)
        return blend.mean()
