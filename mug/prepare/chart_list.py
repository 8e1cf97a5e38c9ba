"""beatmap.txt: the charts of a training set, one path per line."""

from collections.abc import Iterable
from pathlib import Path

from mug.errors import DatasetError
from mug.files import replacing


def beatmap_paths(beatmap_txt: str | Path) -> list[Path]:
    """Return the charts that a beatmap.txt lists; relative paths start from its own folder.

    Raises DatasetError if the file is missing or empty.
    """
    path = Path(beatmap_txt)
    if not path.is_file():
        raise DatasetError(f"{beatmap_txt}: no such list of charts; run `mug gather` to make it")
    try:
        lines = path.read_text(encoding="utf-8-sig").split(
            "\n"
        )  # not splitlines: names may contain other Unicode line breaks
    except UnicodeDecodeError as error:
        raise DatasetError(f"{beatmap_txt}: not a text file in UTF-8: {error}") from error
    charts = [path.parent / line.rstrip() for line in lines if line.strip()]
    if not charts:
        raise DatasetError(f"{beatmap_txt}: lists no charts; run `mug gather` on a folder that has some")
    return charts


def write_beatmap_txt(path: str | Path, lines: Iterable[str]) -> None:
    """Write a list of charts, whole or not at all. `lines` are paths; relative ones start from the list's folder."""
    with replacing(Path(path)) as temporary:
        temporary.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
