"""Spectra at other moments than those of their frames: another rate, or another time axis.

Axes: M mel bins, Q frequencies of the STFT, A audio frames, N frames between the first and the last of a spectrum.
"""

import warnings

import numpy as np
import torch

BLOCK_BINS = 16  # interpolated at a time, so that they stay in the CPU cache


def change_rate(spectrum: np.ndarray, start: float, n_frames: int, rate: float) -> np.ndarray:
    """Return `n_frames` of a spectrum [M, A] or [2, Q, A] from frame `start` on, played at `rate`, as float32.

    Between frames, powers and magnitudes are interpolated linearly. Phases come from the nearer frame that is not
    silent. Frames beyond the end are silent.
    """
    if rate == 1.0 and start == int(start):
        out = np.empty((*spectrum.shape[:-1], n_frames), dtype=np.float32)
        source = spectrum[..., int(start) : int(start) + n_frames]
        filled = source.shape[-1]
        _tensor(out)[..., :filled].copy_(_tensor(source))
        out[..., filled:] = 0
        return out
    return frames_at(spectrum, start + rate * np.arange(n_frames))


def frames_at(spectrum: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Return the frames at these positions [N], rising, of a spectrum [M, A] or [2, Q, A], as float32 [..., N].

    Interpolated as in `change_rate`. Frames before the beginning and beyond the end are silent.
    """
    out = np.empty((*spectrum.shape[:-1], len(position)), dtype=np.float32)
    begin = int(np.searchsorted(position, 0.0))
    end = int(np.searchsorted(position, spectrum.shape[-1] - 1, side="right"))
    if begin < end:
        position = position[begin:end]
        left = position.astype(np.int64)
        source = spectrum[..., left[0] : left[-1] + 2]
        right = np.minimum(left + 1 - left[0], source.shape[-1] - 1)
        between = _between if spectrum.ndim == 2 else _between_complex
        between(source, left - left[0], right, (position - left).astype(np.float32), out[..., begin:end])
    out[..., :begin] = 0
    out[..., max(begin, end) :] = 0
    return out


def _tensor(array: np.ndarray) -> torch.Tensor:
    """An array as a tensor: torch converts float16 and gathers much faster than numpy."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about read-only arrays; nothing here writes to them
        return torch.from_numpy(array)


def _between(source: np.ndarray, left: np.ndarray, right: np.ndarray, weight: np.ndarray, out: np.ndarray) -> None:
    """Interpolate values [M, A] linearly between frames left [N] and right [N], into `out` [M, N]."""
    frames, weights = (torch.from_numpy(left), torch.from_numpy(right)), torch.from_numpy(weight)
    block = torch.empty(BLOCK_BINS, source.shape[1])  # this and `ends` are reused
    ends = torch.empty(2, BLOCK_BINS, len(left))
    for first in range(0, len(source), BLOCK_BINS):
        rows = _tensor(out[first : first + BLOCK_BINS])
        n_rows = len(rows)
        block[:n_rows].copy_(_tensor(source[first : first + BLOCK_BINS]))
        for end, frame in zip(ends, frames, strict=True):
            torch.index_select(block[:n_rows], 1, frame, out=end[:n_rows])
        torch.lerp(ends[0, :n_rows], ends[1, :n_rows], weights, out=rows)


def _between_complex(
    source: np.ndarray, left: np.ndarray, right: np.ndarray, weight: np.ndarray, out: np.ndarray
) -> None:
    """The same for real and imaginary part [2, Q, A], but by magnitude.

    Neighbouring frames are out of phase, so linear interpolation would cancel out a fifth of the sound. The phase comes
    from the nearer frame, or from the other one if that is silent.
    """
    source = source.astype(np.float32)
    magnitude = np.hypot(*source)  # [Q, A]
    phase = source / np.where(magnitude == 0, 1, magnitude)  # [2, Q, A], of length 1
    nearer, other = np.where(weight < 0.5, (left, right), (right, left))
    heard = np.where(magnitude[:, nearer] == 0, phase[..., other], phase[..., nearer])
    _between(magnitude, left, right, weight, out[0])
    out[1] = out[0]
    out *= heard
