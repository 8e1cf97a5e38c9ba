"""Sources to a library of pieces: what is there already is not read again."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mug.errors import MugError
from mug.music.library import PieceLibrary
from mug.music.note import Music
from mug.music.sources import Source
from mug.parallel import parallel_map
from mug.report import Report

SOURCES_A_PROCESS = 8  # a score takes seconds


@dataclass(frozen=True)
class Read:
    """What became of a source: its music, or why it cannot be used."""

    source: Source
    digest: str
    music: Music | None = None
    problem: str = ""


def prepare_pieces(path: str | Path, sources: Sequence[Source], jobs: int | None = None) -> Report:
    """Add sources to the library at `path`, with one progress bar; return what was taken and what was left out.

    Stopped and started again, it goes on where it was. Sources that are in it, and did not change, are not read again.
    """
    with PieceLibrary(path, create=True) as library:
        known = library.known()
        new = [source for source in sources if _digest_of(source) != known.get(source.name, "")]
        for read in parallel_map(
            read_source, new, jobs, items_a_process=SOURCES_A_PROCESS, desc="pieces", unit="piece"
        ):
            if read.music is None:
                library.leave_out(read.source.name, read.digest, read.problem)
            else:
                library.add(read.source.name, read.digest, read.source.work, read.music)
        report = Report(what="pieces")
        report.done = sum(1 for _ in library.pieces())
        for name, problem in library.problems():
            report.skip("copies" if problem.startswith("the same notes") else "unusable", f"{name}: {problem}")
    return report


def read_source(source: Source) -> Read:
    """Read a source, whatever is wrong with it."""
    digest = _digest_of(source)
    try:
        return Read(source, digest, source.read())
    except MugError as error:
        return Read(source, digest, problem=str(error))


def _digest_of(source: Source) -> str:
    try:
        return source.digest()
    except OSError as error:  # read_source will say so
        return f"unreadable: {error.strerror}"
