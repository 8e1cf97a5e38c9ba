"""Scores of the package music21, which carries a corpus: those that may be used.

music21's licence notes (music21/corpus/license.txt) say that all works are out of copyright in the United States or
licensed for use, and that some encodings are not free for every use: each file says so. So a composer is listed here
only if the works are in the public domain (the last of them died in 1924) and the files reserve no rights. Not taken:
Palestrina (all rights to electronic formats reserved), the Essen folk songs (not for commercial use), the Trecento
and later editions (Creative Commons, with conditions), and all pieces that are not old enough. A file that reserves
rights is left out wherever it is, see `reserves`.
"""

import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mug.errors import ConfigError, MugError, MusicError
from mug.music.midi import parse_midi
from mug.music.note import Music

# Folder of the corpus -> whose music it is, and how it is scored.
CORPUS = {
    "bach": "Johann Sebastian Bach (1685-1750): chorales",
    "beethoven": "Ludwig van Beethoven (1770-1827): string quartets",
    "chopin": "Frederic Chopin (1810-1849): a mazurka",
    "cpebach": "Carl Philipp Emanuel Bach (1714-1788): a keyboard piece",
    "handel": "George Frideric Handel (1685-1759): a chorus",
    "haydn": "Joseph Haydn (1732-1809): string quartets",
    "joplin": "Scott Joplin (1868-1917): a rag",
    "monteverdi": "Claudio Monteverdi (1567-1643): madrigals",
    "mozart": "Wolfgang Amadeus Mozart (1756-1791): string quartets and a piano sonata",
    "ryansMammoth": "Ryan's Mammoth Collection (1883): fiddle tunes",
    "schumann_clara": "Clara Schumann (1819-1896): a trio and polonaises",
    "schumann_robert": "Robert Schumann (1810-1856): songs and a string quartet",
    "verdi": "Giuseppe Verdi (1813-1901): an aria",
    "weber": "Carl Maria von Weber (1786-1826): a score",
}
SUFFIXES = (".mxl", ".xml", ".musicxml", ".krn", ".abc")
FREE = re.compile(r"public domain", re.IGNORECASE)
RIGHTS = re.compile(r"<rights[^>]*>((?s:.*?))</rights>|^!!!YE[CM][^:\n]*:(.*)$", re.MULTILINE)
HEAD = 20_000  # characters in which a file says what its rights are; a .krn does at its end


def score_files(composers: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """Yield (composer/file without its ending, path) of every score. Raises ConfigError for an unknown composer."""
    for composer in composers:
        if composer not in CORPUS:
            raise ConfigError(f"--scores: no composer '{composer}'; there are {', '.join(CORPUS)}")
    if find_spec("music21") is None:
        raise MugError("the scores are those of the package music21: pip install 'mug[music]'")
    corpus = Path(str(find_spec("music21").origin)).parent / "corpus"  # type: ignore[union-attr]
    for composer in composers:
        for path in sorted((corpus / composer).rglob("*")):
            if path.suffix in SUFFIXES:
                yield path.relative_to(corpus).with_suffix("").as_posix(), path


def read_score(path: Path) -> Music:
    """Read a score, with its repeats played. Raises MusicError for one that reserves rights or cannot be read."""
    rights = reserves(text_of(path))
    if rights:
        raise MusicError(f"{path}: reserves rights ({rights[:80]}); it is left out")
    from music21 import converter, midi
    from music21.exceptions21 import Music21Exception

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            score: Any = converter.parse(path, forceSource=True, storePickle=False)
            content = midi.translate.streamToMidiFile(score).writestr()
    except (Music21Exception, ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        raise MusicError(f"{path}: music21 cannot read it ({error}); it is left out") from error
    return parse_midi(content, str(path))


def text_of(path: Path) -> str:
    """The text of a score, of a compressed one that of the MusicXML in it."""
    if path.suffix != ".mxl":
        return path.read_text(encoding="utf-8", errors="replace")
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".xml") and not name.startswith("META-INF")]
        return archive.read(names[0]).decode("utf-8", errors="replace") if names else ""


def reserves(text: str) -> str:
    """What a score's text says of rights, "" if it says none or that it is in the public domain."""
    found = [" ".join(" ".join(groups).split()) for groups in RIGHTS.findall(text[:HEAD] + text[-HEAD:])]
    return next((rights for rights in found if rights and not FREE.search(rights)), "")
