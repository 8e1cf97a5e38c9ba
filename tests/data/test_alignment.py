"""Imported charts lie on the music: their notes agree best with the audio's onsets where they are.

The lag is how much later the onsets are than the notes. `python -m tests.data.test_alignment` prints the table.
"""

from pathlib import Path

import librosa
import numpy as np
import pytest

from mug.charts.chart_files import find_charts, read_charts
from mug.data.audio import decode_audio

SR, N_FFT, HOP = 44_100, 512, 128
LAGS_MS = np.arange(-100.0, 101.0)
IMPORTED = (".ssc", ".qua")
TOLERANCE_MS = 20.0
#: Its .qua files place every note 30 to 40 ms before the sound: before the bass, the chords (30) and the drums (40).
#: It is not the decoder: its 60.000 s come out whole, and two other files of the same encoder (LAME 3.99) lie right.
EARLY_CHART = "vibing_outside_the_supermarket"
SONGS = ("calib_ideal_sync", "calib_quaver_offset", "csikos_post", "goin_under", "mecha_tribe_assault")
SONGS += ("princess_of_winter", EARLY_CHART)


def best_lag_ms(samples: np.ndarray, notes_ms: np.ndarray) -> float:
    """The lag in LAGS_MS at which onset strength is highest on average over the notes."""
    strength = librosa.onset.onset_strength(y=samples, sr=SR, n_fft=N_FFT, hop_length=HOP, n_mels=64)
    frame_ms = np.arange(len(strength)) * HOP / SR * 1000.0
    times_ms = np.unique(np.round(notes_ms))
    means = [np.interp(times_ms + lag_ms, frame_ms, strength).mean() for lag_ms in LAGS_MS]
    return float(LAGS_MS[int(np.argmax(means))])


def click_lag_ms() -> float:
    """What the measure itself adds: the lag of noise bursts that begin exactly on their notes."""
    rng = np.random.default_rng(0)
    samples, notes_ms = rng.normal(0.0, 1e-4, 30 * SR), np.arange(500.0, 29_000.0, 333.0)
    for note_ms in notes_ms:
        start = round(note_ms * SR / 1000.0)
        samples[start : start + 2000] += rng.normal(0.0, 0.3, 2000) * np.exp(-np.arange(2000) / 300.0)
    return best_lag_ms(samples.astype(np.float32), notes_ms)


def song_lag_ms(folder: Path) -> float:
    """The lag of a song's imported charts, all of their notes together."""
    (audio,) = (file for file in folder.iterdir() if file.suffix in (".mp3", ".ogg"))
    files = [file for file in find_charts([folder]) if file.suffix in IMPORTED]
    notes_ms = [note.start_ms for file in files for chart in read_charts(file) for note in chart.notes]
    return best_lag_ms(decode_audio(audio, SR), np.array(notes_ms)) - click_lag_ms()


@pytest.mark.slow
@pytest.mark.parametrize("song", SONGS)
def test_imported_charts_lie_on_the_music(shared, song):
    lag_ms = song_lag_ms(shared / "data" / "songs" / song)
    if song == EARLY_CHART:
        assert 25.0 < lag_ms < 45.0
    else:
        assert abs(lag_ms) <= TOLERANCE_MS


if __name__ == "__main__":
    for name in SONGS:
        print(f"{name:32} {song_lag_ms(Path(__file__).parents[3] / 'shared' / 'data' / 'songs' / name):+6.0f} ms")
