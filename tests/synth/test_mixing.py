"""Rendered music: reproducible, within full scale, and heard when it is written, through an encoder too."""

from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mug.synth.codec import Codec, write_audio
from mug.synth.composition import Composition
from mug.synth.mixing import CEILING, render
from mug.synth.players import play
from mug.synth.sound import SAMPLE_RATE
from mug.synth.style import BUSES
from tests.synth.test_composition import composition_of

HOP_LENGTH, N_FFT = 64, 512


def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def late_ms(composition: Composition, samples: np.ndarray) -> np.ndarray:
    """How much later than written the strongest onset near each loud kick or snare is."""
    frames = np.lib.stride_tricks.sliding_window_view(samples.mean(axis=1), N_FFT)[::HOP_LENGTH]
    spectrum = np.log1p(10 * np.abs(np.fft.rfft(frames * np.hanning(N_FFT))))  # [A, Q]
    flux = np.maximum(np.diff(spectrum, axis=0), 0).mean(axis=1)
    # A change is seen when it reaches the middle of the window.
    flux_ms = (np.arange(1, len(flux) + 1) * HOP_LENGTH + N_FFT / 2) / SAMPLE_RATE * 1000
    hits = [event for event in composition.events if event.layer in ("kick", "snare") and event.loudness >= 0.8]
    times_ms = [composition.tempo.seconds(tick) * 1000 for tick, _ in groupby(hits, key=lambda event: event.tick)]
    near = [np.abs(flux_ms - time_ms) < 40 for time_ms in times_ms]
    return np.array([flux_ms[n][flux[n].argmax()] - t for n, t in zip(near, times_ms, strict=True)])


def test_rendering_is_reproducible_and_does_not_clip() -> None:
    composition = composition_of(0, 13.0)
    samples = render(composition, rng())
    assert samples.shape == (int(composition.end_s * SAMPLE_RATE), 2)
    assert samples.dtype == np.float32
    assert np.array_equal(samples, render(composition, rng()))
    assert 0.6 < np.abs(samples).max() <= np.float32(CEILING)


@pytest.mark.parametrize("index", [1, 4, 7, 14, 17])
@pytest.mark.parametrize("suffix", [".ogg", ".mp3"])
def test_drums_are_heard_when_they_are_written(tmp_path: Path, index: int, suffix: str) -> None:
    composition = composition_of(index, 13.0)
    path = tmp_path / f"audio{suffix}"
    write_audio(path, render(composition, rng()), Codec(suffix, 0.6), "Title", "Artist")
    samples, sample_rate = soundfile.read(path, dtype="float32")
    assert sample_rate == SAMPLE_RATE
    late = late_ms(composition, samples)
    assert np.abs(np.median(late)) < 5
    assert np.mean(np.abs(late) < 15) > 0.65


def test_every_layer_goes_to_its_bus() -> None:
    composition = composition_of(1, 20.0, sung=True, padded=True)
    buses = play(composition, int(composition.end_s * SAMPLE_RATE), rng())
    assert set(buses) == set(BUSES)
    heard = {name for name, bus in buses.items() if np.abs(bus).max() > 0.01}
    layers = {event.layer for event in composition.events}
    assert heard >= layers & set(BUSES)
    assert "drums" in heard
    for bus in buses.values():
        assert bus.dtype == np.float32
        assert np.isfinite(bus).all()


def test_songs_are_not_equally_loud_and_bright() -> None:
    rms, share = [], []
    for index in range(12):
        samples = render(composition_of(index, 11.0), np.random.default_rng([11, index])).mean(axis=1)
        spectrum = np.abs(np.fft.rfft(samples)) ** 2
        rms.append(10 * np.log10((samples**2).mean()))
        share.append(spectrum[len(spectrum) // 8 :].sum() / spectrum.sum())  # above 2 kHz
    assert np.ptp(rms) > 4
    assert max(share) > 3 * min(share)
