"""Compare a model's charts with human ones: are the notes where people put them, is the chart as hard as requested, ...

    # the held-out songs of a dataset, at each chart's own star rating and share of long notes
    mug evaluate --checkpoint logs/<run>/checkpoints/last.ckpt --beatmap_txt data/mine/beatmap.txt

    # real songs with charts beside their audio, without a dataset; two charts of each
    mug evaluate --checkpoint models/mug-mini --songs ~/osu/Songs --max_charts_per_song 2 --out eval

    # existing charts (kept by --out, or by another program)
    mug evaluate --generated eval/charts --reference ~/osu/Songs

    # no model: what other humans, librosa and random notes reach on these songs
    mug evaluate --songs ~/osu/Songs

    # does it follow skillset flags? requests each, at each song's star rating
    mug evaluate --checkpoint models/mug-mini --songs ~/osu/Songs --flags

Generated charts are matched to their references by folder and file name, or else by the audio file that a chart names
(any extension) and the closest star rating. Every figure has a 95 % bootstrap interval over songs. The baselines are
another human's chart of the same song with the closest stars (the ceiling), librosa's strongest onsets, and random
notes, both as many as in the human's chart. --out keeps the charts, report.json, report.md (for a model card) and plots
(with matplotlib: pip install 'mug[plots]'). docs/metrics.md explains every figure.
"""

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tqdm import tqdm

from mug import cli
from mug.charts.osu import read_osu
from mug.cli import command_parser
from mug.data.chart_offset import ChartOffset
from mug.data.split import SPLIT_KEYS, SPLITS, SplitSpec
from mug.device import add_device_argument
from mug.errors import ChartError, ConfigError, MugError
from mug.files import replacing
from mug.generation.sampling_options import add_sampling_options, settings_from
from mug.metrics import report as reports
from mug.metrics.bands import band_rows
from mug.metrics.contest import GENERATED, HUMAN, Contest
from mug.metrics.duplicates import TrainingCharts
from mug.metrics.flags import obedience
from mug.metrics.pairing import pairs_in, prompt_of
from mug.metrics.reference_offsets import offsets_json, offsets_text, reference_offsets
from mug.metrics.references import Reference, chosen, references_in, references_of
from mug.metrics.sampling import Sampling, ask_for_flags, write_charts
from mug.metrics.scoreboard import Summary, summary_of
from mug.prepare.chart_list import beatmap_paths
from mug.report import Report


def main(argv: Sequence[str] | None = None) -> None:
    argv = sys.argv[1:] if argv is None else argv
    args = build_parser().parse_args(argv)
    check_sources(args)
    generator = load_generator(args)
    report = Report()
    everyone = read_references(args, generator, report)
    if args.generated is not None:
        pairs, found = pairs_in(args.generated, everyone)
        report.skipped += found.skipped
        references = list({reference.path: reference for reference, _ in pairs}.values())
    else:
        references = chosen(everyone, args.max_charts_per_song, args.limit)
    offsets = reference_offsets(references, everyone)
    contest = Contest(None if generator is None else generator.encode, args.seed, offsets)
    if args.generated is not None:
        for reference, chart in tqdm(pairs, desc="measuring", unit="chart", disable=None):
            contest.enter(GENERATED, reference, chart, {"sr": reference.stars, **prompt_of(chart)})
    elif generator is not None:
        written = write_charts(generator, references, args.prompt, sampling_of(args, generator), args.out, report)
        references = []  # leaves undecodable audio out of the baselines too
        for reference, chart, prompt in written:
            contest.enter(GENERATED, reference, chart, prompt)
            references.append(reference)
    contest.enter_baselines(references, everyone)
    answers = []
    if args.flags:
        answers = ask_for_flags(generator, chosen(references, 1, None), sampling_of(args, generator), report)
    training = read_training_charts(args, references, report)
    summaries = {name: summarised(name, pairs, training, args.seed) for name, pairs in contest.pairs.items()}
    report.skipped += contest.report.skipped
    report.done = len(references)
    offsets = {reference.path: offsets[reference.path] for reference in references if reference.path in offsets}
    command = shlex.join(["mug", "evaluate", *argv])
    show_and_keep(args, command, summaries, obedience(answers, args.seed), offsets, report)


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("evaluate", __doc__)
    what = parser.add_argument_group("what is evaluated")
    what.add_argument(
        "--checkpoint",
        help="a stage 2 run's .ckpt, or a model folder; without it only baselines; with --generated only for latents",
    )
    what.add_argument("--beatmap_txt", type=Path, help="a prepared dataset, with features.db beside it")
    what.add_argument(
        "--songs", type=Path, nargs="+", help="folders of songs with .osu charts beside their audio, at any depth"
    )
    what.add_argument("--generated", type=Path, help="a folder of existing generated .osu files")
    what.add_argument("--reference", type=Path, help="the folder of the human charts for --generated")
    what.add_argument(
        "--split", choices=(*SPLITS, "all"), default="test", help="split of --beatmap_txt (default: test)"
    )
    what.add_argument("--valid_fraction", type=float, help="as in training (default: from the checkpoint)")
    what.add_argument("--test_fraction", type=float, help="as in training (default: from the checkpoint)")
    what.add_argument("--split_salt", help="as in training (default: from the checkpoint)")
    what.add_argument("--keys", type=int, help="key count (default: the model's, else that of the first chart)")
    what.add_argument(
        "--max_charts_per_song", type=positive, help="spread over the difficulties; 1 takes the middle one"
    )
    what.add_argument("--limit", type=positive, help="charts in total")
    what.add_argument("--training_charts", type=Path, help="beatmap.txt of the training, to find near-duplicates")
    what.add_argument("--flags", action="store_true", help="also request each skillset: 8 more charts per song")
    how = parser.add_argument_group("how charts are sampled")
    how.add_argument(
        "--prompt",
        nargs="+",
        default=["sr", "ln_ratio"],
        metavar="FEATURE",
        help="features of the reference to put into the prompt; 'full' for all (default: sr ln_ratio)",
    )
    add_sampling_options(how)
    how.add_argument("--seed", type=int, default=0, help="seed of charts, baselines and intervals (default: 0)")
    add_device_argument(how)
    parser.add_argument("-o", "--out", type=Path, help="folder for charts/, report.json, report.md and plots")
    return parser


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of at least 1")
    return int(text)


def check_sources(args: argparse.Namespace) -> None:
    """Raise ConfigError if it is not clear what to evaluate."""
    if sum(source is not None for source in (args.beatmap_txt, args.songs, args.generated)) != 1:
        raise ConfigError("give one of --beatmap_txt, --songs, and --generated with --reference; see --help")
    if (args.generated is None) != (args.reference is None):
        raise ConfigError(
            "--generated and --reference belong together: the generated charts, and the human charts of the songs"
        )
    if args.flags and (args.checkpoint is None or args.generated is not None):
        raise ConfigError("--flags samples charts from a model: give --checkpoint with --songs or --beatmap_txt")
    if args.beatmap_txt is not None and args.checkpoint is None:
        raise ConfigError("--beatmap_txt needs --checkpoint, which says how the set is split; --songs does without")
    for name in SPLIT_KEYS:
        if args.beatmap_txt is None and getattr(args, name) is not None:
            raise ConfigError(f"--{name} says how --beatmap_txt is split; other charts are all used")
    for name in ("max_charts_per_song", "limit"):
        if args.generated is not None and getattr(args, name) is not None:
            raise ConfigError(f"--{name} says which charts are sampled; those in --generated are all measured")
    if args.seed < 0:
        raise ConfigError(f"--seed {args.seed}: give a whole number from 0 on")


def sampling_of(args: argparse.Namespace, generator: Any) -> Sampling:
    """Return the sampling settings, and store the model's defaults in `args` for the report."""
    settings = settings_from(args, generator.settings)
    vars(args).update(asdict(settings))
    return Sampling(settings, args.seed)


def load_generator(args: argparse.Namespace) -> Any:
    if args.checkpoint is None:
        return None
    from mug.generation.generator import (
        ChartGenerator,  # imported here: torch takes seconds, and comparing folders does not need it
    )

    return ChartGenerator.load(args.checkpoint, args.device)


def read_references(args: argparse.Namespace, generator: Any, report: Report) -> list[Reference]:
    """Return all usable reference charts, and report the others."""
    keys = args.keys if generator is None else generator.keys
    if args.beatmap_txt is not None:
        splits = SPLITS if args.split == "all" else (args.split,)
        references, found = references_of(args.beatmap_txt, generator.spec, keys, splits, division_of(args))
    else:
        folders = args.songs or [args.reference]
        references, found = references_in(folders, keys, needs_audio=args.generated is None)
    report.skipped += found.skipped
    return references


def division_of(args: argparse.Namespace) -> SplitSpec:
    """How training divided its song sets: from the options, else the checkpoint, else the default.

    Raises ConfigError if it matters and neither the options nor the model folder say so.
    """
    from mug.checkpoints.trained_model import naming_config, read_model
    from mug.model.weights import is_model_folder

    said = {key: getattr(args, key) for key in SPLIT_KEYS if getattr(args, key) is not None}
    with naming_config(args.checkpoint):
        common: dict[str, Any] = read_model(args.checkpoint)[1].get("data", {}).get("params", {}).get("common", {})
        known = {**common, **said}
        division = SplitSpec.from_params(known)
    if (
        args.split != "all"
        and is_model_folder(args.checkpoint)
        and not {"valid_fraction", "test_fraction"} <= known.keys()
    ):
        raise ConfigError(
            f"{args.checkpoint}: this model folder does not say how its training split the songs, so test songs "
            "could be training songs: give --valid_fraction and --test_fraction (and --split_salt) of the training, "
            "or use the run's .ckpt"
        )
    return division


def read_training_charts(
    args: argparse.Namespace, references: list[Reference], report: Report
) -> TrainingCharts | None:
    """Read the charts of --training_charts, except those of evaluated songs."""
    if args.training_charts is None:
        return None
    evaluated = {reference.path.parent.resolve() for reference in references}
    charts = []
    for path in tqdm(beatmap_paths(args.training_charts), desc="training charts", unit="chart", disable=None):
        if path.parent.resolve() in evaluated:
            continue
        try:
            charts.append((str(path), read_osu(path)))
        except ChartError as error:
            report.skip("unusable training chart", str(error))
    return TrainingCharts(charts)


def summarised(name: str, pairs: list[Any], training: TrainingCharts | None, seed: int) -> Summary:
    """Aggregate the pairs of one source; baselines are not searched for copies of training charts."""
    overlaps = None
    if training is not None and name in (GENERATED, HUMAN):
        charts = tqdm([pair.estimated.chart for pair in pairs], desc=f"copies, {name}", unit="chart", disable=None)
        overlaps = [training.nearest(chart).overlap for chart in charts]
    return summary_of(pairs, overlaps, seed)


def show_and_keep(
    args: argparse.Namespace,
    command: str,
    summaries: dict[str, Summary],
    flags: dict[str, Any],
    offsets: dict[Path, ChartOffset],
    report: Report,
) -> None:
    """Print the tables, and write the files of --out."""
    print(reports.text_table(reports.rows_of(summaries)))
    print(reports.FOOT)
    print(f"\n{reports.text_table(reports.level_rows(summaries))}")
    print(f"\n{reports.text_table(band_rows(summaries))}")
    if flags:
        print(f"\n{reports.text_table(reports.obedience_rows(flags))}")
    notes = f"{offsets_text(offsets.values())}\n{report}"
    print(cli.printable(f"\n{notes}"))
    if args.out is None:
        return
    args.out.mkdir(parents=True, exist_ok=True)
    about = {
        "command": command,
        "settings": reports.settings_of(args),
        "versions": reports.versions_of(args.checkpoint),
        "reference_offsets": offsets_json(offsets),
    }
    everything = reports.as_json(summaries, flags, about, report.skipped)
    with replacing(args.out / "report.json") as temporary:
        temporary.write_text(json.dumps(everything, indent=1, ensure_ascii=False, default=float), encoding="utf-8")
    with replacing(args.out / "report.md") as temporary:
        temporary.write_text(reports.markdown(summaries, flags, command, notes), encoding="utf-8")
    try:
        from mug.metrics.plots import write_plots
    except MugError as error:
        print(f"no plots: {error}")
    else:
        write_plots(summaries, args.out)
    print(cli.printable(f"written: {args.out}"))
