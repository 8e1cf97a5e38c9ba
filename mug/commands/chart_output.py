"""What `mug chart` writes of the charts of a song, and says of them."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from mug.charts.file_names import FILE_LETTERS, chart_name, letters_in, unused_path
from mug.cli import printable
from mug.files import replacing
from mug.generation.loudness import loud_spans
from mug.generation.package import write_package
from mug.generation.recipe import Recipe
from mug.generation.recipe_file import RECIPE, write_recipe
from mug.generation.request import GeneratedChart
from mug.lint.degenerate import degenerate
from mug.lint.finding import Checked, Severity
from mug.lint.rules import lint
from mug.pictures.charts import draw_chart
from mug.ratings.long_notes import ln_ratio

if TYPE_CHECKING:
    from mug.generation.generator import ChartGenerator

TO_CHANGE_THE_TIMING = "To change it, give --bpm and --offset, or --timing_of a chart"


def write_charts(
    args: argparse.Namespace, generator: "ChartGenerator", song: Path, charts: Sequence[GeneratedChart], recipe: Recipe
) -> Path:
    """Write a song's package, recipe and pictures, and print what became of each chart. Return the package's path."""
    package, notes = write_package(args.outdir, charts, song, args.background, args.format)
    write_recipe(recipe, unused_path(args.outdir, package.stem, RECIPE, FILE_LETTERS))
    tqdm.write(str(package))
    for note in notes:
        tqdm.write(printable(note), file=sys.stderr)
    loud = loud_spans(generator.reader.spectrum(song), generator.reader.audio_settings)
    for chart in charts:
        name = chart_name(chart, letters_in(args.outdir, ".png")).removesuffix(".osu")
        picture = unused_path(args.outdir, name, ".png", FILE_LETTERS)
        with replacing(picture) as temporary:
            draw_chart(chart, star_rating=chart.star_rating).save(temporary)
        prompt = json.loads(chart.metadata["AIPrompt"])
        requested = f" (requested {float(prompt['sr']):.2f})" if prompt.get("sr") is not None else ""
        rated = "too dense to be rated" if chart.star_rating is None else f"{chart.star_rating:.2f} stars"
        tqdm.write(
            f"  {chart.version}: {rated}{requested}, {len(chart.notes)} notes, {ln_ratio(chart):.0%} long, "
            f"{tempo_of(chart)}{contained(chart)} -> {picture.name}"
        )
        doubts = [f"{chart.version}: {line}" for line in degenerate(chart, loud)]
        for warning in filter(None, (chart.stars_warning(prompt), *doubts)):
            tqdm.write(f"warning: {printable(warning)}", file=sys.stderr)
        if said := lint_line(chart):
            tqdm.write(f"    lint: {said}")
    if charts[0].timing_note:
        tqdm.write(f"note: {charts[0].timing_note}. {TO_CHANGE_THE_TIMING}", file=sys.stderr)
    return package


def lint_line(chart: GeneratedChart) -> str:
    """Return the rules by which `mug lint` finds problems and warnings in a chart, and how many; "" for none."""
    findings = [
        finding for finding in lint(Checked(chart, chart.star_rating)) if finding.rule.severity != Severity.HINT
    ]
    counts = Counter(finding.rule.id for finding in findings)
    return ", ".join(f"{n} {rule}" for rule, n in counts.items())


def tempo_of(chart: GeneratedChart) -> str:
    """The chart's tempo, or its slowest and fastest."""
    bpms = [point.bpm for point in chart.timing_points]
    ends = dict.fromkeys(f"{bpm:.6g}" for bpm in (min(bpms), max(bpms)))  # without repeats
    return f"{' to '.join(ends)} BPM"


def contained(chart: GeneratedChart) -> str:
    """How much of a chart of a spread the next harder one contains."""
    return "" if chart.in_harder is None else f", {chart.in_harder:.0%} of its moments in the next harder chart"
