"""Spectra on disk, computed once per song: float16 .npy files that are mapped into memory, not read.

Axes: A audio frames.
"""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from mug.data.audio import AudioSettings, load_audio
from mug.errors import AudioError
from mug.files import replacing

VERSION = 1  # raise it when the same file and settings would give other numbers
BLOCK_BYTES = 2**20


class AudioCache:
    """The spectra of songs under `settings`, in `folder`.

    A file is named by the audio's content and everything that its numbers depend on, so that songs may move and
    settings may change. What is not there yet, or was damaged, is computed and kept.
    """

    def __init__(self, folder: str | Path, settings: AudioSettings) -> None:
        self.folder = Path(folder)
        self.settings = settings
        s = settings
        self._kind = f"v{VERSION}_{s.kind}_{s.sr}_{s.n_fft}" + (f"_{s.n_mels}" if s.kind == "mel" else "")

    def path_of(self, audio: str | Path) -> Path:
        """Where the spectrum of a file is kept. Raises AudioError for a file that cannot be read."""
        digest = hashlib.blake2b(digest_size=16)
        try:
            with Path(audio).open("rb") as file:
                while block := file.read(BLOCK_BYTES):
                    digest.update(block)
        except OSError as error:
            raise AudioError(f"{audio}: cannot be read: {error.strerror}") from error
        return self.folder / f"{digest.hexdigest()}_{self._kind}.npy"

    def get(self, audio: str | Path) -> np.ndarray:
        """Return a file's spectrum float16 [..., A], mapped read-only. Raises AudioError."""
        return self.open(self.make(audio))

    def make(self, audio: str | Path) -> Path:
        """Make sure that a file's spectrum is there and whole; return where. Raises AudioError."""
        path = self.path_of(audio)
        if not self._is_whole(path):
            spectrum = load_audio(audio, self.settings)
            with replacing(path) as temporary, temporary.open("wb") as file:
                np.save(file, spectrum)
        return path

    def open(self, path: Path) -> np.ndarray:
        """Map a file of the cache read-only. Raises AudioError for one that is not there or damaged."""
        try:
            return np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise AudioError(f"{path}: missing or damaged; start again, and it will be computed anew") from error

    def build(
        self, audios: Iterable[Path], tqdm_class: Callable[..., Any] = tqdm
    ) -> tuple[dict[Path, Path], dict[Path, str]]:
        """Make sure that every file's spectrum is there; return where each lies, and why the others have none.

        There is a progress bar where some have to be computed.
        """
        there: dict[Path, Path] = {}
        failed: dict[Path, str] = {}
        for audio in sorted(set(audios)):
            try:
                there[audio] = self.path_of(audio)
            except AudioError as error:
                failed[audio] = str(error)
        missing = [audio for audio, path in there.items() if not self._is_whole(path)]
        for audio in tqdm_class(missing, desc="audio", unit="song") if missing else ():
            try:
                there[audio] = self.make(audio)
            except AudioError as error:
                del there[audio]
                failed[audio] = str(error)
        return there, failed

    def _is_whole(self, path: Path) -> bool:
        try:
            self.open(path)
        except AudioError:
            return False
        return True
