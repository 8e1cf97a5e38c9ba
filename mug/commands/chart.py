"""Write charts for a song: song + prompt -> an .osz, its recipe, and a picture of each chart.

mug chart --audio song.mp3 --prompt sr=3.5
mug chart --audio song.mp3 --prompt sr=3.5 --keys 7
mug chart --audio song.mp3 --prompt configs/mapping_config/stream.yaml sr=5 --count 3
mug chart --audio song.mp3 --prompt_dir configs/mapping_config
mug chart --audio song.mp3 --spread 1.5 2.5 3.5 4.5
mug chart --audio ~/Music/album another.mp3 --prompt sr=3
mug chart --checkpoint logs/<run>/checkpoints/last.ckpt --audio song.mp3 --prompt sr=4.2 ln=true
mug chart --audio song.mp3 --recipe "outputs/Artist - Title.recipe.yaml"
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tqdm import tqdm

from mug.charts import chart_files
from mug.charts.beatmap import TimingPoint
from mug.charts.osz import PACKED_AS
from mug.charts.playability import JACK_INTERVAL_MS
from mug.cli import add_earlier_names, command_parser, printable
from mug.commands.chart_output import write_charts
from mug.commands.chart_recipe import check_alone, repeat_charts
from mug.config import shipped_model
from mug.device import add_device_argument
from mug.errors import AudioError, ConfigError, MugError, PromptError
from mug.generation.charted import Charted
from mug.generation.prompt_files import read_features, read_prompts, read_spread
from mug.generation.recipe import AudioFile, Charting, ModelName, Recipe
from mug.generation.sampling_options import add_sampling_options, settings_from
from mug.generation.settings import SamplingSettings
from mug.generation.song import Song
from mug.pictures.background import check_background
from mug.prepare.beside import AUDIO_SUFFIXES
from mug.progress import Progress, progress_bar
from mug.report import named

OF_ONE_SONG = ("audio_title", "audio_artist", "bpm", "offset", "timing_of")


def main(argv: Sequence[str] | None = None) -> None:
    """Write the charts of every song, and print each chart's features beside the requested ones."""
    parser = build_parser()
    args = parser.parse_args(argv)
    songs = songs_among(args.audio)
    several = len(songs) > 1 or args.audio[0].is_dir()
    check_paths(None if several else songs[0], args.outdir, args.background)
    if args.recipe is not None:
        check_alone(args, parser, several)
        repeat_charts(args, songs[0])
        return
    args.checkpoint = args.checkpoint or shipped_model(args.keys)
    if several and (given := [name for name in OF_ONE_SONG if getattr(args, name) is not None]):
        raise ConfigError(f"--{given[0]} belongs to one song, but --audio names {len(songs)}: leave it out")
    timing_points = read_timing(args.timing_of, songs[0])
    known = Song(args.audio_title, args.audio_artist, args.bpm, args.offset, timing_points)
    from mug.generation import ChartGenerator  # imports torch, and before that says how its threads wait
    from mug.generation.repeating import new_charts

    charting = charting_of(args, songs[0], known)
    if timing_points:
        from mug.timing.misfit import misfit  # imports librosa

        if doubt := misfit(args.timing_of, timing_points, songs[0]):
            print(f"warning: {printable(doubt)}", file=sys.stderr)
    generator = ChartGenerator.load(args.checkpoint, device=args.device)
    model = ModelName(str(args.checkpoint), generator.fingerprint)

    def chart(song: Path, progress: Progress) -> Path:
        recipe = Recipe(model, AudioFile.of(song), known, charting)
        charts = new_charts(generator, song, known, charting, progress)
        return write_charts(args, generator, song, charts, recipe)

    samples = len(charting.prompts) * charting.count * charting.settings.ensemble  # of a song
    if several:
        chart_all(args, songs, charting.settings, samples, chart)
        return
    with progress_bar("charting") as progress:
        progress.expect(samples)
        chart(songs[0], progress)


def chart_all(
    args: argparse.Namespace,
    songs: Sequence[Path],
    settings: SamplingSettings,
    samples: int,
    chart: Callable[[Path, Progress], Path],
) -> None:
    """Chart the songs that have not been, and go on after those that cannot be.

    samples: of a song. chart: charts one, and returns its package. Leaves the process with status 1 if a song failed.
    """
    asked = {**vars(args), "audio": None, "outdir": None, "model": settings}
    done = Charted(args.outdir, {name: repr(value) for name, value in asked.items()})
    todo = [song for song in songs if not done.has(song)]
    failed: list[str] = []
    with progress_bar(f"charting {len(todo)} songs") as progress:
        progress.expect(samples * len(todo))
        for song in todo:
            before = progress.done
            try:
                done.add(song, chart(song, progress))
            except MugError as error:
                failed.append(str(error))
                tqdm.write(f"error: {printable(str(error))}", file=sys.stderr)
            progress.skip_to(before + samples)
    print(f"{len(todo) - len(failed)} songs charted, {len(songs) - len(todo)} there already, {len(failed)} failed")
    if failed:
        print("\n".join(named([printable(message) for message in failed])), file=sys.stderr)
        raise SystemExit(1)


def charting_of(args: argparse.Namespace, audio: Path, known: Song) -> Charting:
    """What the command line asks for, checked as far as the model's configuration tells. Warns of contradictions."""
    if args.spread and (args.prompt_dir is not None or args.count != 1):
        raise PromptError("--spread says which charts are written: leave out --prompt_dir and --count")
    prompts = read_spread(args.prompt, args.spread) if args.spread else read_prompts(args.prompt, args.prompt_dir)
    from mug.generation.beforehand import check_charting
    from mug.generation.generator import own_settings

    charting = Charting(
        prompts,
        read_features(args.negative_prompt),
        bool(args.spread),
        args.count,
        args.seed,
        settings_from(args, own_settings(args.checkpoint)),
        not args.no_snap,
        args.jack_interval,
    )
    for warning in check_charting(charting, args.checkpoint, audio, known, args.keys):
        print(f"warning: {printable(warning)}", file=sys.stderr)
    return charting


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
        help="a stage 2 run's .ckpt, or a model folder (default: the shipped model of these --keys)",
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
        "-o",
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
        "--recipe",
        type=Path,
        metavar="FILE.yaml",
        help="write the charts of a recipe again, note for note; every chart has one beside its package",
    )
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
    wanted.add_argument(
        "--keys",
        type=int,
        help="key count, 4 or 7 (default: 4); with --checkpoint, an error if the model writes another",
    )
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
