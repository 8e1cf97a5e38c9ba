"""Turns songs in folders and packages into a prepared folder: charts as .osu, their files, and beatmap.txt."""

import os
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

from mug.charts.chart_files import CHART_SUFFIXES, OTHER_ARCHIVES, PACKAGE_SUFFIXES
from mug.errors import DatasetError
from mug.parallel import parallel_map
from mug.prepare.chart_list import write_beatmap_txt
from mug.prepare.gather_index import Index, only_run
from mug.prepare.gather_set import LINKS_OUT, SetJob, SetResult, take_set
from mug.prepare.lazer import ADVICE, is_lazer_data
from mug.report import Report, named

PART_FILES = 64
Placed = tuple[Path, Path]  # a file, and where its charts go under the target


@dataclass
class Gathered(Report):
    """The result of a preparation: the prepared folder, and what this run changed."""

    new_sets: int = 0  # sets read in this run; the others are unchanged since an earlier one
    gone_charts: int = 0  # charts in an earlier run's list that are gone now
    without_audio: list[str] = field(default_factory=list)  # messages that name the chart

    def __str__(self) -> str:
        lines = [super().__str__()]
        if not self.new_sets and not self.gone_charts:
            lines.insert(0, "nothing new: no song changed since the last run")
        if self.without_audio:
            lines.append(
                f"{len(self.without_audio)} charts have no audio file: stage 1 trains on them, stage 2 leaves them out"
            )
            lines += named(self.without_audio)
        if self.gone_charts:
            lines.append(f"{self.gone_charts} charts of the last run no longer exist and were removed from the list")
        return "\n".join(lines)


def prepare_beatmap(
    songs: str | Path | Iterable[str | Path],
    out_dir: str | Path,
    keys: int | None = 4,
    tqdm_class: Callable[..., Any] = tqdm,
    jobs: int | None = None,
) -> Gathered:
    """Bring the charts of `songs` with their audio and background to `out_dir`, and list them in beatmap.txt.

    `songs`: folders, packages (.osz, .olz, .qp, .mcz, .smzip, .zip) and charts (.osu, .sm, .ssc, .qua, .mc). Folders
    are searched recursively. .osu files and audio are linked if the disk allows it, else copied; other charts are
    written as .osu. `keys`: the key count to take, None for all. `jobs`: number of processes, None for one per core.
    Sets that are unchanged since an earlier run are not read again. Charts that cannot be used are skipped and
    reported.
    Raises DatasetError for songs that do not exist, or if no chart can be used.
    """
    sources = [Path(songs)] if isinstance(songs, str | Path) else [Path(song) for song in songs]
    for source in sources:
        if not source.exists():
            raise DatasetError(f"{source}: no such folder of songs, package or chart")
    target = Path(out_dir)
    report = Gathered()
    with only_run(target) as (scratch, lock):
        roots = tuple(source.resolve() if source.is_dir() else source.resolve().parent for source in sources)
        placed = [item for source in sources for item in _files(source, target.resolve(), roots, report)]
        grouped = _by_set(placed)
        sets = [SetJob(name, tuple(sorted(grouped[name])), target, scratch, keys, roots) for name in sorted(grouped)]
        index = Index(target, keys)
        results = {job.name: index.unchanged(job) for job in sets}
        new = [job for job in sets if results[job.name] is None]
        # no progress bar if every set is unchanged
        taken = parallel_map(take_set, new, jobs, tqdm_class, lock=lock, desc="songs", unit="set") if new else iter(())
        results.update(zip((job.name for job in new), taken, strict=True))
        done = [(job, result) for job in sets if (result := results[job.name]) is not None]
        report.new_sets, report.gone_charts = len(new), index.charts_without({job.name for job in sets})
        _sum_up((result for _, result in done), report)
        if new or report.gone_charts:
            index.save(done)
        lines = [line for _, result in done for line in result.lines]
        if not lines:
            where = ", ".join(map(str, sources))
            raise DatasetError(f"{where}: no usable chart in there: {Report.__str__(report)}")
        beatmap_txt = target / "beatmap.txt"
        if new or report.gone_charts or not beatmap_txt.is_file():
            write_beatmap_txt(beatmap_txt, lines)
    return report


def _files(source: Path, target: Path, roots: tuple[Path, ...], report: Report) -> Iterator[Placed]:
    """Yield the charts and packages of a source, each with its place: a path for a chart, a folder for a package."""
    if source.is_file():
        home = Path(source.resolve().parent.name)
        if not source.name.lower().endswith((*CHART_SUFFIXES, *PACKAGE_SUFFIXES)):
            raise DatasetError(f"{source}: neither a folder nor a known package or chart")
        yield source, _place(Path(source.name), home)
        return
    home = Path(source.resolve().name)

    def unreadable(error: OSError) -> None:
        report.skip("unreadable", f"{error.filename}: {error.strerror}")

    for folder, folders, names in os.walk(source, onerror=unreadable):
        if is_lazer_data(Path(folder), folders, names):
            report.skip("osu!lazer data", f"{folder}: {ADVICE}")
            folders[:] = [name for name in folders if name == "exports"]
        for name in folders[:]:
            path = Path(folder, name)
            if os.path.islink(path):
                report.skip(
                    "linked folder", f"{path}: links to folders are not followed; give it as a separate folder of songs"
                )
            elif path.resolve() == target:
                folders.remove(name)
        for name in names:
            if not name.lower().endswith((*CHART_SUFFIXES, *PACKAGE_SUFFIXES, *OTHER_ARCHIVES)):
                continue
            file = Path(folder, name)
            relative = file.relative_to(source)
            if any(part.startswith(".") for part in relative.parts):
                report.skip(
                    "hidden", f"{file}: hidden, perhaps left over from an interrupted program; rename it to include it"
                )
            elif name.lower().endswith(OTHER_ARCHIVES):
                report.skip("archive", f"{file}: an unsupported archive; unpack it, and run this again")
            elif os.path.islink(file) and not os.path.exists(file):
                report.skip("broken link", f"{file}: a link to {os.readlink(file)}, which is not there")
            elif os.path.islink(file) and not any(file.resolve().is_relative_to(root) for root in roots):
                target_folder = file.resolve().parent
                report.skip(
                    LINKS_OUT, f"{file}: a link to a file outside the given folders; give {target_folder} as well"
                )
            elif os.path.isfile(file):  # Path.is_file raises in a folder without permission
                yield file, _place(relative, home)


def _place(relative: Path, home: Path) -> Path:
    if relative.suffix.lower() in PACKAGE_SUFFIXES:
        return relative.with_suffix("")
    # charts of a song folder that was given directly have no set folder above them
    return relative if len(relative.parts) > 1 else home / relative


def _by_set(placed: Iterable[Placed]) -> dict[str, list[Placed]]:
    """Group files by the folder that their charts go to; files in a package's folder belong to the package."""
    placed = list(placed)
    packages = {place for file, place in placed if file.suffix.lower() in PACKAGE_SUFFIXES}
    sets: defaultdict[str, list[Placed]] = defaultdict(list)
    for file, place in placed:
        folder = place if place in packages else place.parent
        outer = [parent for parent in folder.parents if parent in packages]
        sets[(outer[-1] if outer else folder).as_posix()].append((file, place))
    return {part: files for name in sets for part, files in _in_parts(name, sets[name])}


def _in_parts(name: str, files: list[Placed]) -> list[tuple[str, list[Placed]]]:
    """Divide a folder of many .osu files, which are independent of each other, among many processes."""
    n_parts = 2 ** (len(files) // PART_FILES).bit_length()
    one_folder = len({file.parent for file, _ in files}) == 1
    if n_parts == 1 or not one_folder or any(file.suffix.lower() != ".osu" for file, _ in files):
        return [(name, files)]
    parts: defaultdict[str, list[Placed]] = defaultdict(list)
    for file, place in files:
        # by name, so that a new file changes one part only
        parts[f"{name}:{zlib.crc32(os.fsencode(file.name)) % n_parts}"].append((file, place))
    return list(parts.items())


def _sum_up(results: Iterable[SetResult], report: Gathered) -> None:
    for result in results:
        report.done += len(result.lines)
        report.without_audio += result.without_audio
        for remark in result.remarks:
            report.remark(remark)
        for kind, message in result.skipped:
            report.skip(kind, message)
