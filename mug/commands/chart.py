"""Write charts for a song: song + prompt -> an .osz, and a picture of each chart.

mug chart --audio song.mp3 --prompt sr=3.5
mug chart --audio song.mp3 --prompt configs/mapping_config/stream.yaml sr=5 --count 3
mug chart --audio song.mp3 --prompt_dir configs/mapping_config
mug chart --audio song.mp3 --spread 1.5 2.5 3.5 4.5
mug chart --audio ~/Music/album another.mp3 --prompt sr=3
mug chart --checkpoint logs/<run>/checkpoints/last.ckpt --audio song.mp3 --prompt sr=4.2 ln=true
"""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from mug.charts import chart_files
from mug.charts.beatmap import TimingPoint
from mug.charts.file_names import FILE_LETTERS, chart_name, letters_in, unused_path
from mug.charts.osz import PACKED_AS
from mug.charts.playability import JACK_INTERVAL_MS
from mug.cli import add_earlier_names, command_parser, printable
from mug.config import SHIPPED_MODEL
from mug.device import add_device_argument
from mug.errors import AudioError, ConfigError, MugError, PromptError
from mug.files import replacing
from mug.generation.charted import Charted
from mug.generation.loudness import loud_spans
from mug.generation.package import polished, write_package
from mug.generation.prompt_files import read_features, read_prompts, read_spread
from mug.generation.request import GeneratedChart
from mug.generation.sampling_options import add_sampling_options, settings_from
from mug.generation.song import Song
from mug.lint.degenerate import degenerate
from mug.lint.finding import Checked, Severity
from mug.lint.rules import lint
from mug.pictures.background import check_background
from mug.pictures.charts import draw_chart
from mug.prepare.beside import AUDIO_SUFFIXES
from mug.progress import Progress, progress_bar
from mug.ratings.long_notes import ln_ratio
from mug.report import named

if TYPE_CHECKING:
    from mug.generation.generator import ChartGenerator

TO_CHANGE_THE_TIMING = "To change it, give --bpm and --offset, or --timing_of a chart"
OF_ONE_SONG = ("audio_title", "audio_artist", "bpm", "offset", "timing_of")


def main(argv: Sequence[str] | None = None) -> None:
    """Write the charts of every song, and print each chart's features beside the requested ones."""
    args = build_parser().parse_args(argv)
    songs = songs_among(args.audio)
    several = len(songs) > 1 or args.audio[0].is_dir()
    check_paths(None if several else songs[0], args.outdir, args.background)
    if several and (given := [name for name in OF_ONE_SONG if getattr(args, name) is not None]):
        raise ConfigError(f"--{given[0]} belongs to one song, but --audio names {len(songs)}: leave it out")
    if args.spread and (args.prompt_dir is not None or args.count != 1):
        raise PromptError("--spread says which charts are written: leave out --prompt_dir and --count")
    prompts = read_spread(args.prompt, args.spread) if args.spread else read_prompts(args.prompt, args.prompt_dir)
    negative_prompt = read_features(args.negative_prompt)
    timing_points = read_timing(args.timing_of, songs[0])
    known = Song(args.audio_title, args.audio_artist, args.bpm, args.offset, timing_points)
    if timing_points:
        from mug.timing.misfit import misfit  # imports librosa

        if doubt := misfit(args.timing_of, timing_points, songs[0]):
            print(f"warning: {printable(doubt)}", file=sys.stderr)
    from mug.generation.generator import ChartGenerator  # imports torch

    generator = ChartGenerator.load(args.checkpoint, device=args.device)
    if args.keys not in (None, generator.keys):
        wanted = f"{args.keys}K needs a model trained on {args.keys}K charts"
        raise PromptError(f"this model writes {generator.keys}K charts; {wanted}")
    for prompt in (*prompts.values(), negative_prompt):
        generator.spec.check(prompt)
    common: dict[str, Any] = {
        "seed": args.seed,
        "song": known,
        "settings": settings_from(args, generator.settings),
        "snap": not args.no_snap,
        "jack_interval_ms": args.jack_interval,
        "negative_prompt": negative_prompt,
    }

    def charts_of(song: Path, progress: Progress) -> list[GeneratedChart]:
        if args.spread:
            return generator.spread(song, list(prompts.values()), progress=progress, **common)
        charts = []
        for name, prompt in prompts.items():
            for chart in generator.generate(song, prompt, count=args.count, progress=progress, **common):
                chart.version = f"{chart.version} {name}".strip()
                charts.append(chart)
        return charts

    samples = len(prompts) * args.count * common["settings"].ensemble  # of a song
    if not several:
        with progress_bar("charting") as progress:
            progress.expect(samples)
            charts = charts_of(songs[0], progress)
        write_charts(args, generator, songs[0], charts)
        return
    asked = {**vars(args), "audio": None, "outdir": None, "model": common["settings"]}
    done = Charted(args.outdir, {name: repr(value) for name, value in asked.items()})
    todo = [song for song in songs if not done.has(song)]
    failed: list[str] = []
    with progress_bar(f"charting {len(todo)} songs") as progress:
        progress.expect(samples * len(todo))
        for song in todo:
            before = progress.done
            try:
                package = write_charts(args, generator, song, charts_of(song, progress))
                done.add(song, package)
            except MugError as error:
                failed.append(str(error))
                tqdm.write(f"error: {printable(str(error))}", file=sys.stderr)
            progress.skip_to(before + samples)
    print(f"{len(todo) - len(failed)} songs charted, {len(songs) - len(todo)} there already, {len(failed)} failed")
    if failed:
        print("\n".join(named([printable(message) for message in failed])), file=sys.stderr)
        raise SystemExit(1)


def songs_among(paths: Sequence[Path]) -> list[Path]:
    """Return the files, and the audio files anywhere in the folders, in order. Raises AudioError for an empty one."""
    songs: list[Path] = []
    for path in paths:
        inside = [path]
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*") if file.suffix.lower() in AUDIO_SUFFIXES)
            if not inside:
                raise AudioError(f"{path}: no songs in this folder; known are {', '.join(AUDIO_SUFFIXES)}")
        songs += [file for file in inside if file not in songs]
    return songs


def write_charts(
    args: argparse.Namespace, generator: "ChartGenerator", song: Path, charts: Sequence[GeneratedChart]
) -> Path:
    """Write a song's package and pictures, and print what became of each chart. Return the package's path."""
    spectrum = generator.reader.spectrum(song)
    charts = polished(charts, spectrum, generator.reader.audio_settings)
    package, notes = write_package(args.outdir, charts, song, args.background, args.format)
    tqdm.write(str(package))
    for note in notes:
        tqdm.write(printable(note), file=sys.stderr)
    loud = loud_spans(spectrum, generator.reader.audio_settings)
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


def check_paths(audio: Path | None, outdir: Path, background: Path | None = None) -> None:
    """Raise an error for a missing song or background or an unusable output folder, before a model is loaded."""
    if background is not None:
        check_background(background)
    if audio is not None and audio.is_dir():
        raise AudioError(f"{audio}: a folder; give the song itself")
    if audio is not None and not audio.exists():
        raise AudioError(f"{audio}: no such audio file")
    there = next(path for path in (outdir.absolute(), *outdir.absolute().parents) if path.exists())
    if not there.is_dir():
        raise ConfigError(f"{outdir}: {there} is a file; name a folder as --outdir")
    if not os.access(there, os.W_OK):
        raise ConfigError(f"{outdir}: {there} cannot be written to; name another folder as --outdir")


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("chart", __doc__)
    files = parser.add_argument_group("files")
    files.add_argument(
        "--checkpoint",
        type=Path,
        default=SHIPPED_MODEL,
        help=f"a stage 2 run's .ckpt, or a model folder (default: {SHIPPED_MODEL}, which writes 4K)",
    )
    files.add_argument(
        "--audio",
        type=Path,
        nargs="+",
        required=True,
        metavar="SONG | FOLDER",
        help="songs, up to 6 hours: mp3, ogg, wav, flac, m4a..., or folders of them; run again, those that are in the "
        "output folder are skipped",
    )
    files.add_argument(
        "--outdir",
        type=Path,
        default=Path("outputs"),
        help="folder for the package and the pictures (default: %(default)s)",
    )
    files.add_argument("--background", type=Path, help="a PNG or JPEG (default: one with the song's name is drawn)")
    files.add_argument(
        "--format",
        choices=[suffix.removeprefix(".") for suffix in PACKED_AS],
        default="osz",
        help="package: osu! (osz), Quaver (qp), Malody (mcz) or StepMania (smzip); default osz",
    )
    names = "(default: the audio's tags, else its file name; for song.mp3 and the like, its folder's)"
    files.add_argument("--audio_title", help=f"the song's title {names}")
    files.add_argument("--audio_artist", help="the song's artist (default: as for the title)")
    wanted = parser.add_argument_group("what to write")
    wanted.add_argument(
        "--prompt",
        nargs="+",
        default=[],
        metavar="KEY=VALUE | FILE.yaml",
        help="features of configs/mug/mania_beatmap_features.yaml, such as sr=4.2 ln_ratio=0.3 stream=true, or files "
        "of them; later values win, features not given are left to the model",
    )
    wanted.add_argument(
        "--prompt_dir", type=Path, help="a folder of prompt files; each makes a difficulty of the package"
    )
    wanted.add_argument(
        "--spread",
        type=float,
        nargs="+",
        default=[],
        metavar="STARS",
        help="a difficulty for each star rating, such as 1.5 2.5 3.5 4.5, named Easy, Normal, Hard and so on; harder "
        "ones contain most moments of easier ones",
    )
    wanted.add_argument(
        "--negative_prompt",
        nargs="+",
        default=[],
        metavar="KEY=VALUE | FILE.yaml",
        help="features that the charts should not have, such as jackspeed=true; needs --guidance above 1",
    )
    count = wanted.add_argument("--count", type=int, default=1, help="charts per prompt (default 1)")
    add_earlier_names(wanted, count, "--n_samples")
    wanted.add_argument("--seed", type=int, default=0, help="the same seed gives the same chart (default 0)")
    wanted.add_argument("--keys", type=int, help="key count; an error if the model writes another")
    sampling = parser.add_argument_group("sampling")
    add_sampling_options(sampling)
    add_device_argument(sampling)
    timing = parser.add_argument_group("timing and clean-up")
    timing.add_argument("--bpm", type=float, help="the song's tempo (default: fitted to the notes)")
    timing.add_argument("--offset", type=float, help="ms at which a measure starts (default: fitted to the notes)")
    timing.add_argument(
        "--timing_of", type=Path, help="a chart of the same song (.osu, .sm, .ssc, .qua or .mc) whose timing is used"
    )
    timing.add_argument("--no_snap", action="store_true", help="leave notes where the model put them")
    timing.add_argument(
        "--jack_interval",
        type=float,
        default=JACK_INTERVAL_MS,
        help="minijacks: of two notes in a column closer than this many ms, one moves (default %(default)g)",
    )
    return parser


def read_timing(path: Path | None, audio: Path | None = None) -> list[TimingPoint] | None:
    """Return a chart file's tempo changes, at times of the decoded audio; None if no file is given."""
    return None if path is None else chart_files.read_timing(path, audio)
