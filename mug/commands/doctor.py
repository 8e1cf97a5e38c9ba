"""Check this installation: what is installed, which device is used, which optional parts are missing and how to get
them.

mug doctor

The exit status is 1 if something needed for charting or training is missing or broken, else 0.
"""

import argparse
import io
import os
import platform
import tempfile
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from mug import __version__
from mug.cli import command_parser
from mug.config import PROJECT_ROOT, SHIPPED_MODEL
from mug.device import pick_device
from mug.errors import MugError
from mug.parallel import available_cores

NEEDED = (
    "av", "einops", "librosa", "mir_eval", "mutagen", "numpy", "omegaconf", "pillow", "pytorch-lightning", "pyyaml",
    "rosu-pp-py", "safetensors", "scipy", "shtab", "soundfile", "soxr", "tensorboard", "torch", "tqdm",
)  # fmt: skip
AUDIO_FORMATS = {"mp3": "MPEG_LAYER_III", "ogg": "VORBIS", "flac": "PCM_16", "wav": "PCM_16"}
GIB = 2**30


class Optional(NamedTuple):
    """An optional package: what it is for, and how to install it."""

    purpose: str
    how: str


OPTIONAL = {
    "gradio": Optional("the web page (mug web)", "pip install 'mug[ui]'"),
    "matplotlib": Optional("plots of statistics and evaluations", "pip install 'mug[plots]'"),
    "mido": Optional("MIDI files (mug prepare-midi, mug piano-roll, mug drums)", "pip install 'mug[music]'"),
    "music21": Optional("scores to train on (mug prepare-midi --scores)", "pip install 'mug[music]'"),
    "ossapi": Optional("rank statuses from osu! (mug ranked, mug mappers)", "pip install 'mug[osu]'"),
    "tinysoundfont": Optional("sampled instruments (mug synthesize --soundfont)", "pip install 'mug[synth]'"),
    "webdataset": Optional("training on streamed shards", "pip install 'mug[stream]'"),
    "minacalc": Optional("Etterna's own skillset ratings", "bindings of github.com/Glubus/minacalc-rs"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Print the checks and return the exit status."""
    build_parser().parse_args(argv)
    print(f"MuG {__version__} in {Path(__file__).resolve().parent.parent}")
    print(f"Python {platform.python_version()}, {platform.platform()}")
    problems = show_needed()
    show_optional()
    print("\nChecks")
    for name, check in CHECKS.items():
        found, works = tried(check)
        problems += [] if works else [name]
        line(name, found)
    if problems:
        print(f"\nBroken: {', '.join(problems)}")
        return 1
    print("\nEverything needed for charting and training is there.")
    return 0


def build_parser() -> argparse.ArgumentParser:
    return command_parser("doctor", __doc__)


def line(name: str, *columns: str) -> None:
    print(f"  {name:<20}" + "  ".join(columns))


def version_of(package: str) -> str | None:
    """Return the version of an installed package, None where it is missing."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def show_needed() -> list[str]:
    """Print the needed packages and return those that are missing."""
    print("\nNeeded packages")
    versions = {package: version_of(package) for package in NEEDED}
    for package, version in versions.items():
        line(package, version or f"MISSING: pip install {package}")
    return [package for package, version in versions.items() if version is None]


def show_optional() -> None:
    print("\nOptional parts")
    for name, part in OPTIONAL.items():
        version = version_of(name)
        line(name, f"{version or 'missing':<10}", part.purpose if version else f"for {part.purpose}: {part.how}")


def tried(check: Callable[[], str]) -> tuple[str, bool]:
    """Return the result of a check, or its error, and whether it passed."""
    try:
        return check(), True
    except (MugError, ImportError, OSError, RuntimeError) as error:
        return f"BROKEN: {error}", False


def check_device() -> str:
    """Name the device that `--device auto` picks."""
    import torch

    device = pick_device()
    if device.type == "cuda":
        cards = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
        return "auto picks cuda: " + ", ".join(f"{card.name}, {card.total_memory / GIB:.1f} GiB" for card in cards)
    memory = ""
    if hasattr(os, "sysconf"):  # not on Windows
        memory = f", {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / GIB:.1f} GiB of memory"
    return f"auto picks {device.type}: {available_cores()} cores{memory}"


def check_audio() -> str:
    """Encode a moment of silence in each format and decode it as songs are decoded."""
    import av
    import numpy as np
    import soundfile

    from mug.data.audio import decode_audio

    with tempfile.TemporaryDirectory() as folder:
        for suffix, subtype in AUDIO_FORMATS.items():
            encoded = io.BytesIO()
            soundfile.write(encoded, np.zeros(22050), 22050, format=suffix.upper(), subtype=subtype)
            path = Path(folder) / f"silence.{suffix}"
            path.write_bytes(encoded.getvalue())
            decode_audio(path, 22050)
        path = Path(folder) / "silence.m4a"
        with av.open(path, "w") as file:
            stream = file.add_stream("aac", rate=44100, layout="mono")
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 44100), np.float32), format="fltp", layout="mono")
            frame.sample_rate = 44100
            file.mux([*stream.encode(frame), *stream.encode()])
        decode_audio(path, 22050)
    return f"{', '.join(AUDIO_FORMATS)}, m4a decode"


def check_configs() -> str:
    """Find the configurations and prompts that MuG ships."""
    counts = {
        folder: len(list((PROJECT_ROOT / "configs" / folder).glob("*.yaml"))) for folder in ("mug", "mapping_config")
    }
    if not all(counts.values()):
        raise FileNotFoundError(f"{PROJECT_ROOT / 'configs'} lacks configurations; install MuG again")
    return f"{counts['mug']} configurations, {counts['mapping_config']} prompts in {PROJECT_ROOT / 'configs'}"


def check_model() -> str:
    """Load the shipped model."""
    from mug.checkpoints.trained_model import load_trained_model

    trained = load_trained_model(PROJECT_ROOT / SHIPPED_MODEL)
    parameters = sum(parameter.numel() for parameter in trained.model.parameters())
    return f"{SHIPPED_MODEL} loads: {trained.keys}K, {parameters / 1e6:.1f} million parameters"


CHECKS = {
    "device": check_device,
    "audio": check_audio,
    "configurations": check_configs,
    "shipped model": check_model,
}
