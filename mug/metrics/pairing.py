"""Matches generated charts to human charts, for two folders of .osu files."""

import json
from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

from mug.charts.beatmap import Beatmap
from mug.charts.chart_files import files_under
from mug.charts.osu import read_osu
from mug.errors import ChartError, DatasetError
from mug.metrics.references import Reference
from mug.ratings.stars import star_rating_or_none
from mug.report import Report

HOW = "by folder and file name; else by the audio file that a chart names (any extension) and the closest stars"
MAX_PROMPT = 10_000  # characters
MAX_NUMBER = 1e6


def pairs_in(folder: Path, references: Sequence[Reference]) -> tuple[list[tuple[Reference, Beatmap]], Report]:
    """Find the reference of each .osu file under a folder, as HOW says, and report which were skipped and why.

    The star rating is that of the chart's prompt (AIPrompt) if given, else its own. If several songs have the same
    audio name, the chart's folder must have the same name as the reference's. Raises DatasetError if no chart has a
    reference.
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder of generated charts")
    report = Report()
    pairs: list[tuple[Reference, Beatmap]] = []
    by_name: dict[tuple[str, str], list[Reference]] = {}
    for reference in references:
        by_name.setdefault((reference.path.parent.name, reference.path.stem), []).append(reference)
    for path in files_under(folder, (".osu",)):
        try:
            chart = read_osu(path)
        except ChartError as error:
            report.skip("unusable", str(error))
            continue
        named = by_name.get((path.parent.name, path.stem))
        found = _by_folders(path, named) if named else _by_audio(path, chart, references, report)
        if found is None:
            continue
        if found.chart.keys != chart.keys:
            report.skip("other key count", f"{path}: {chart.keys}K, its reference {found.path} has {found.chart.keys}")
            continue
        pairs.append((found, chart))
    report.done = len(pairs)
    if not pairs:
        raise DatasetError(f"{folder}: no chart has a reference; they are found {HOW}\n{report}")
    return pairs, report


def prompt_of(chart: Beatmap) -> dict[str, Any]:
    """Return the prompt stored in a chart (AIPrompt), {} if there is no valid one."""
    text = chart.metadata.get("AIPrompt", "")
    try:
        prompt = json.loads(text) if len(text) <= MAX_PROMPT else {}
    except (ValueError, RecursionError):
        return {}
    if not isinstance(prompt, Mapping):
        return {}
    return {name: value for name, value in prompt.items() if _is_plain(name, value)}


def _is_plain(name: str, value: Any) -> bool:
    """Whether a value is valid in a prompt: a finite number, a name or a flag; for the star rating only a number."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return abs(value) < MAX_NUMBER  # NaN is not
    return isinstance(value, (str, bool)) and name != "sr"


def _by_folders(path: Path, references: Sequence[Reference]) -> Reference:
    """The reference with the chart's file name whose parent folders match the chart's best."""

    def alike(reference: Reference) -> int:
        pairs = zip(reversed(path.parts[:-1]), reversed(reference.path.parts[:-1]), strict=False)
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

    return max(references, key=alike)


def _by_audio(path: Path, chart: Beatmap, references: Sequence[Reference], report: Report) -> Reference | None:
    name = Path(chart.audio_filename).stem.casefold()
    same = [r for r in references if Path(r.chart.audio_filename).stem.casefold() == name]
    if len({reference.song for reference in same}) > 1:
        here = [reference for reference in same if reference.path.parent.name == path.parent.name]
        if not here:
            report.skip(
                "ambiguous",
                f"{path}: several songs have an audio file '{chart.audio_filename}'; put the chart into a folder with "
                "the name of its reference's folder",
            )
            return None
        same = here
    if not same:
        report.skip("without reference", f"{path}: no reference names the audio file '{chart.audio_filename}'")
        return None
    requested = prompt_of(chart).get("sr")
    stars = float(requested) if isinstance(requested, (int, float)) else star_rating_or_none(chart) or 0.0
    return min(same, key=lambda reference: (abs(reference.stars - stars), str(reference.path)))
