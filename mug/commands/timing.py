"""Find the tempo of songs: BPM, offset, meter, and where the tempo changes.

mug timing song.mp3
mug timing ~/osu/Songs --csv timing.csv
mug timing song.mp3 --clicks clicks.wav

Each song has a line for each tempo, with the time at which its first measure starts, how sure that is (0 to 1), and
what else the tempo may be. Sound without a beat, such as speech, gets a constant grid and a word about it. Folders are
searched at any depth; files that cannot be decoded are named at the end and make the exit status 1.
--clicks writes the song with a click on each beat, higher where a measure starts. --csv has a row for each tempo: path,
time_ms, bpm, meter, confidence. --compare measures all songs that have a chart beside them against its red lines, and
librosa's beat tracker with them (docs/metrics.md).
"""

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mug import cli
from mug.cli import command_parser
from mug.config import find_file
from mug.errors import AudioError, ConfigError, DatasetError
from mug.files import replacing
from mug.prepare.beside import AUDIO_SUFFIXES, is_audio
from mug.report import named

if TYPE_CHECKING:
    import numpy as np

    from mug.timing.activations import BeatListener
    from mug.timing.detected import DetectedTiming

SHIPPED = "models/mug-mini"
LIKELY = 0.02  # alternatives less likely than this are not named


def main(argv: Sequence[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    songs = find_songs(args.songs)
    if args.clicks is not None and len(songs) != 1:
        raise ConfigError(f"--clicks is for one song, and these are {len(songs)}")
    from mug.data.audio import AudioSettings, decode_audio, log_mel, stft
    from mug.metrics.timing_table import Contest
    from mug.timing.clicks import with_clicks
    from mug.timing.detect import detect_timing

    listener = load_listener(args.checkpoint)
    settings = AudioSettings() if listener is None else listener.settings
    spectrum_of = log_mel if settings.kind == "mel" else stft
    contest = Contest() if args.compare else None
    found: list[tuple[Path, DetectedTiming]] = []
    failed: list[str] = []
    for song in songs:
        try:
            samples = decode_audio(song, settings.sr)
        except AudioError as error:
            failed.append(str(error))
            continue
        detected = detect_timing(spectrum_of(samples, settings), settings, listener)
        found.append((song, detected))
        print(cli.printable(description(song, detected)), flush=True)
        if contest is not None:
            contest.enter(song, samples, settings.sr, detected.timing_points)
        if args.clicks is not None:
            write_wav(args.clicks, with_clicks(samples, settings.sr, detected.timing_points), settings.sr)
    if args.csv is not None:
        write_csv(args.csv, found)
    if contest is not None:
        print(f"\n{contest.table()}")
    if failed:
        print(cli.printable("\n".join([f"{len(failed)} of {len(songs)} songs could not be read:", *named(failed)])))
    return 1 if failed else 0


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("timing", __doc__)
    parser.add_argument("songs", nargs="+", type=Path, metavar="SONG", help="audio files, or folders of them")
    parser.add_argument("--clicks", type=Path, metavar="WAV", help="write the song with clicks on its beats")
    parser.add_argument("--csv", type=Path, help="write the tempos to this file")
    parser.add_argument(
        "--checkpoint",
        default=SHIPPED,
        help=f"a model folder with a timing model, or a timing model (default: {SHIPPED})",
    )
    parser.add_argument("--compare", action="store_true", help="compare with the charts beside the songs")
    return parser


def find_songs(paths: Sequence[Path]) -> list[Path]:
    """Return the given files, and all songs under the given folders, sorted. Raises DatasetError if there are none."""
    from mug.charts.chart_files import files_under

    songs: list[Path] = []
    for path in paths:
        if path.is_dir():
            songs += [file for file in files_under(path, AUDIO_SUFFIXES) if is_audio(file)]
        elif path.is_file():
            songs.append(path)
        else:
            raise DatasetError(f"{path}: no such file or folder")
    if not songs:
        raise DatasetError(f"no audio files in {', '.join(map(str, paths))}; known are {', '.join(AUDIO_SUFFIXES)}")
    return list(dict.fromkeys(songs))


def load_listener(checkpoint: str) -> "BeatListener | None":
    """Load the timing model of a model folder, or one by itself. None, with a line, if the folder has none."""
    from mug.checkpoints.model_folder import TIMING
    from mug.checkpoints.trained_model import load_timing_model

    folder = find_file(checkpoint)
    if (folder / TIMING).is_dir():
        return load_timing_model(folder / TIMING)
    if checkpoint == SHIPPED:
        print(f"{checkpoint} has no timing model: tempos are guessed from onsets alone, often at twice the tempo")
        return None
    return load_timing_model(checkpoint)


def description(song: Path, detected: "DetectedTiming") -> str:
    """What is printed of a song."""
    if not detected.has_pulse:
        return f"{song}: {detected.message}"
    first = detected.timing_points[0]
    line = f"{song}: {first.bpm:.6g} BPM from {first.time_ms:.0f} ms, {first.meter}/4, "
    line += f"confidence {detected.confidence:.2f}"
    others = [other for other in detected.alternatives if other.score >= LIKELY]
    if others:
        line += "; or " + ", ".join(f"{other.bpm:.6g} ({other.name}, {other.score:.2f})" for other in others)
    changes = [f"  {point.bpm:.6g} BPM from {point.time_ms:.0f} ms" for point in detected.timing_points[1:]]
    return "\n".join([line, *changes])


def write_csv(path: Path, found: "Sequence[tuple[Path, DetectedTiming]]") -> None:
    """Write a row for each red line of each song."""
    with (
        replacing(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8", errors="backslashreplace") as f,
    ):
        table = csv.writer(f)
        table.writerow(["path", "time_ms", "bpm", "meter", "confidence"])
        for song, detected in found:
            for point in detected.timing_points:
                table.writerow(
                    [song, f"{point.time_ms:.3f}", f"{point.bpm:.6g}", point.meter, f"{detected.confidence:.3f}"]
                )


def write_wav(path: Path, samples: "np.ndarray", sr: int) -> None:
    import soundfile

    with replacing(path) as temporary:
        soundfile.write(temporary, samples, sr, format="WAV", subtype="PCM_16")
