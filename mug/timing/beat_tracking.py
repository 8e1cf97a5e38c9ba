"""The most likely beats of a song: dynamic programming over (time, tempo).

Axes: A audio frames, K beat lengths, N beats, W frames of a block.
"""

import math
from dataclasses import dataclass

import numpy as np

from mug.charts.beatmap import beat_ms_of
from mug.errors import AudioError

MIN_BPM, MAX_BPM = 60.0, 330.0
STEP = 1.01  # from one beat length to the next
NEAR = 3  # steps by which a tempo may change from beat to beat without a jump
BEND = 3  # what each of these steps costs, in log-odds
JUMP = 40  # what any other change of tempo costs
LEFT_OUT = 0.02  # what a frame before the first beat or after the last one costs


@dataclass(frozen=True)
class TrackedBeats:
    """The frames of beats, int64 [N], and the score of the path: the log-odds of its beats minus what it costs."""

    frames: np.ndarray
    score: float


def beat_lengths(frame_ms: float, low_bpm: float = MIN_BPM, high_bpm: float = MAX_BPM) -> np.ndarray:
    """The beat lengths to search, in frames, rising, float64 [K]."""
    shortest, longest = beat_ms_of(high_bpm) / frame_ms, beat_ms_of(low_bpm) / frame_ms
    return shortest * STEP ** np.arange(math.ceil(math.log(longest / shortest, STEP)) + 1)


def track_beats(log_odds: np.ndarray, lengths: np.ndarray, log_prior: np.ndarray) -> TrackedBeats:
    """Return the beats whose log-odds add up to most, in a tempo that changes only for a reason.

    log_odds [A]: of a beat in each frame. lengths [K]: see `beat_lengths`. log_prior: what a beat of each length is
    worth before anything is heard, [K], or [A, K] where that changes. A state is a beat and the length before it: the
    bar pointer model (Krebs, Böck and Widmer 2015, ISMIR) without the frames between beats. A beat comes after its
    length rounded down or up, so that tempos need not be whole frames. The frames of a block shorter than the shortest
    beat are computed at once. Raises AudioError for sound of less than two beats.
    """
    n, n_lengths = len(log_odds), len(lengths)
    down = np.floor(lengths).astype(np.int64)
    block, longest = int(down[0]), int(down[-1]) + 1
    if n <= longest:
        raise AudioError("shorter than two beats")
    odds = log_odds.astype(np.float32)
    prior = np.broadcast_to(log_prior, (n, n_lengths)).astype(np.float32)
    columns = np.arange(n_lengths)
    onward = np.full((longest + n, n_lengths), -np.inf, np.float32)  # best path with a beat here, by the NEXT length
    came = np.full((n, n_lengths), -1, np.int16)  # the length before it; -1 for the first beat of a path
    best, best_frame, best_length = -np.inf, 0, 0
    for start in range(0, n, block):
        rows = np.arange(start, min(start + block, n))[:, None]
        before = longest + rows - down
        value = np.maximum(onward[before, columns], onward[before - 1, columns])  # [W, K]
        value += odds[rows] + prior[start : start + block]
        whole = value - np.float32(LEFT_OUT) * (n - rows)
        top = int(whole.argmax())
        if whole.flat[top] > best:
            best, best_frame, best_length = float(whole.flat[top]), start + top // n_lengths, top % n_lengths
        reached = np.repeat(odds[rows] - np.float32(LEFT_OUT) * rows, n_lengths, axis=1)
        source = np.full(reached.shape, -1, np.int16)
        jumped = (value.max(axis=1) - np.float32(JUMP))[:, None]
        source = np.where(jumped > reached, value.argmax(axis=1)[:, None].astype(np.int16), source)
        reached = np.maximum(reached, jumped)
        for steps in range(-NEAR, NEAR + 1):
            low, high = max(0, steps), n_lengths + min(0, steps)
            here = slice(low - steps, high - steps)
            candidate = value[:, here] - np.float32(BEND * abs(steps))
            better = candidate > reached[:, low:high]
            np.copyto(reached[:, low:high], candidate, where=better)
            np.copyto(source[:, low:high], columns[here].astype(np.int16), where=better)
        onward[longest + start : longest + start + len(rows)] = reached
        came[start : start + len(rows)] = source
    return TrackedBeats(_path(onward[longest:], came, down, best_frame, best_length), best)


def _path(onward: np.ndarray, came: np.ndarray, down: np.ndarray, frame: int, length: int) -> np.ndarray:
    """Walk back from the last beat to the first. [N]"""
    frames = [frame]
    while length >= 0:
        near, far = frame - int(down[length]), frame - int(down[length]) - 1
        frame = far if far >= 0 and onward[far, length] > onward[near, length] else near
        frames.append(frame)
        length = int(came[frame, length])
    return np.array(frames[::-1], np.int64)
