"""Write charts for a song: song + prompt -> an .osz, and a picture of each chart.

mug chart --audio song.mp3 --prompt sr=3.5
mug chart --audio song.mp3 --prompt configs/mapping_config/stream.yaml sr=5 --count 3
mug chart --audio song.mp3 --prompt_dir configs/mapping_config
mug chart --audio song.mp3 --spread 1.5 2.5 3.5 4.5
mug chart --checkpoint logs/<run>/checkpoints/last.ckpt --audio song.mp3 --prompt sr=4.2 ln=true
"""

import argparse
import json
import os
import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from mug.charts import chart_files
from mug.charts.beatmap import TimingPoint
from mug.charts.file_names import FILE_LETTERS, chart_name, letters_in, unused_path
from mug.charts.osz import PACKED_AS
from mug.charts.playability import JACK_INTERVAL_MS
from mug.cli import add_earlier_names, command_parser, printable
from mug.config import SHIPPED_MODEL, find_file
from mug.device import add_device_argument
from mug.errors import AudioError, ConfigError, PromptError
from mug.files import replacing
from mug.generation.loudness import loud_spans
from mug.generation.package import polished, write_package
from mug.generation.prompt_distance import STARS
from mug.generation.request import GeneratedChart
from mug.generation.sampling_options import add_sampling_options, settings_from
from mug.generation.song import Song
from mug.lint.degenerate import degenerate
from mug.lint.finding import Checked, Severity
from mug.lint.rules import lint
from mug.pictures.charts import draw_chart
from mug.ratings.long_notes import ln_ratio


def main(argv: Sequence[str] | None = None) -> None:
    """Write a song's charts for every prompt, and print each chart's features beside the requested ones."""
    args = build_parser().parse_args(argv)
    check_paths(args.audio, args.outdir, args.background)
    from mug.generation.generator import ChartGenerator  # imports torch
    from mug.timing.misfit import misfit  # imports librosa

    prompts = read_spread(args) if args.spread else read_prompts(args.prompt, args.prompt_dir)
    negative_prompt = read_features(args.negative_prompt)
    song = Song(
        title=args.audio_title,
        artist=args.audio_artist,
        bpm=args.bpm,
        offset_ms=args.offset,
        timing_points=read_timing(args.timing_of, args.audio),
    )
    if song.timing_points and (doubt := misfit(args.timing_of, song.timing_points, args.audio)):
        print(f"warning: {printable(doubt)}", file=sys.stderr)
    generator = ChartGenerator.load(args.checkpoint, device=args.device)
    if args.keys not in (None, generator.keys):
        wanted = f"{args.keys}K needs a model trained on {args.keys}K charts"
        raise PromptError(f"this model writes {generator.keys}K charts; {wanted}")
    for prompt in (*prompts.values(), negative_prompt):
        generator.spec.check(prompt)
    settings = settings_from(args, generator.settings)
    charts: list[GeneratedChart] = []
    prompt_of_each: list[dict[str, Any]] = []
    if args.spread:
        charts = generator.spread(
            args.audio,
            list(prompts.values()),
            seed=args.seed,
            song=song,
            settings=settings,
            snap=not args.no_snap,
            jack_interval_ms=args.jack_interval,
            negative_prompt=negative_prompt,
        )
        prompt_of_each = [json.loads(chart.metadata["AIPrompt"]) for chart in charts]
    for name, prompt in {} if args.spread else prompts.items():
        written = generator.generate(
            args.audio,
            prompt,
            count=args.count,
            seed=args.seed,
            song=song,
            settings=settings,
            snap=not args.no_snap,
            jack_interval_ms=args.jack_interval,
            negative_prompt=negative_prompt,
        )
        for chart in written:
            chart.version = f"{chart.version} {name}".strip()
        charts += written
        prompt_of_each += [prompt] * len(written)

    spectrum = generator.reader.spectrum(args.audio)
    charts = polished(charts, spectrum, generator.reader.audio_settings)
    package, notes = write_package(args.outdir, charts, args.audio, args.background, args.format)
    print(package)
    for note in notes:
        print(printable(note), file=sys.stderr)
    loud = loud_spans(spectrum, generator.reader.audio_settings)
    for chart, prompt in zip(charts, prompt_of_each, strict=True):
        name = chart_name(chart, letters_in(args.outdir, ".png")).removesuffix(".osu")
        picture = unused_path(args.outdir, name, ".png", FILE_LETTERS)
        with replacing(picture) as temporary:
            draw_chart(chart, star_rating=chart.star_rating).save(temporary)
        requested = f" (requested {float(prompt['sr']):.2f})" if prompt.get("sr") is not None else ""
        rated = "too dense to be rated" if chart.star_rating is None else f"{chart.star_rating:.2f} stars"
        print(
            f"  {chart.version}: {rated}{requested}, {len(chart.notes)} notes, {ln_ratio(chart):.0%} long, "
            f"{chart.timing_points[0].bpm:.6g} BPM{contained(chart)} -> {picture.name}"
        )
        doubts = [f"{chart.version}: {line}" for line in degenerate(chart, loud)]
        for warning in filter(None, (chart.stars_warning(prompt), *doubts)):
            print(f"warning: {printable(warning)}", file=sys.stderr)
        if said := lint_line(chart):
            print(f"    lint: {said}")
    if charts[0].timing_note:
        print(f"note: {charts[0].timing_note}", file=sys.stderr)


def lint_line(chart: GeneratedChart) -> str:
    """Return the rules by which `mug lint` finds problems and warnings in a chart, and how many; "" for none."""
    findings = [
        finding for finding in lint(Checked(chart, chart.star_rating)) if finding.rule.severity != Severity.HINT
    ]
    counts = Counter(finding.rule.id for finding in findings)
    return ", ".join(f"{n} {rule}" for rule, n in counts.items())


def contained(chart: GeneratedChart) -> str:
    """How much of a chart of a spread the next harder one contains."""
    return "" if chart.in_harder is None else f", {chart.in_harder:.0%} of its moments in the next harder chart"


def check_paths(audio: Path, outdir: Path, background: Path | None = None) -> None:
    """Raise an error for a missing song or background or an unusable output folder, before a model is loaded."""
    if background is not None and not background.is_file():
        raise ConfigError(f"{background}: no such picture; leave --background out to have one drawn")
    if audio.is_dir():
        loop = f'for song in {shlex.quote(str(audio))}/*.mp3; do mug chart --audio "$song"; done'
        raise AudioError(f"{audio}: a folder; --audio takes one song. Chart them one after another: {loop}")
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
    files.add_argument("--audio", type=Path, required=True, help="the song, up to 6 hours: mp3, ogg, wav, flac, m4a...")
    files.add_argument("--outdir", type=Path, default=Path("outputs"), help="folder for the package and the pictures")
    files.add_argument("--background", type=Path, help="a picture (default: one with the song's name is drawn)")
    files.add_argument(
        "--format",
        choices=[suffix.removeprefix(".") for suffix in PACKED_AS],
        default="osz",
        help="package: osu! (osz), Quaver (qp), Malody (mcz) or StepMania (smzip); default osz",
    )
    files.add_argument("--audio_title", help="default: the audio's tags, else its file name")
    files.add_argument("--audio_artist", help="default: the audio's tags, else its file name")
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


def read_prompts(items: Sequence[str], folder: Path | None) -> dict[str, dict[str, Any]]:
    """Return the prompts by name: one for each file of `folder`, else one with an empty name; `items` override all.

    Raises PromptError for items that are neither a file nor KEY=VALUE.
    """
    overrides = read_features(items)
    if folder is None:
        return {"": overrides}
    files = sorted(find_file(folder).glob("*.y*ml"))
    if not files:
        raise PromptError(f"{folder}: no .yaml files in it; configs/mapping_config/ has examples")
    return {file.stem.replace("_", " "): read_prompt(file) | overrides for file in files}


def read_spread(args: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Return a prompt for each star rating of --spread. Raises PromptError for options that contradict it."""
    prompt = read_features(args.prompt)
    if STARS in prompt or args.prompt_dir is not None or args.count != 1:
        raise PromptError(f"--spread gives each chart's stars: leave out {STARS}=..., --prompt_dir and --count")
    return {f"{stars:g}": {**prompt, STARS: stars} for stars in args.spread}


def read_features(items: Sequence[str]) -> dict[str, Any]:
    """Return the features of KEY=VALUE items and prompt files; later ones win. Raises PromptError."""
    features: dict[str, Any] = {}
    for item in items:
        key, equals, value = item.partition("=")
        if equals:
            features[key] = yaml_value(value, item)
        elif item.endswith((".yaml", ".yml")):
            features |= read_prompt(Path(item))
        else:
            raise PromptError(f"'{item}' is neither KEY=VALUE nor a .yaml file")
    return features


def read_prompt(path: Path) -> dict[str, Any]:
    """Read a prompt file, a mapping of features to values. Raises PromptError."""
    try:
        text = find_file(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(f"{path}: cannot be read: {error}") from error
    prompt = yaml_value(text, str(path))
    if not isinstance(prompt, dict):
        raise PromptError(f"{path}: a prompt is lines of 'feature: value', such as 'sr: 4.2'")
    return {str(key): value for key, value in prompt.items()}


def yaml_value(text: str, source: str) -> Any:
    """Parse YAML. Raises PromptError that names the source."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise PromptError(f"{source}: not readable as YAML: {error}") from error


def read_timing(path: Path | None, audio: Path | None = None) -> list[TimingPoint] | None:
    """Return a chart file's tempo changes, at times of the decoded audio; None if no file is given."""
    return None if path is None else chart_files.read_timing(path, audio)
