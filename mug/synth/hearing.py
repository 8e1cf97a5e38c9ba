"""Audio statistics of songs: spectrum, dynamics, modulation, onsets, and how well charts follow the onsets.

Everything is computed from the log-mel spectrum that the networks get (mug.data.audio). A song is cut into excerpts,
and each statistic has one row per excerpt. Axes: A audio frames, M mel bins, B bands of mel bins, D dimensions.
"""

from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.ndimage import maximum_filter1d
from scipy.signal import find_peaks
from scipy.stats import rankdata

from mug.charts.chart_files import read_charts
from mug.data.audio import AudioSettings, decode_audio, log_mel
from mug.errors import AudioError, ChartError, DatasetError

SETTINGS = AudioSettings()
FRAME_S = SETTINGS.grid.audio.to_ms(1) / 1000
AUDIO_SUFFIXES = (".mp3", ".ogg", ".wav", ".flac")
SHORTEST_S, LONGEST_S = 20.0, 150.0  # of a song: anything shorter is a jingle or a test tone
EXCERPT_S = 12.0
SILENCE_DB = -40.0
N_BANDS = 8
MODULATION_HZ = (0.5, 2, 4, 8, 16, 32)  # edges; 2 to 4 Hz are beats, 8 to 16 Hz sixteenths
INTERVALS_S = (0.03, 0.08, 0.12, 0.16, 0.22, 0.3, 0.45, 0.7, 1.5)  # edges of the histogram between onsets
NEAR = 2  # frames an onset may be away from a note, 12 ms
APART = 5  # frames from the nearest note to count as without a note, 29 ms
MAX_SHIFT = 8  # largest offset of a chart in frames, 46 ms: mp3 decoders add different silence at the start

Statistics = dict[str, np.ndarray]  # name -> float64 [D]


def hear(samples: np.ndarray) -> Statistics:
    """Statistics of an excerpt, samples [S] at SETTINGS.sr, each float64 [D]."""
    mel = log_mel(samples, SETTINGS).astype(np.float32)  # [M, A]
    return {**_spectrum(mel), **_dynamics(samples), **_modulation(mel), **_onsets(mel)}


def onset_strength(mel: np.ndarray) -> np.ndarray:
    """Spectral flux: the increase in log-mel [M, A] at each frame, averaged over the bins, float [A].

    The difference spans two frames, because the windows of neighbouring frames share three quarters of their samples.
    """
    rise = np.maximum(mel[:, 2:] - mel[:, :-2], 0).mean(axis=0)
    return np.pad(rise, 1)[: mel.shape[1]]


def follow(strength: np.ndarray, notes_s: np.ndarray) -> tuple[float, float]:
    """How well onset strength [A] separates frames with a note from the others: area under the ROC, ratio of the means.

    An area of 0.5 is chance and 1 is perfect. Frames within APART of a note count as neither, and nothing counts before
    the first or after the last note. The chart is shifted (up to MAX_SHIFT) to where it fits best.
    """
    near = maximum_filter1d(strength, 2 * NEAR + 1)
    best = (0.0, 0.0)
    for shift in range(-MAX_SHIFT, MAX_SHIFT + 1):
        frames = np.unique(np.round(notes_s / FRAME_S).astype(int) + shift)
        frames = frames[(frames >= 0) & (frames < len(near))]
        other = np.zeros(len(near), dtype=bool)
        other[frames[0] : frames[-1]] = True
        for offset in range(-APART, APART + 1):
            other[np.clip(frames + offset, 0, len(near) - 1)] = False
        hits, misses = near[frames], near[other]
        ranks = rankdata(np.concatenate([hits, misses]))[: len(hits)]
        area = (ranks.sum() - len(hits) * (len(hits) + 1) / 2) / (len(hits) * len(misses))
        best = max(best, (float(area), float(hits.mean() / misses.mean())))
    return best


def hear_folder(folder: Path) -> tuple[dict[str, list[Statistics]], list[Statistics]]:
    """Statistics of the songs of a folder: the excerpts of each song by name, and a row for each song with charts.

    Every subfolder with audio of at least SHORTEST_S is a song; its first LONGEST_S are used, and two of its charts:
    the one with the median number of notes and the one with the most. Raises DatasetError if there is no song,
    AudioError for audio that cannot be decoded.
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder")
    excerpts: dict[str, list[Statistics]] = {}
    charted: list[Statistics] = []
    for song in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        audio = next((path for path in sorted(song.iterdir()) if path.suffix in AUDIO_SUFFIXES), None)
        if audio is None:
            continue
        samples = decode_audio(audio, SETTINGS.sr)[: int(LONGEST_S * SETTINGS.sr)]
        if len(samples) < SHORTEST_S * SETTINGS.sr:
            continue
        music = samples[_music(samples)]
        length = int(EXCERPT_S * SETTINGS.sr)
        starts = range(0, max(len(music) - length, 0) + 1, length)
        excerpts[song.name] = [hear(music[start : start + length]) for start in starts]
        charted += _charted(samples, song)
    if not excerpts:
        raise DatasetError(f"{folder}: no songs found; give a folder with one subfolder per song of 20 s or more")
    return excerpts, charted


def _music(samples: np.ndarray) -> slice:
    """The samples without the silence at the start and end (100 ms pieces below SILENCE_DB)."""
    n = SETTINGS.sr // 10
    loud = np.flatnonzero((samples[: len(samples) // n * n].reshape(-1, n) ** 2).mean(axis=1) > 10 ** (SILENCE_DB / 10))
    return slice(loud[0] * n, (loud[-1] + 1) * n) if len(loud) else slice(None)


def _charted(samples: np.ndarray, song: Path) -> list[Statistics]:
    """How well the song's charts follow its onset strength: one row, or none without charts."""
    charts = []
    for path in sorted(song.glob("*.osu")):
        try:
            charts += read_charts(path)
        except (ChartError, AudioError):
            continue
    if not charts:
        return []
    charts.sort(key=lambda chart: len(chart.notes))
    strength = onset_strength(log_mel(samples, SETTINGS).astype(np.float32))
    end_s = len(strength) * FRAME_S
    row = {}
    for name, chart in (("median chart", charts[len(charts) // 2]), ("hardest chart", charts[-1])):
        notes_s = np.array([note.start_ms / 1000 for note in chart.notes])
        area, ratio = follow(strength, notes_s[notes_s < end_s])
        row[f"{name}: ROC area of flux"] = np.array([area])
        row[f"{name}: flux at notes / elsewhere"] = np.array([ratio])
    return [row]


def _bands(mel: np.ndarray) -> np.ndarray:
    """[M, A] -> [B, A]"""
    return mel.reshape(N_BANDS, -1, mel.shape[1]).mean(axis=1)


def _spectrum(mel: np.ndarray) -> Statistics:
    bands = _bands(mel)  # [B, A]
    power = np.expm1(mel) + 1e-6  # [M, A]
    share = power / power.sum(axis=0)
    bins = np.arange(len(power))
    centroid = bins @ share
    rolloff = (np.cumsum(share, axis=0) < 0.85).sum(axis=0)
    flatness = np.exp(np.log(power).mean(axis=0)) / power.mean(axis=0)
    return {
        "log-mel: mean by band": bands.mean(axis=1),
        "log-mel: deviation by band": bands.std(axis=1),
        "log-mel: peaks over median by band": np.quantile(bands, 0.95, axis=1) - np.median(bands, axis=1),
        "centroid: mean, deviation": np.array([centroid.mean(), centroid.std()]),
        "rolloff: mean, deviation": np.array([rolloff.mean(), rolloff.std()]),
        "flatness: mean, deviation": np.array([flatness.mean(), flatness.std()]),
    }


def _dynamics(samples: np.ndarray) -> Statistics:
    def level_db(seconds: float) -> np.ndarray:
        n = int(seconds * SETTINGS.sr)
        power = (samples[: len(samples) // n * n].reshape(-1, n) ** 2).mean(axis=1)
        return 10 * np.log10(power + 1e-5)

    long_db, short_db = level_db(1.0), level_db(0.02)
    crest_db = 20 * np.log10(np.abs(samples).max() + 1e-4) - 10 * np.log10((samples**2).mean() + 1e-7)
    return {
        "level, dB: mean, deviation of seconds": np.array([long_db.mean(), long_db.std()]),
        "level, dB: crest, range within 20 ms pieces": np.array(
            [crest_db, np.ptp(np.quantile(short_db, (0.05, 0.95)))]
        ),
    }


def _modulation(mel: np.ndarray) -> Statistics:
    """The share of each modulation rate in the bands."""
    bands = _bands(mel)
    moving = bands - bands.mean(axis=1, keepdims=True)
    power = np.abs(np.fft.rfft(moving * np.hanning(moving.shape[1]), axis=1)) ** 2  # [B, F]
    rates_hz = np.fft.rfftfreq(moving.shape[1], FRAME_S)
    edges = np.searchsorted(rates_hz, MODULATION_HZ)
    shares = np.stack([power[:, start:stop].sum(axis=1) for start, stop in pairwise(edges)], axis=1)
    shares /= shares.sum(axis=1, keepdims=True) + 1e-9
    low, high = shares[: N_BANDS // 2].mean(axis=0), shares[N_BANDS // 2 :].mean(axis=0)
    return {"modulation: low bands by rate": low, "modulation: high bands by rate": high}


def _onsets(mel: np.ndarray) -> Statistics:
    strength = onset_strength(mel)
    mean = strength.mean() + 1e-6
    levels = np.quantile(strength, (0.25, 0.5, 0.75, 0.9, 0.97)) / mean
    peaks, _ = find_peaks(strength, height=mean + strength.std() * 0.5, distance=5)
    intervals = np.histogram(np.diff(peaks) * FRAME_S, INTERVALS_S)[0] / max(len(peaks) - 1, 1)
    around = 9  # frames, 52 ms
    sharp = [strength[p] / (strength[max(p - around, 0) : p + around + 1].mean() + 1e-6) for p in peaks]
    moving = strength - strength.mean()
    lags = np.fft.irfft(np.abs(np.fft.rfft(moving, 2 * len(moving))) ** 2)[: len(moving)]
    lags = lags / (lags[0] + 1e-9)
    slow, fast = int(1.0 / FRAME_S), int(0.2 / FRAME_S)
    heights = strength[peaks] / mean if len(peaks) else np.zeros(1)
    return {
        "onset strength: mean": np.array([mean]),
        "onset strength: quantiles over mean": levels,
        "onsets: height, its deviation": np.array([heights.mean(), heights.std()]),
        "onsets: a second": np.array([len(peaks) / (len(strength) * FRAME_S)]),
        "onsets: intervals": intervals,
        "onsets: sharpness, its deviation": np.array([np.mean(sharp or [0]), np.std(sharp or [0])]),
        "pulse clarity": np.array([lags[fast:slow].max()]),
    }
