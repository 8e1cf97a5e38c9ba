"""What a request asks for, as set or as people do."""

from pathlib import Path

import pytest

from mug.generation.request import Request
from mug.generation.settings import SamplingSettings
from mug.generation.song import Song


@pytest.mark.parametrize(
    ("prompt", "repetition"),
    [({"sr": 0.5}, 0.55), ({"sr": 1.5}, 0.45), ({"sr": 3.1}, 0.35), ({}, 0.35), ({"sr": 7}, 0.25)],
)
def test_easy_charts_repeat_more_than_hard_ones(prompt, repetition):
    def request(settings: SamplingSettings) -> Request:
        return Request(Path("song.mp3"), prompt, 1, 0, Song(), settings, True, 90.0)

    assert request(SamplingSettings()).repetition_of(prompt) == pytest.approx(repetition)
    assert request(SamplingSettings(repetition=0.0)).repetition_of(prompt) == 0
