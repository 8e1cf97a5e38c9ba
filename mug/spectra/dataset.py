"""Training items of spectra: crops of prepared songs, each with its style.

Axes: M mel bins, A frames of a song, L frames of a crop.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mug.data.items import ItemDataset
from mug.data.split import SplitSpec
from mug.errors import ConfigError, DatasetError
from mug.report import Report
from mug.spectra.prepare import read_index

NO_STYLE = 0  # the id of a song whose style is not said; style i of the list is i + 1


class SpectrumDataset(ItemDataset):
    """Crops of `frames` frames of the songs of one split, as many of a song as fit into it.

    folder: made by `mug prepare-sound`. styles: names, in the model's order. valid_fraction, test_fraction, split_salt:
    see mug.data.split.SplitSpec; songs are split by the hash of their file.
    Only the training split may set style_dropout_p, the share of items without their style, from which classifier-free
    guidance learns; its crops begin anywhere. An item is a function of (seed, epoch, index).
    """

    split = ""

    def __init__(
        self,
        folder: str,
        styles: Sequence[str],
        frames: int,
        valid_fraction: float = 0.05,
        test_fraction: float = 0.1,
        split_salt: str = "",
        style_dropout_p: float = 0.0,
        seed: int = 23,
    ) -> None:
        if self.split != "train" and style_dropout_p:
            raise ConfigError(f"style_dropout_p is for training; the {self.split} split has none")
        if frames < 1 or not 0 <= style_dropout_p <= 1:
            raise ConfigError(f"frames {frames}, style_dropout_p {style_dropout_p}: need 1 or more, and 0 to 1")
        self.frames, self.style_dropout_p, self.seed = frames, style_dropout_p, seed
        division = SplitSpec(valid_fraction, test_fraction, split_salt)
        ids = {style: number for number, style in enumerate(styles, NO_STYLE + 1)}
        self.report = Report(what="songs")
        self.files: list[Path] = []
        self.styles: list[int] = []
        self.lengths: list[int] = []
        for digest, song in read_index(Path(folder)):
            if division.split_of(digest) != self.split:
                continue
            if song.style not in ids:
                raise ConfigError(
                    f"{folder}: style '{song.style}' is none of the model's; add {folder}/config.yaml to --base"
                )
            path = Path(folder) / song.style / f"{digest}.npy"
            try:
                self.lengths.append(np.load(path, mmap_mode="r", allow_pickle=False).shape[1])
            except (OSError, ValueError, IndexError) as error:
                self.report.skip("damaged", f"{path}: {error}; delete it and run mug prepare-sound again")
                continue
            self.files.append(path)
            self.styles.append(ids[song.style])
        self.report.done = len(self.files)
        self.crops = [
            (number, start)
            for number, length in enumerate(self.lengths)
            for start in range(0, max(1, length - frames + 1), frames)
        ]
        if not self.crops:
            raise DatasetError(
                f"{folder}: no song in the {self.split} split; prepare more songs, or give other "
                f"data.params.common.valid_fraction and test_fraction\n{self.report}"
            )

    def songs(self) -> list[int]:
        return [number for number, _ in self.crops]

    def sizes(self) -> dict[str, int]:
        return {"songs": len(self.files), "crops": len(self.crops)}

    def __len__(self) -> int:
        return len(self.crops)

    def __getitem__(self, key: int | tuple[int, int]) -> dict[str, Any]:
        """Return {mel float32 [M, L], style int64 [1], n_frames, meta}; a song that is shorter ends in silence."""
        index, epoch = key if isinstance(key, tuple) else (key, 0)
        number, start = self.crops[index]
        rng = np.random.default_rng([self.seed, epoch, index])
        if self.split == "train":
            start = int(rng.integers(max(1, self.lengths[number] - self.frames + 1)))
        dropped = rng.random() < self.style_dropout_p
        spectrum = np.load(self.files[number], mmap_mode="r", allow_pickle=False)
        crop = spectrum[:, start : start + self.frames].astype(np.float32)
        mel = np.zeros((len(crop), self.frames), dtype=np.float32)
        mel[:, : crop.shape[1]] = crop
        return {
            "mel": mel,
            "style": np.array([NO_STYLE if dropped else self.styles[number]]),
            "n_frames": np.array(crop.shape[1]),
            "meta": {"name": self.files[number].stem, "start": start},
        }


class SpectrumTrainDataset(SpectrumDataset):
    """The training split."""

    split = "train"


class SpectrumValidDataset(SpectrumDataset):
    """The validation split."""

    split = "valid"


class SpectrumTestDataset(SpectrumDataset):
    """The test split."""

    split = "test"
