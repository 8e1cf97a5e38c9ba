"""Windows over a song, and the blend of what they say."""

import pytest
import torch
from torch import Tensor

from mug.model.windows import Windows, window_starts


@pytest.mark.parametrize(
    ("frames", "starts"), [(1, [0]), (10, [0]), (11, [0, 2]), (16, [0, 6]), (17, [0, 6, 8]), (30, [0, 6, 12, 18, 20])]
)
def test_windows_begin_a_step_apart(frames: int, starts: list[int]) -> None:
    assert list(window_starts(frames, length=10, step=7, multiple=2)) == starts


def test_windows_overlap_and_end_with_the_song() -> None:
    windows = Windows.over(frames=50, length=20, overlap=8, multiple=2)
    assert windows.starts == (0, 12, 24, 30)
    assert Windows.whole(50) == Windows(50, 50, (0,))


def test_answers_that_agree_are_kept() -> None:
    values = torch.arange(2 * 3 * 150.0).reshape(2, 3, 150)
    windows = Windows.over(frames=50, length=20, overlap=8, multiple=2)
    blended = windows.blended(lambda index, start: values[..., 3 * start : 3 * (start + 20)], per_frame=3)
    torch.testing.assert_close(blended, values)


def test_a_window_counts_most_at_its_middle() -> None:
    def answer(index: int, start: int) -> Tensor:
        return torch.full((1, 4), float(index))

    windows = Windows(frames=6, length=4, starts=(0, 2))  # weights 1, 3, 3, 1
    assert windows.blended(answer)[0].tolist() == pytest.approx([0, 0, 1 / 4, 3 / 4, 1, 1])


def test_a_single_window_is_returned_as_it_is() -> None:
    answer = torch.rand(2, 5)
    assert Windows.whole(5).blended(lambda index, start: answer) is answer
