"""The timing of a song that is charted: as given, or else heard in its audio.

Axes: A audio frames, M mel bins.
"""

import math
from dataclasses import dataclass

import numpy as np

from mug.charts.beatmap import Beatmap, TimingPoint
from mug.charts.timing import fit_timing
from mug.data.audio import AudioSettings
from mug.generation.song import Song
from mug.timing.activations import BeatListener
from mug.timing.detect import detect_timing
from mug.timing.detected import DetectedTiming
from mug.timing.long_detect import detect_long_timing
from mug.timing.onset_strength import onset_strength
from mug.timing.onset_times import BIAS_MS, STRONG, WEAK

WHOLE_MS = 900_000.0  # a longer song is heard in parts
LIKELY = 0.2  # an alternative tempo that is worth naming


@dataclass(frozen=True)
class SongTiming:
    """A song's red lines, and what its user should know of them, empty if nothing: how to change them depends on where
    they are shown.
    """

    points: list[TimingPoint]
    note: str = ""


def hear_timing(spectrum: np.ndarray, settings: AudioSettings, listener: BeatListener | None) -> DetectedTiming:
    """Hear the timing of a song of any length in its spectrum, [M, A] or of the STFT; see mug.timing.detect."""
    is_long = settings.grid.audio.to_ms(spectrum.shape[-1]) > WHOLE_MS
    return (detect_long_timing if is_long else detect_timing)(spectrum, settings, listener)


def heard_timing(heard: DetectedTiming) -> SongTiming:
    """The timing of a song of which nothing is given."""
    return SongTiming(heard.timing_points, _note(heard) if heard.has_pulse else heard.message)


def given_timing(song: Song, spectrum: np.ndarray, settings: AudioSettings) -> SongTiming:
    """The timing of a song as it is given; of tempo and offset, one that is missing is fitted to the onsets.

    spectrum: [M, A] or of the STFT.
    """
    if song.timing_points:
        return SongTiming(list(song.timing_points))
    part = math.ceil(settings.grid.audio.at(WHOLE_MS))  # frames; of a long song, several
    starts = range(0, spectrum.shape[-1], part)
    onsets = [_onsets(spectrum[..., start : start + part], settings, start) for start in starts]
    times_ms, weights = (np.concatenate(parts) for parts in zip(*onsets, strict=True))
    timing = fit_timing(times_ms, bpm=song.bpm, offset_ms=song.offset_ms, weights=weights)
    return SongTiming([timing.timing_point()])


def _onsets(spectrum: np.ndarray, settings: AudioSettings, start: int) -> tuple[np.ndarray, np.ndarray]:
    """The times in ms and weights of onsets in part of a spectrum that begins at frame `start`, [N] each."""
    from scipy.signal import find_peaks  # here: it imports most of SciPy, and a heard tempo does not need it

    strength = onset_strength(spectrum, settings).sum(axis=0)  # [A]
    peaks, _ = find_peaks(strength, height=WEAK)
    return settings.grid.audio.to_ms(start + peaks) - BIAS_MS, np.minimum(strength[peaks], STRONG)


def _note(heard: DetectedTiming) -> str:
    """What to know of a timing that was heard."""
    tempos = [point.bpm for point in heard.timing_points]
    tempo = (
        f"{tempos[0]:.6g} BPM"
        if len(tempos) == 1
        else f"{len(tempos)} tempos, {min(tempos):.6g} to {max(tempos):.6g} BPM"
    )
    others = [f"{other.bpm:.6g}" for other in heard.alternatives if other.score >= LIKELY]
    doubt = f"; it may also be {' or '.join(others)}" if others else ""
    return f"the timing is heard in the audio: {tempo}{doubt}"


def fitted_note(song: Song, chart: Beatmap) -> str:
    """What to know of a tempo that was fitted to the notes of a chart: it is one for the whole song, of 150 to 300."""
    if song.bpm is not None:
        return ""
    bpm = chart.timing_points[0].bpm
    return f"{bpm:.6g} BPM is fitted to the notes; the song's own tempo may be half of it ({bpm / 2:.6g}), or change"
