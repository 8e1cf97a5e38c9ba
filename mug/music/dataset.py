"""Training items of piano rolls: segments of the pieces of a library.

Axes: R planes, P pitches, T frames.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mug.data.items import ItemDataset
from mug.data.sampler import SeededSampler
from mug.data.split import SplitSpec
from mug.errors import ConfigError, DatasetError
from mug.music.library import PieceLibrary
from mug.music.piano_roll import ONSET, RollCodec
from mug.report import Report


class RollDataset(ItemDataset):
    """Segments of `roll.frames` frames of the pieces of one split, one after the other.

    library: made by `mug prepare-midi`. roll: RollCodec as a mapping. valid_fraction, test_fraction, split_salt: see
    mug.data.split.SplitSpec; pieces of one work are in one split.
    Only the training split may set these: random_start moves each segment by up to its length; transpose: by up to so
    many semitones, each as likely; balance: edges between densities, in notes a second: segments of each density are
    drawn equally often, so that hard pieces do not drown the easy ones.
    An item is a function of (seed, epoch, index).
    """

    split = ""

    def __init__(
        self,
        library: str,
        roll: Mapping[str, Any] | None = None,
        valid_fraction: float = 0.1,
        test_fraction: float = 0.1,
        split_salt: str = "",
        random_start: bool = False,
        transpose: int = 0,
        balance: Sequence[float] = (),
        seed: int = 23,
    ) -> None:
        if self.split != "train" and (random_start or transpose or balance):
            raise ConfigError(f"random_start, transpose, balance are for training; the {self.split} split has none")
        if not 0 <= transpose <= 11 or list(balance) != sorted(set(balance)):
            raise ConfigError(f"transpose {transpose}, balance {list(balance)}: need 0 to 11 semitones, rising edges")
        self.codec = RollCodec(**(roll or {}))
        self.random_start, self.transpose, self.balance, self.seed = random_start, transpose, tuple(balance), seed
        division = SplitSpec(valid_fraction, test_fraction, split_salt)
        self.names: list[str] = []
        self.spans: list[np.ndarray] = []  # of each piece, see RollCodec.spans_of
        self.report = Report(what="pieces")
        with PieceLibrary(library) as pieces:
            for piece in pieces.pieces():
                if division.split_of(piece.work) != self.split:
                    continue
                spans = self.codec.spans_of(piece.music.pitched)
                if len(spans):
                    self.names.append(piece.name)
                    self.spans.append(spans.astype(np.int32))
                else:
                    self.report.skip("without pitches", f"{piece.name}: has only drums, or none of the roll's pitches")
        self.report.done = len(self.names)
        self.segments = [  # (piece, first frame) of those with notes
            (number, int(part) * self.codec.frames)
            for number, spans in enumerate(self.spans)
            for part in np.unique(spans[:, 1] // self.codec.frames)
        ]
        if not self.segments:
            raise DatasetError(
                f"{library}: no piece with pitches in the {self.split} split; prepare more pieces, or give other "
                f"data.params.common.valid_fraction and test_fraction\n{self.report}"
            )

    def songs(self) -> list[str]:
        return [self.names[number] for number, _ in self.segments]

    def sizes(self) -> dict[str, int]:
        return {"pieces": len(self.names), "segments": len(self.segments)}

    def __len__(self) -> int:
        return len(self.segments)

    def __getitem__(self, key: int | tuple[int, int]) -> dict[str, Any]:
        """Return {roll [R, P, T], density [1] (notes a second), meta}."""
        index, epoch = key if isinstance(key, tuple) else (key, 0)
        number, start = self.segments[index]
        rng = np.random.default_rng([self.seed, epoch, index])
        spans = self.spans[number]
        if self.random_start:
            start += int(rng.integers(self.codec.frames)) - self.codec.frames // 2
        if self.transpose:
            spans = spans.copy()
            spans[:, 0] += rng.integers(-self.transpose, self.transpose + 1)
            spans = spans[(spans[:, 0] >= 0) & (spans[:, 0] < self.codec.pitches)]
        roll = self.codec.planes_of(spans, start)
        density = np.array([self.notes_a_second(roll[ONSET].sum())], dtype=np.float32)
        return {"roll": roll, "density": density, "meta": {"name": self.names[number], "start": start}}

    def notes_a_second(self, notes: float) -> float:
        """The density of a segment with so many notes."""
        return 1000 * float(notes) / (self.codec.frames * self.codec.frame_ms)

    def training_sampler(self, seed: int, rank: int, n_ranks: int, drop_last: bool) -> SeededSampler:
        if not self.balance:
            return super().training_sampler(seed, rank, n_ranks, drop_last)
        frames = self.codec.frames
        counts = [int((self.spans[number][:, 1] // frames == start // frames).sum()) for number, start in self.segments]
        classes = np.searchsorted(self.balance, [self.notes_a_second(count) for count in counts], side="right")
        return BalancedSampler(classes, seed, rank, n_ranks, drop_last)


class BalancedSampler(SeededSampler):
    """As many items an epoch as there are, of each class equally many; a rare class's items come several times."""

    def __init__(self, classes: np.ndarray, seed: int, rank: int, n_ranks: int, drop_last: bool) -> None:
        super().__init__(len(classes), seed, True, rank, n_ranks, drop_last)
        self.classes = [np.flatnonzero(classes == kind) for kind in np.unique(classes)]

    def order(self) -> np.ndarray:
        rng = np.random.default_rng([self.seed, self.epoch])
        share = -(-self.n_items // len(self.classes))
        drawn = [np.resize(rng.permutation(items), share) for items in self.classes]
        return rng.permutation(np.concatenate(drawn))[: self.n_items]


class RollTrainDataset(RollDataset):
    """The training split."""

    split = "train"


class RollValidDataset(RollDataset):
    """The validation split."""

    split = "valid"


class RollTestDataset(RollDataset):
    """The test split."""

    split = "test"
