"""The preview begins at the loudest part that comes again."""

import numpy as np
import pytest

from mug.charts.beatmap import TimingPoint
from mug.data.audio import AudioSettings
from mug.generation.loudness import loud_spans, preview_ms

SETTINGS = AudioSettings(n_mels=8)
BEAT_MS, PART_MS = 500.0, 16_000
LOUD = {"a": 1.0, "b": 3.0, "c": 4.0, "-": 0.0}


def song(form: str) -> np.ndarray:
    """A spectrum [8, A] of parts of 8 measures: each has onsets of its own, as loud as LOUD says."""
    frame_ms = SETTINGS.grid.audio.frame_ms
    spectrum = np.zeros((8, int(PART_MS * len(form) / frame_ms)), np.float32)
    for place, part in enumerate(form):
        rng = np.random.default_rng(ord(part))
        for band, step in zip(*np.nonzero(rng.random((8, 128)) < 0.4), strict=True):
            at = int((PART_MS * place + step * BEAT_MS / 4 + 5) / frame_ms)
            spectrum[band, at : at + 12] = LOUD[part]
    return spectrum


@pytest.mark.parametrize("form", ["abab", "cabab", "cbabab", "babab"])
def test_the_loud_part_that_returns(form):
    start_ms = preview_ms(song(form), SETTINGS, [TimingPoint(0, BEAT_MS)])
    assert form[round(start_ms / PART_MS)] == "b"


def test_a_song_without_measures_begins_where_it_is_loudest():
    assert preview_ms(song("-b"), SETTINGS, [TimingPoint(0, 60_000)]) > 15_000
    assert preview_ms(song("a")[:, :50], SETTINGS, [TimingPoint(0, 500)]) == 0


def test_where_a_song_is_loud():
    (first, second) = loud_spans(song("a--a"), SETTINGS)
    assert first == pytest.approx((0, PART_MS), abs=3000)
    assert second == pytest.approx((3 * PART_MS, 4 * PART_MS), abs=3000)
    assert loud_spans(song("a")[:, :50], SETTINGS) == []
