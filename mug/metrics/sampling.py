"""Samples a model's charts for the songs of references, conditioned on features of each reference."""

import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tqdm import tqdm

from mug.charts.beatmap import Beatmap
from mug.charts.chart_files import files_under, write_chart
from mug.errors import AudioError, ChartError, PromptError
from mug.features import START_TIME, FeatureSpec
from mug.metrics.flags import Answer
from mug.metrics.profile import Profile, profile_of
from mug.metrics.references import Reference
from mug.progress import Progress
from mug.ratings.skillsets import SKILLSETS
from mug.report import Report

FULL = "full"
CHARTS = "charts"


class Generator(Protocol):
    """The part of mug.generation.generator.ChartGenerator used here."""

    spec: FeatureSpec
    keys: int

    def generate(
        self,
        audio: str | Path,
        prompt: Mapping[str, Any],
        *,
        seed: int = ...,
        settings: Any = ...,
        progress: Any = ...,
    ) -> Sequence[Beatmap]:
        """See mug.generation.generator.ChartGenerator.generate."""


@dataclass(frozen=True)
class Sampling:
    """How charts are sampled: the generator's SamplingSettings, None for its own, and the seed of the first chart; the
    next ones have the next.
    """

    settings: Any = None
    seed: int = 0

    def chart(self, generator: Generator, audio: Path, prompt: Mapping[str, Any], number: int) -> Beatmap | None:
        """Return one chart, None if the model wrote no notes. Raises AudioError and PromptError."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*the model wrote no notes")  # counted instead
            try:
                (chart,) = generator.generate(
                    audio,
                    prompt,
                    seed=self.seed + number,
                    settings=self.settings,
                    progress=Progress(),
                )
            except ChartError:
                return None
        return chart


def prompt_for(reference: Reference, names: Sequence[str], spec: FeatureSpec) -> dict[str, Any]:
    """Return the known features of a reference with these names ("full": all features of the model).

    Raises PromptError for a name that the model does not know.
    """
    known = [name for name in spec.names if name != START_TIME]
    for name in names:
        if name not in (*known, FULL):
            raise PromptError(f"--prompt {name}: the model knows {', '.join(known)}; '{FULL}' means all of them")
    wanted = known if FULL in names else [name for name in known if name in names]
    return {name: value for name in wanted if (value := reference.features.get(name)) is not None}


def write_charts(
    generator: Generator,
    references: Sequence[Reference],
    names: Sequence[str],
    sampling: Sampling,
    out: Path | None,
    report: Report,
    tqdm_class: Callable[..., Any] = tqdm,
) -> Iterator[tuple[Reference, Beatmap, dict[str, Any]]]:
    """Yield a chart for each reference and its prompt, and write it to `out`/charts/<folder>/<reference's name>.osu.

    <folder> is the reference's folder, relative to the common parent of all references.

    A chart without notes is yielded and reported but not written. Audio that cannot be decoded, and files left in `out`
    by an earlier evaluation, are reported too.
    """
    written: set[Path] = set()
    root = Path(os.path.commonpath([reference.path.parent.parent for reference in references]))
    for number, reference in enumerate(tqdm_class(references, desc="generating", unit="chart", disable=None)):
        prompt = prompt_for(reference, names, generator.spec)
        assert reference.audio is not None, reference.path  # references without audio were left out before
        try:
            chart = sampling.chart(generator, reference.audio, prompt, number)
        except AudioError as error:
            report.skip("undecodable audio", f"{reference.path}: {error}")
            continue
        if chart is None:
            report.skip("without notes, counted as wrong", f"{reference.path}: the model wrote no notes")
            yield reference, Beatmap(generator.keys, [], []), prompt
            continue
        if out is not None:
            path = out / CHARTS / reference.path.relative_to(root).with_suffix(".osu")
            write_chart(chart, path)
            written.add(path)
        yield reference, chart, prompt
    for path in files_under(out / CHARTS, (".osu",)) if out is not None else ():
        if path not in written:
            report.skip("of an earlier evaluation", f"{path}: already existed; delete it before using --generated")


def ask_for_flags(
    generator: Generator,
    references: Sequence[Reference],
    sampling: Sampling,
    report: Report,
    tqdm_class: Callable[..., Any] = tqdm,
) -> list[Answer]:
    """Sample every reference's song at its star rating with each skillset flag and without, from the same noise.

    Skillset flags that the model does not know are skipped.
    """
    answers: list[Answer] = []
    skillsets = [name for name in SKILLSETS if name in generator.spec.names]
    for number, reference in enumerate(tqdm_class(references, desc="skillset flags", unit="song", disable=None)):
        assert reference.audio is not None, reference.path

        def answer(prompt: Mapping[str, Any], audio: Path = reference.audio, number: int = number) -> Profile:
            chart = sampling.chart(generator, audio, prompt, number)
            return profile_of(chart or Beatmap(generator.keys, [], []))

        stars = {"sr": reference.stars} if "sr" in generator.spec.names else {}
        try:
            without_flag = answer(stars)
            for name in skillsets:
                answers.append(Answer(reference.song, name, answer({**stars, name: True}), without_flag))
        except AudioError as error:
            report.skip("undecodable audio", f"{reference.path}: {error}")
    return answers
