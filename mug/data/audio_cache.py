"""Spectra on disk, computed once per song: memory-mapped float16 .npy files.

Axes: A audio frames.
"""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from mug.data.audio import AudioSettings, load_audio, seconds_of
from mug.data.audio_index import AudioIndex, digest_of_file
from mug.errors import AudioError, DatasetError
from mug.files import replacing
from mug.parallel import parallel_map

VERSION = 2  # raise it when the same file and settings give other numbers than before
INDEX = "index.json"


class AudioCache:
    """The spectra of songs under `settings`, in `folder`.

    A file's name is a hash of the audio's content and of everything else its numbers depend on, so songs may move and
    settings may change. Missing and damaged spectra are computed and stored.
    """

    def __init__(self, folder: str | Path, settings: AudioSettings) -> None:
        self.folder = Path(folder)
        self.settings = settings
        s = settings
        self._kind = f"v{VERSION}_{s.kind}_{s.sr}_{s.n_fft}" + (f"_{s.n_mels}" if s.kind == "mel" else "")

    def path_of(self, audio: str | Path) -> Path:
        """The path of a file's spectrum. Raises AudioError for a file that cannot be read."""
        return self._path(digest_of_file(audio))

    def _path(self, digest: str) -> Path:
        return self.folder / f"{digest}_{self._kind}.npy"

    def get(self, audio: str | Path) -> np.ndarray:
        """Return a file's spectrum float16 [..., A], mapped read-only. Raises AudioError."""
        return self.open(self.make(audio))

    def make(self, audio: str | Path) -> Path:
        """Compute a file's spectrum unless it is there and whole; return its path.

        Raises AudioError, and DatasetError if it cannot be stored.
        """
        path = self.path_of(audio)
        if not self._is_whole(path):
            spectrum = load_audio(audio, self.settings)
            try:
                with replacing(path) as temporary, temporary.open("wb") as file:
                    np.save(file, spectrum)
            except OSError as error:
                raise self._unwritable(error) from error
        return path

    def open(self, path: Path) -> np.ndarray:
        """Map a file of the cache read-only. Raises AudioError if it is missing or damaged."""
        try:
            return np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise AudioError(f"{path}: missing or damaged; start again to recompute it") from error

    def reopen(self, path: Path, audio: str | Path) -> np.ndarray:
        """Map a file of the cache, computed anew from its audio if it was deleted or damaged. Raises AudioError."""
        try:
            return self.open(path)
        except AudioError:
            return self.get(audio)

    def build(
        self, audios: Iterable[Path], tqdm_class: Callable[..., Any] = tqdm
    ) -> tuple[dict[Path, Path], dict[Path, str]]:
        """Compute all missing spectra; return the path of each, and for the other files the reason why they have none.

        Missing ones are computed by several processes, and a progress bar says how large they will be. Raises
        DatasetError if the folder is not writable or the disk has no room for them.
        """
        there: dict[Path, Path] = {}
        failed: dict[Path, str] = {}
        index = AudioIndex(self.folder / INDEX)
        for audio in sorted(set(audios)):
            try:
                there[audio] = self._path(index.digest(audio))
            except AudioError as error:
                failed[audio] = str(error)
        # one of several files with the same content
        missing = {path: audio for audio, path in there.items() if not self._is_whole(path)}
        if missing:
            desc = self._room_for(list(missing.values()))
            made = parallel_map(
                self._try, list(missing.values()), tqdm_class=tqdm_class, items_a_process=4, desc=desc, unit="song"
            )
            errors = dict(zip(missing, made, strict=True))
            for audio, path in list(there.items()):
                if errors.get(path):
                    del there[audio]
                    failed[audio] = errors[path]
        index.save()
        return there, failed

    def _try(self, audio: Path) -> str:
        """Compute a file's spectrum; return the reason if that fails."""
        try:
            self.make(audio)
        except AudioError as error:
            return str(error)
        return ""

    def _room_for(self, audios: list[Path]) -> str:
        """Say how large the files' spectra will be. Raises DatasetError if that is more than the free disk space."""
        needed = sum(self.settings.spectrum_bytes(seconds_of(audio)) for audio in audios)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unwritable(error) from error
        free = shutil.disk_usage(self.folder).free
        if needed > free:
            raise DatasetError(
                f"{self.folder}: the spectra of {len(audios)} songs take about {needed / 1e9:.1f} GB, and the disk has "
                f"{free / 1e9:.1f} GB left; make room, or name another folder as data.params.common.cache_dir"
            )
        return f"audio to spectra, {needed / 1e9:.2g} of {free / 1e9:.0f} GB free"

    def _unwritable(self, error: OSError) -> DatasetError:
        return DatasetError(
            f"{self.folder}: cannot be written ({error.strerror or error}); make room, or name another folder as "
            "data.params.common.cache_dir"
        )

    def _is_whole(self, path: Path) -> bool:
        try:
            self.open(path)
        except AudioError:
            return False
        return True
