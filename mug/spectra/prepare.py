"""Folders of audio to spectra that train: decoded once, a file per song, in a folder per style.

Axes: M mel bins, A frames.
"""

import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mug.charts.osu import read_osu
from mug.data.audio import AudioSettings, load_audio
from mug.errors import AudioError, ChartError, DatasetError
from mug.files import file_beside, replacing
from mug.parallel import parallel_map
from mug.report import Report
from mug.yaml_files import write_yaml

AUDIO = frozenset([".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".aiff", ".aif", ".wma"])
MAX_SECONDS = 1200.0  # a longer file is more likely an hour's mix than a song
INDEX, OVERLAY = "index.csv", "config.yaml"
COMPOSED = "synthesised"  # a tag of songs of `mug synthesize`, beside their genre


class Song(NamedTuple):
    """An audio file and its style."""

    path: Path
    style: str


@dataclass(frozen=True)
class Prepared:
    """What became of a song: the hash of its file, or why it cannot be used."""

    song: Song
    digest: str = ""
    problem: str = ""


def songs_by_folder(folder: Path) -> list[Song]:
    """The audio files below each sub-folder of a folder, which is their style. Raises DatasetError for none."""
    songs = [
        Song(path, style.name)
        for style in sorted(path for path in folder.glob("*") if path.is_dir())
        for path in sorted(style.rglob("*"))
        if path.suffix.lower() in AUDIO and path.is_file()
    ]
    if not songs:
        raise DatasetError(f"{folder}: no audio in sub-folders; make a folder in it for each style, with its songs")
    return songs


def composed_songs(folder: Path) -> list[Song]:
    """The songs of `mug synthesize`; their style is their genre. Raises DatasetError if there are none."""
    songs = [song for path in sorted(folder.glob("*/")) for song in _composed_song(path)]
    if not songs:
        raise DatasetError(f"{folder}: no songs of `mug synthesize` in it; run mug synthesize -o {folder} -n 400")
    return songs


def _composed_song(folder: Path) -> Iterator[Song]:
    for path in sorted(folder.glob("*.osu"))[:1]:
        try:
            chart = read_osu(path)
            audio = file_beside(path, chart.audio_filename)
        except ChartError:
            return
        tags = chart.metadata.get("Tags", "").split()
        if audio is not None and COMPOSED in tags:
            genre = [tag for tag in tags if tag != COMPOSED and not tag.startswith("soundfont-")]
            yield Song(audio, "_".join(genre) or "other")


def prepare_spectra(out: Path, songs: Sequence[Song], settings: AudioSettings, jobs: int | None = None) -> Report:
    """Write out/<style>/<hash of the file>.npy, log(1 + mel power) float16 [M, A], for each song; return a report.

    Spectra that are there are not computed again. Beside them are index.csv, with the songs' paths, and config.yaml,
    which adds styles and audio settings to a training's configuration. Copies of a song and files that cannot be
    decoded are left out. Raises DatasetError if that leaves none.
    """
    report = Report(what="songs")
    rows: dict[str, Song] = {}
    for prepared in parallel_map(partial(_prepare, out, settings), songs, jobs, desc="spectra", unit="song"):
        if prepared.problem:
            report.skip("unusable", prepared.problem)
        elif prepared.digest in rows:
            report.skip("copies", f"{prepared.song.path}: the same file as {rows[prepared.digest].path}")
        else:
            rows[prepared.digest] = prepared.song
    report.done = len(rows)
    if not rows:
        raise DatasetError(f"no song can be used; give others\n{report}")
    with replacing(out / INDEX) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["digest", "style", "path"])
        writer.writerows([digest, song.style, str(song.path.absolute())] for digest, song in sorted(rows.items()))
    styles = sorted({song.style for song in rows.values()})
    audio = {"sr": settings.sr, "n_fft": settings.n_fft, "n_mels": settings.n_mels}
    common = {"folder": str(out), "styles": styles}
    write_yaml(
        out / OVERLAY,
        {"model": {"params": {"styles": styles, "audio": audio}}, "data": {"params": {"common": common}}},
    )
    return report


def _prepare(out: Path, settings: AudioSettings, song: Song) -> Prepared:
    try:
        with song.path.open("rb") as file:
            digest = hashlib.file_digest(file, "blake2b").hexdigest()[:24]
        path = out / song.style / f"{digest}.npy"
        if not path.exists():
            spectrum = load_audio(song.path, settings, MAX_SECONDS)
            with replacing(path) as temporary, temporary.open("wb") as target:
                np.save(target, spectrum)
        return Prepared(song, digest)
    except AudioError as error:
        return Prepared(song, problem=str(error))
    except OSError as error:
        return Prepared(song, problem=f"{song.path}: {error.strerror}")


def read_index(folder: Path) -> list[tuple[str, Song]]:
    """The songs of a prepared folder with their hashes. Raises DatasetError if it is not one."""
    try:
        with (folder / INDEX).open(encoding="utf-8", newline="") as file:
            return [(row["digest"], Song(Path(row["path"]), row["style"])) for row in csv.DictReader(file)]
    except (OSError, KeyError, TypeError, csv.Error, UnicodeDecodeError) as error:
        raise DatasetError(f"{folder}: not a folder of prepared spectra; run mug prepare-sound -o {folder}") from error
