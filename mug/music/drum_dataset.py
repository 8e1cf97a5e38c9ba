"""Training items of drums: clips of some bars of the pieces of a library.

Axes: S steps (sixteenths).
"""

from typing import Any

import numpy as np

from mug.data.items import ItemDataset
from mug.data.split import SplitSpec
from mug.errors import ConfigError, DatasetError, MusicError
from mug.music.drum_grid import categories, drum_clips
from mug.music.library import PieceLibrary
from mug.report import Report


class DrumDataset(ItemDataset):
    """All different clips of `bars` bars of 4/4 of the pieces of one split.

    library: made by `mug prepare-midi`. valid_fraction, test_fraction, split_salt: see mug.data.split.SplitSpec; pieces
    of one work are in one split. A clip that comes several times in a piece is taken once. stride: a clip begins every
    so many bars (default: `bars`); with 1 they overlap, and there are about `bars` times as many.
    """

    split = ""

    def __init__(
        self,
        library: str,
        bars: int = 4,
        stride: int | None = None,
        valid_fraction: float = 0.1,
        test_fraction: float = 0.1,
        split_salt: str = "",
        seed: int = 23,
    ) -> None:
        if bars < 1 or (stride is not None and stride < 1):
            raise ConfigError(f"bars {bars}, stride {stride}: need at least 1")
        division = SplitSpec(valid_fraction, test_fraction, split_salt)
        self.names: list[str] = []  # of each clip's piece
        self.report = Report(what="pieces")
        clips: list[np.ndarray] = []
        with PieceLibrary(library) as pieces:
            for piece in pieces.pieces():
                if division.split_of(piece.work) != self.split:
                    continue
                try:
                    grids = drum_clips(piece.music, piece.name, bars, stride)
                    found = {grid.tobytes(): categories(grid) for grid in grids}
                except MusicError as error:
                    self.report.skip("without drums", str(error))
                    continue
                if found:
                    self.report.done += 1
                else:
                    self.report.skip("too short", f"{piece.name}: has no {bars} bars of 4/4 with drums in a row")
                clips.extend(found.values())
                self.names.extend([piece.name] * len(found))
        if not clips:
            raise DatasetError(
                f"{library}: no piece with drums in the {self.split} split; prepare some, such as with `mug "
                f"prepare-midi --composed 200`, or give other data.params.common.valid_fraction\n{self.report}"
            )
        self.clips = np.stack(clips).astype(np.int16)  # [N, S]

    def songs(self) -> list[str]:
        return self.names

    def sizes(self) -> dict[str, int]:
        return {"pieces": len(set(self.names)), "clips": len(self.clips)}

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, key: int | tuple[int, int]) -> dict[str, Any]:
        """Return {steps int64 [S]: each sixteenth's combination of drums, meta}."""
        index = key[0] if isinstance(key, tuple) else key
        return {"steps": self.clips[index].astype(np.int64), "meta": {"name": self.names[index]}}


class DrumTrainDataset(DrumDataset):
    """The training split."""

    split = "train"


class DrumValidDataset(DrumDataset):
    """The validation split."""

    split = "valid"


class DrumTestDataset(DrumDataset):
    """The test split."""

    split = "test"
