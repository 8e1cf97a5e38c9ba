"""Which songs of a batch have been charted, so that the same command goes on where it was stopped."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from mug.errors import ConfigError
from mug.files import replacing

FILE = "charted.json"  # in the output folder: the package of each song and set of options


class Charted:
    """The songs whose packages are in an output folder.

    options: everything that charts depend on besides the song. A song counts as charted while its package is there,
    and neither its file nor the options have changed. Raises ConfigError for a damaged record.
    """

    def __init__(self, folder: Path, options: Mapping[str, str]) -> None:
        self._folder = folder
        self._options = json.dumps(options, sort_keys=True)
        self._packages: dict[str, str] = {}
        record = folder / FILE
        if record.exists():
            try:
                packages = json.loads(record.read_text(encoding="utf-8"))
            except ValueError as error:
                raise ConfigError(f"{record}: damaged ({error}); delete it, and all songs are charted again") from error
            self._packages = {str(key): str(name) for key, name in packages.items()}

    def has(self, song: Path) -> bool:
        """Whether the song's package is there."""
        name = self._packages.get(self._key(song))
        return name is not None and (self._folder / Path(name).name).is_file()

    def add(self, song: Path, package: Path) -> None:
        """Record a song's package, at once."""
        self._packages[self._key(song)] = package.name
        with replacing(self._folder / FILE) as temporary:
            temporary.write_text(json.dumps(self._packages, indent=1), encoding="utf-8")

    def _key(self, song: Path) -> str:
        try:
            file = song.stat()
            described = [str(song.resolve()), file.st_size, file.st_mtime_ns, self._options]
        except OSError:  # charting it says what is wrong
            described = [str(song), self._options]
        return hashlib.sha256(json.dumps(described).encode()).hexdigest()[:32]
