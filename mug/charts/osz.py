"""Packages: zips of a song's charts, audio and background. Packages from elsewhere are treated as hostile.

.osz and .olz are osu!'s. Quaver's .qp and Malody's .mcz are the same with their own charts in them. StepMania's .smzip
has a folder per song.
"""

import lzma
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mug.charts.beatmap import Beatmap
from mug.charts.chart_files import SONG_WRITERS, song_bytes
from mug.charts.file_names import FILE_LETTERS, SET_LETTERS, chart_name, safe_file_name, song_name, unused_name
from mug.charts.osu import format_osu
from mug.charts.osu_lines import printable
from mug.charts.package_names import names_of
from mug.errors import ChartError
from mug.files import replacing, resolve_inside

PACKED_AS = {".osz": ".osu", ".qp": ".qua", ".mcz": ".mc", ".smzip": ".ssc"}  # the charts in each kind of package
WITH_FOLDER = (".smzip",)  # the song's files are in a folder of its name

MAX_FILES = 5_000  # storyboards and key sounds come in thousands
MAX_TOTAL_BYTES = 2 * 2**30  # videos are large
MAX_RATIO = 200  # of unpacked to packed size; the text of a chart reaches about 20
SMALL_BYTES = 2**20  # up to this size no ratio is suspicious
CHUNK_BYTES = 2**16
ENTRY_BYTES = 1_000  # per entry of the zip's directory: 46, the name, and room for comments
ZIPS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, ValueError, IndexError)
ENCRYPTED = 0x1  # a bit of an entry's flags


def pack_song(
    path: str | Path, charts: Sequence[Beatmap], audio: Path, background: Path | None = None
) -> tuple[str, ...]:
    """Write the charts of one song with its audio and background as a package, whole or not at all.

    The suffix says which game's package it is. Files get names that are valid on every system, and the charts refer to
    them by these. Return a line for each kind of thing that the charts' format cannot hold. Raises ChartError for an
    unknown package, a missing file, no charts, charts that the format cannot hold, and two charts with the same artist,
    title, creator and version.
    """
    path = Path(path)
    if path.suffix.lower() not in PACKED_AS:
        raise ChartError(f"{path}: packages are written as {', '.join(PACKED_AS)}")
    for file in (audio, background):
        if file is not None and not file.is_file():
            raise ChartError(f"{file}: no such file to put into {path.name}")
    if not charts:
        raise ChartError(f"{path}: no charts to put into the package")
    taken: set[str] = set()
    audio_name = unused_name(safe_file_name(audio.name), taken)
    image = None if background is None else unused_name(safe_file_name(background.name), taken)
    named = [replace(chart, audio_filename=audio_name, background=image or chart.background) for chart in charts]
    texts, remarks = chart_texts(named, PACKED_AS[path.suffix.lower()], audio, taken)
    root = f"{song_name(charts[0], SET_LETTERS)}/" if path.suffix.lower() in WITH_FOLDER else ""
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in texts.items():
            package.writestr(root + name, data)
        package.write(audio, root + audio_name)
        if background is not None and image is not None:
            package.write(background, root + image)
    return remarks


def add_charts(source: Path, target: Path, charts: Sequence[Beatmap]) -> None:
    """Write a copy of an .osz with more charts, whole or not at all. They name the package's audio and background."""
    with replacing(target) as temporary:
        shutil.copyfile(source, temporary)
        with zipfile.ZipFile(temporary, "a", zipfile.ZIP_DEFLATED) as package:
            taken = {name.lower() for name in package.namelist()}
            for chart in charts:
                package.writestr(unused_name(chart_name(chart, FILE_LETTERS), taken), format_osu(chart))


def chart_texts(
    charts: Sequence[Beatmap], suffix: str, audio: Path | None, taken: set[str]
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Return the chart files of one song, by name, and the remarks on them; their names are added to `taken`.

    Raises ChartError for charts that the format cannot hold, and for two with the same artist, title, creator and
    version.
    """
    if suffix in SONG_WRITERS:
        data, remarks = song_bytes(charts, suffix, audio)
        return {unused_name(song_name(charts[0], FILE_LETTERS - len(suffix)) + suffix, taken): data}, remarks
    texts: dict[str, bytes] = {}
    known: set[str] = set()
    all_remarks: list[str] = []
    for chart in charts:
        name = chart_name(chart)
        if name in known:
            raise ChartError(f"two charts are called '{name}'; give each a version of its own")
        known.add(name)
        data, remarks = song_bytes([chart], suffix, audio)
        short = chart_name(chart, FILE_LETTERS).removesuffix(".osu") + suffix
        texts[unused_name(short, taken)] = data
        all_remarks += [f"{chart.version}: {remark}" for remark in remarks]
    return texts, tuple(all_remarks)


def extract_osz(path: str | Path, folder: str | Path) -> list[Path]:
    """Unpack a package into a new or empty `folder`, whole or not at all; return its .osu files, sorted.

    Raises ChartError for a file that is not a package, names that point outside the folder, encrypted files, zips
    inside, and packages too large to be genuine.
    """
    path, folder = Path(path), Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ChartError(f"{folder}: is not empty; {path.name} is unpacked into a new or empty folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix="."))
    try:
        _check_directory(path)
        with zipfile.ZipFile(path) as package:
            _extract(package, temporary, path)
        temporary.chmod(0o755)
        if folder.exists():
            folder.rmdir()
        temporary.rename(folder)
    except (OSError, *DAMAGE) as error:
        # RuntimeError: strong encryption; NotImplementedError: another compression; the others: damaged headers.
        raise ChartError(f"{path}: cannot be unpacked: {printable(error)}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return sorted(file for file in folder.rglob("*") if file.suffix.lower() == ".osu" and file.is_file())


def _check_directory(path: Path) -> None:
    """Refuse a zip whose directory alone would fill the memory: zipfile reads it whole before it counts the entries."""
    with path.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(file.tell() - 2**16 - 22 - 20, 0))
        tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) < end + 22:
        return  # not a zip; zipfile will report it
    (size,) = struct.unpack("<I", tail[end + 12 : end + 16])
    if size > MAX_FILES * ENTRY_BYTES or b"PK\x06\x07" in tail[max(end - 20, 0) : end]:  # the latter: over 4 GiB
        raise ChartError(f"{path}: more than {MAX_FILES} files or 4 GiB; refused")


def _extract(package: zipfile.ZipFile, folder: Path, path: Path) -> None:
    """Unpack all files and count the bytes that really come out: the sizes in the headers may lie."""
    entries = [entry for entry in package.infolist() if not entry.is_dir()]
    if len(entries) > MAX_FILES:
        raise ChartError(f"{path}: {len(entries)} files; a package has at most {MAX_FILES}")
    locked = next((entry for entry in entries if entry.flag_bits & ENCRYPTED), None)
    if locked is not None:
        raise ChartError(
            f"{path}: '{printable(locked.filename)}' is encrypted; unpack it with its password, and give the folder"
        )
    total = 0
    for entry, name in zip(entries, names_of(package, entries), strict=True):
        shown = printable(name)
        try:
            target = resolve_inside(folder, name)
        except ChartError as error:
            raise ChartError(f"{path}: '{shown}' leads out of its folder; refused") from error
        target.parent.mkdir(parents=True, exist_ok=True)
        size = 0
        with package.open(entry) as source, target.open("xb") as sink:
            while chunk := source.read(CHUNK_BYTES):
                if size == 0 and chunk.startswith(ZIPS):
                    raise ChartError(f"{path}: '{shown}' is a package in a package; unpack the outer one yourself")
                size, total = size + len(chunk), total + len(chunk)
                if size > max(SMALL_BYTES, MAX_RATIO * entry.compress_size):
                    raise ChartError(f"{path}: '{shown}' unpacks to over {MAX_RATIO} times its size; refused")
                if total > MAX_TOTAL_BYTES:
                    raise ChartError(
                        f"{path}: unpacks to more than {MAX_TOTAL_BYTES >> 30} GiB; refused: unpack it yourself if "
                        "you trust it"
                    )
                sink.write(chunk)
