"""Draw a part of a chart anew and keep the rest, vary a chart, or write charts between two.

mug edit chart.osu --from 0:30 --to 0:45
mug edit song.osz --difficulty Hard --from 0:30 1:10 --to 0:45 1:25 --columns 1 2 --count 3
mug edit chart.osu --from 0:30 --to 0:45 --harder 0.5
mug edit chart.osu --strength 0.4 --prompt jumpstream=true
mug edit chart.osu --towards other.osu --count 3

The result is a new difficulty: beside a .osu, or in a copy of a package. The input is never changed.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mug.charts.beatmap import Beatmap
from mug.charts.chart_files import write_chart
from mug.charts.file_names import FILE_LETTERS, chart_name, letters_in, unused_path
from mug.charts.osz import add_charts
from mug.charts.song_files import SongFiles, songs_of, unpacked
from mug.cli import command_parser, printable
from mug.commands.chart import check_paths
from mug.config import shipped_model
from mug.device import add_device_argument
from mug.errors import AudioError, ChartError, PromptError
from mug.generation.edit_names import unused_version, without_stars
from mug.generation.package import write_package
from mug.generation.prompt_files import read_features
from mug.generation.recipe import AudioFile, Editing, ModelName, Recipe, as_read, chart_text
from mug.generation.recipe_file import RECIPE, write_recipe
from mug.generation.region import Region, Span
from mug.generation.request import GeneratedChart
from mug.generation.sampling_options import add_sampling_options, settings_from
from mug.generation.song import Song

Groups = Sequence[tuple[str, list[Path]]]  # of mug.charts.song_files.unpacked

TIME = re.compile(r"(?:(\d+):)?(\d+)(?:[:.](\d{1,3}))?")  # 90, 1:30, 1:30.5, and 01:30:500 of osu!'s editor
WHOLE_STRENGTH = 0.5  # without a part to draw anew


def main(argv: Sequence[str] | None = None) -> None:
    args = build_parser().parse_args(argv)
    outdir = args.chart.parent if args.outdir is None else args.outdir
    prompt, region = read_features(args.prompt), region_of(args)
    others = [] if args.towards is None else [args.towards]
    if others and (region.spans or prompt or args.harder):
        raise PromptError("--towards writes whole charts between two: leave out --from, --to, --prompt and --harder")
    with unpacked([args.chart], _refuse) as groups, unpacked(others, _refuse) as other_groups:
        chart, song = pick(groups, args.chart, args.difficulty)
        audio = args.audio or song.audio
        if audio is None:
            raise AudioError(f"{args.chart}: its audio '{chart.audio_filename}' is not beside it; give --audio")
        check_paths(audio, outdir)
        other = pick(other_groups, args.towards, None)[0] if others else None
        chart = chart if chart.document is not None else as_read(chart)  # in whole milliseconds
        checkpoint = args.checkpoint or shipped_model(chart.keys)
        from mug.generation import ChartGenerator  # imports torch, and before that says how its threads wait
        from mug.generation.beforehand import check_edit
        from mug.generation.generator import own_settings
        from mug.generation.repeating import edits_of

        editing = Editing(
            region,
            prompt,
            args.harder,
            strength_of(args, region),
            None if other is None else chart_text(other),
            args.count,
            args.seed,
            settings_from(args, own_settings(checkpoint)),
        )
        for warning in check_edit(editing, checkpoint, chart):
            print(f"warning: {printable(warning)}", file=sys.stderr)
        generator = ChartGenerator.load(checkpoint, device=args.device)
        model = ModelName(str(checkpoint), generator.fingerprint)
        recipe = Recipe(model, AudioFile.of(audio), Song(), chart_text(chart), (editing,))
        edits = edits_of(generator, audio, chart, editing)
        name_apart(edits, song, outdir if args.chart.suffix.lower() == ".osu" else None)
        written = write_edits(args.chart, outdir, song, edits, audio)
        write_recipe(recipe, unused_path(outdir, written[0].stem, RECIPE, FILE_LETTERS))
        for path in written:
            print(printable(str(path)))
        for edit in edits:
            print(printable(described(edit, chart)))


def region_of(args: argparse.Namespace) -> Region:
    """The region of a command line. Raises PromptError."""
    starts, ends = ([milliseconds(time) for time in times] for times in (args.start, args.end))
    columns = None if args.columns is None else [column - 1 for column in args.columns]
    if len(starts) != len(ends):
        raise PromptError(f"{len(starts)} times --from and {len(ends)} --to: give as many of both")
    if not starts and (columns or args.keep_only):
        raise PromptError("--columns and --keep_only need --from and --to; 0 to 999:00 is the whole song")
    spans = [Span(start, end, columns) for start, end in zip(starts, ends, strict=True)]
    return Region(spans, args.keep_only)


def strength_of(args: argparse.Namespace, region: Region) -> float:
    """How much is to change: as given, or else all of a part, and some of a whole chart."""
    if args.strength is not None:
        return float(args.strength)
    return 1.0 if region.spans else WHOLE_STRENGTH


def milliseconds(time: str) -> float:
    """A time such as 90, 1:30, 1:30.5 or 01:30:500, in ms. Raises PromptError."""
    match = TIME.fullmatch(time.strip())
    if match is None:
        raise PromptError(f"'{time}' is no time; give minutes and seconds, such as 1:30 or 1:30.5")
    minutes, seconds, fraction = match.groups()
    return (
        60_000.0 * int(minutes or 0) + 1000.0 * int(seconds) + 1000.0 * int(fraction or 0) / 10 ** len(fraction or "")
    )


def pick(groups: Groups, path: Path, difficulty: str | None) -> tuple[Beatmap, SongFiles]:
    """A file's or package's chart of that difficulty, with its song. Raises ChartError if it is not the only one."""
    songs = [song for name, paths in groups for song in songs_of(name, paths, _refuse)]
    charts = [(chart, song) for song in songs for chart in song.charts]
    found = [pair for pair in charts if difficulty is None or difficulty.casefold() == pair[0].version.casefold()]
    if not charts:
        raise ChartError(f"{path}: no charts in it")
    if len(found) != 1:
        names = ", ".join(f"'{chart.version}'" for chart, _ in charts)
        unknown = "" if found or difficulty is None else f"no chart '{difficulty}'; "
        raise ChartError(f"{path}: {unknown}its charts are {names}: give one of them, with --difficulty")
    return found[0]


def name_apart(edits: Sequence[GeneratedChart], song: SongFiles, beside: Path | None) -> None:
    """Number the edits on from those that the song has. beside: the folder that they are written into as .osu files."""
    taken = without_stars([known.version for known in song.charts])

    def is_taken(version: str) -> bool:
        return version in taken or (beside is not None and osu_file(replace(edit, version=version), beside).exists())

    for edit in edits:
        edit.version = unused_version(edit.version, is_taken)
        taken.add(edit.version)


def osu_file(chart: Beatmap, folder: Path) -> Path:
    """The file that a chart is written to."""
    return folder / chart_name(chart, letters_in(folder, ".osu"))


def write_edits(
    source: Path, outdir: Path, song: SongFiles, edits: Sequence[GeneratedChart], audio: Path
) -> list[Path]:
    """Write the edits beside a .osu, into a copy of an .osz, or else with the song's charts into a new .osz."""
    if source.suffix.lower() == ".osu":
        paths = []
        for edit in edits:
            paths.append(unused_path(outdir, osu_file(edit, outdir).stem, ".osu", FILE_LETTERS))
            outdir.mkdir(parents=True, exist_ok=True)
            write_chart(edit, paths[-1])
        return paths
    if source.suffix.lower() == ".osz":
        path = unused_path(outdir, source.stem, ".osz", FILE_LETTERS)
        add_charts(source, path, edits)
        return [path]
    path, _ = write_package(outdir, [*song.charts, *edits], audio, song.background)
    return [path]


def described(edit: GeneratedChart, chart: Beatmap) -> str:
    """A line on an edit: what it is like, and how many of its notes are the chart's own."""
    rated = "too dense to be rated" if edit.star_rating is None else f"{edit.star_rating:.2f} stars"
    kept = len(set(edit.notes) & set(chart.notes))
    return f"  {edit.version}: {rated}, {len(edit.notes)} notes, {kept} of the {len(chart.notes)} as they were"


def _refuse(error: ChartError) -> None:
    raise error


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("edit", __doc__)
    files = parser.add_argument_group("files")
    files.add_argument("chart", type=Path, metavar="CHART", help="a chart (.osu, .sm, .ssc, .qua, .mc) or a package")
    files.add_argument("--difficulty", help="which chart, if there are several")
    files.add_argument("--audio", type=Path, help="the song (default: the chart's own, beside it or in its package)")
    files.add_argument("-o", "--outdir", type=Path, help="folder for the result (default: that of the chart)")
    files.add_argument(
        "--checkpoint",
        type=Path,
        help="a stage 2 run's .ckpt, or a model folder (default: the shipped model of the chart's key count)",
    )
    part = parser.add_argument_group("which part")
    part.add_argument("--from", dest="start", nargs="+", default=[], metavar="TIME", help="where parts begin: 1:30.5")
    part.add_argument("--to", dest="end", nargs="+", default=[], metavar="TIME", help="where they end")
    part.add_argument("--columns", type=int, nargs="+", help="only these columns, from 1 on the left (default: all)")
    part.add_argument("--keep_only", action="store_true", help="keep these parts, and draw all the rest anew")
    wanted = parser.add_argument_group("how")
    wanted.add_argument(
        "--strength",
        type=float,
        help="how much of the part changes: from 0, nothing, to 1, all new (default 1; without a part "
        f"{WHOLE_STRENGTH:g})",
    )
    wanted.add_argument(
        "--prompt",
        nargs="+",
        default=[],
        metavar="KEY=VALUE | FILE.yaml",
        help="features in place of the chart's own, such as jumpstream=true ln_ratio=0.3",
    )
    wanted.add_argument(
        "--harder", type=float, default=0.0, metavar="STARS", help="stars to add there, such as 0.5, or -0.5 for easier"
    )
    wanted.add_argument("--towards", type=Path, help="another chart of the song: write charts between the two")
    wanted.add_argument("--count", type=int, default=1, help="how many to write (default 1)")
    wanted.add_argument("--seed", type=int, default=0, help="the same seed gives the same edit (default 0)")
    sampling = parser.add_argument_group("sampling")
    add_sampling_options(sampling)
    add_device_argument(sampling)
    return parser
