"""What a network should answer for a song: beats, downbeats and tempo, from the red lines of its charts.

Axes: T note frames, N tempo frames, P timing points, M mel bins, A audio frames.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mug.charts.beatmap import TimingPoint, bpm_of
from mug.charts.tempo_map import TempoMap, is_tempo
from mug.data.time_grid import TimeGrid
from mug.timing.tempo_classes import TEMPO_FRAMES, in_range

ABSURD_BPM = (20.0, 1000.0)  # charts stop or hurl the scrolling with tempos beyond these
CROWD, CROWD_MS = (
    30,
    5000.0,
)  # this many red lines within 5 s are an effect; one on every beat of a song at 300 BPM is 25
LEAST_BEATS, MAX_SHORT_SHARE, MAX_SHORT = 0.9, 0.1, 3  # of stretches shorter than a beat
SOUND_SHARE = 1e-4  # of a song's usual peaks, in power: what is 40 dB below them is not yet, or no longer, music
PEAK_EVERY = 16  # frames that are read to find a song's peaks
EDGE_MS = 50.0  # a beat this much before the first sound belongs to it
BLOCK = 512  # audio frames read at a time


@dataclass(frozen=True)
class BeatPlanes:
    """The target of a window.

    beat, downbeat: float32 [T], how much of a beat is in a frame: 1 at its middle, falling linearly to 0 one frame
    away, so that a beat at the edge of two frames is half in each. place: float32 [T], where the beat is, in frames
    from the frame's beginning, -0.5 to 1.5; meaningless without a beat. tempo: float32 [N], BPM, 0 outside the music.
    """

    beat: np.ndarray
    place: np.ndarray
    downbeat: np.ndarray
    tempo: np.ndarray


def beat_planes(tempo_map: TempoMap, grid: TimeGrid, first_ms: float, last_ms: float) -> BeatPlanes:
    """Return the labels of a window whose song has music from `first_ms` to `last_ms` (in the song's own time)."""
    frames = grid.max_frame
    begin_ms, end_ms = (float(grid.in_song(grid.notes.to_ms(frame))) for frame in (-1, frames + 1))
    lines = tempo_map.lines(max(begin_ms, first_ms - EDGE_MS), min(end_ms, last_ms))
    beat, place = _plane(grid.notes.at(grid.in_window(lines.beats_ms)), frames)
    downbeat, _ = _plane(grid.notes.at(grid.in_window(lines.measures_ms)), frames)
    middles = (np.arange(frames // TEMPO_FRAMES) + 0.5) * TEMPO_FRAMES
    moments = np.asarray(grid.in_song(grid.notes.to_ms(middles)))
    bpm = bpm_of(tempo_map.lengths[tempo_map.stretch_at(moments)]) * grid.rate
    sounding = (moments >= first_ms) & (moments < last_ms)
    return BeatPlanes(beat, place, downbeat, np.where(sounding, bpm, 0.0).astype(np.float32))


def _plane(positions: np.ndarray, frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions in frames -> how much of one is in each frame, and its place in the frame: float32 [T] each."""
    share, place = np.zeros((2, frames), dtype=np.float32)
    first = np.floor(positions - 0.5).astype(np.int64)
    for frame in (first, first + 1):
        inside = (frame >= 0) & (frame < frames)
        of, at = frame[inside], positions[inside]
        part = (1 - np.abs(at - of - 0.5)).astype(np.float32)
        most = part > share[of]
        share[of[most]], place[of[most]] = part[most], (at - of)[most]
    return share, place


def problem_of(points: Sequence[TimingPoint], end_ms: float) -> str | None:
    """Say why red lines cannot be labels of a song that ends at `end_ms`: they are effects, not tempos. None if not."""
    if not points or not all(map(is_tempo, points)):
        return "has no red lines, or one that is no tempo"
    tempo_map = TempoMap.of_points(points)
    lasting = tempo_map.lasting(0.0, end_ms)
    bpms = bpm_of(tempo_map.lengths)
    held = bpms[lasting > 0]
    if not len(held):
        return "has no red line before the end of its song"
    absurd = held[(held < ABSURD_BPM[0]) | (held > ABSURD_BPM[1])]
    if len(absurd):
        return f"has a red line of {absurd[0]:g} BPM"
    times = tempo_map.times
    if len(times) >= CROWD and (times[CROWD - 1 :] - times[: len(times) - CROWD + 1]).min() < CROWD_MS:
        return f"has {CROWD} red lines within {CROWD_MS / 1000:g} s"
    beats = np.diff(tempo_map.times) / tempo_map.lengths[:-1]
    short = int((beats < LEAST_BEATS).sum())
    if short > MAX_SHORT and short > MAX_SHORT_SHARE * len(beats):
        return f"has {short} red lines that hold for less than a beat"
    main = tempo_map.main_bpm(0.0, end_ms)
    if not in_range(main):
        return f"has a tempo of {main:g} BPM"
    return None


def music_of(spectrum: np.ndarray) -> tuple[int, int]:
    """The audio frames of a log-mel spectrum [M, A] between which there is music; (0, 0) for silence."""
    frames = spectrum.shape[-1]
    peaks = np.expm1(np.asarray(spectrum[:, ::PEAK_EVERY], dtype=np.float32)).max(axis=0)
    least = np.log1p(SOUND_SHARE * np.percentile(peaks, 95))
    if least <= 0:
        return 0, 0

    def sounding(begin: int) -> np.ndarray:
        block = np.asarray(spectrum[:, begin : begin + BLOCK], dtype=np.float32)
        return begin + np.flatnonzero(block.max(axis=0) > least)

    starts = range(0, frames, BLOCK)
    first = next((int(found[0]) for start in starts if len(found := sounding(start))), 0)
    last = next((int(found[-1]) + 1 for start in reversed(starts) if len(found := sounding(start))), 0)
    return first, last
