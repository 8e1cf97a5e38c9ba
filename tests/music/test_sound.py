"""Notes as sound: where notes are, how long, and drums."""

import numpy as np

from mug.music.drum_grid import DRUMS, grid_notes
from mug.music.note import make_notes
from mug.music.sound import render
from mug.synth.sound import SAMPLE_RATE


def test_a_note_sounds_where_it_is() -> None:
    sound = render(make_notes(np.array([1000.0]), np.array([1500.0]), np.array([69])))
    assert len(sound) == round(2.5 * SAMPLE_RATE)
    assert not sound[:SAMPLE_RATE].any()
    middle = sound[int(1.1 * SAMPLE_RATE) : int(1.4 * SAMPLE_RATE)]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert abs(spectrum[: len(spectrum) // 8].argmax() * SAMPLE_RATE / len(middle) / 440 - 1) < 0.02
    assert 0.89 < np.abs(sound).max() < 0.91
    assert len(render(make_notes(np.zeros(0), np.zeros(0), np.zeros(0)))) == SAMPLE_RATE  # silence


def test_every_drum_has_a_sound() -> None:
    grid = np.zeros((4 * len(DRUMS), len(DRUMS)), dtype=bool)
    grid[np.arange(len(DRUMS)) * 4, np.arange(len(DRUMS))] = True
    sound = render(grid_notes(grid))
    for beat in range(len(DRUMS)):
        assert np.abs(sound[round(0.5 * beat * SAMPLE_RATE) :][:3000]).max() > 0.05
