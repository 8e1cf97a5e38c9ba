"""SoundFont files (SF2): checks them, and plays their notes through TinySoundFont.

A SoundFont holds recorded instruments, mostly numbered as General MIDI does. Nothing is searched for or downloaded: a
song is sampled only with the files that it is given, so that the same call gives the same song everywhere. The format
is that of the SoundFont technical specification 2.04 (E-mu, 2006).
"""

import struct
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from mug.errors import ConfigError
from mug.synth.sound import SAMPLE_RATE, Samples

MAX_BYTES = 2**31
DRUM_BANK = 128
COMPRESSED = 0x10  # sample type of SF3
INSTRUMENT, SAMPLE = 41, 53  # generators that name an instrument and a sample
HOW_TO_INSTALL = "pip install 'mug[synth]', or without PyAudio: pip install --no-deps tinysoundfont"

_BAG = [("generator", "<u2"), ("modulator", "<u2")]
_GENERATOR = [("kind", "<u2"), ("value", "<u2")]
_RECORDS: dict[bytes, np.dtype] = {
    b"phdr": np.dtype([("name", "S20"), ("program", "<u2"), ("bank", "<u2"), ("bag", "<u2"), ("_", "V12")]),
    b"pbag": np.dtype(_BAG),
    b"pgen": np.dtype(_GENERATOR),
    b"inst": np.dtype([("name", "S20"), ("bag", "<u2")]),
    b"ibag": np.dtype(_BAG),
    b"igen": np.dtype(_GENERATOR),
    b"shdr": np.dtype([("name", "S20"), ("start", "<u4"), ("end", "<u4"), ("_", "V16"), ("type", "<u2")]),
}


@dataclass(frozen=True)
class SoundFont:
    """A checked SoundFont file."""

    path: Path
    digest: str  # of its contents, 8 hexadecimal digits
    presets: frozenset[tuple[int, int]]  # (bank, program)

    @classmethod
    def read(cls, path: str | Path) -> "SoundFont":
        """Check a file. Raises ConfigError if it is missing, too big, damaged, or not an uncompressed SoundFont."""
        path = Path(path)
        if not path.is_file():
            raise ConfigError(f"{path}: no such SoundFont; docs/synth.md names free ones")
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(
                f"{path}: {path.stat().st_size / 2**30:.1f} GiB is too big for a SoundFont; 2 GiB at most"
            )
        try:
            with path.open("rb") as file:
                presets = _presets(file, path)
                digest = blake2b(digest_size=4)
                file.seek(0)
                while block := file.read(2**22):
                    digest.update(block)
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read ({error.strerror}); give a SoundFont file (.sf2)") from error
        return cls(path, digest.hexdigest(), presets)

    def note(self, bank: int, program: int, pitch: int, velocity: int, held_s: float, rings_s: float) -> Samples:
        """A note held for `held_s` that rings on for `rings_s`, mono float32 [S] at SAMPLE_RATE, as loud as it is.

        In DRUM_BANK, `pitch` is the drum's key. `velocity` is 1 to 127.
        """
        synth, font = _player(self.path)
        synth.sounds_off()
        synth.program_select(0, font, bank, program, bank == DRUM_BANK)
        held, rings = (max(round(seconds * SAMPLE_RATE), 1) for seconds in (held_s, rings_s))
        buffer = memoryview(bytearray(8 * (held + rings)))  # stereo float32
        synth.noteon(0, pitch, velocity)
        synth.generate(held, buffer[: 8 * held])
        synth.noteoff(0, pitch)
        synth.generate(rings, buffer[8 * held :])
        synth.sounds_off()
        return np.frombuffer(buffer, np.float32).reshape(-1, 2).mean(axis=1)


@lru_cache(maxsize=4)
def _player(path: Path) -> tuple[Any, int]:
    """A synthesiser with the file loaded, and the file's number there."""
    try:
        import tinysoundfont
    except ImportError as error:
        raise ConfigError(f"{path}: SoundFonts need the package tinysoundfont: {HOW_TO_INSTALL}") from error
    synth = tinysoundfont.Synth(samplerate=SAMPLE_RATE)
    try:
        return synth, synth.sfload(str(path), max_voices=64)
    except RuntimeError as error:
        raise ConfigError(f"{path}: TinySoundFont cannot load it ({error}); give another SoundFont") from error


def _presets(file: BinaryIO, path: Path) -> frozenset[tuple[int, int]]:
    """The (bank, program) of every preset. Every index in the file is checked, since the player is C and trusts it."""
    chunks, n_samples = _chunks(file, path)
    damaged = ConfigError(f"{path}: a damaged SoundFont; get it again")
    tables = {}
    for name, record in _RECORDS.items():
        content = chunks.get(name, b"")
        if len(content) % record.itemsize or len(content) < 2 * record.itemsize:
            raise damaged
        tables[name] = np.frombuffer(content, record)
    phdr, pbag, pgen, inst, ibag, igen, shdr = tables.values()
    chains = (
        (phdr["bag"], pbag), (pbag["generator"], pgen), (inst["bag"], ibag), (ibag["generator"], igen),
    )  # fmt: skip
    for indices, table in chains:
        if (np.diff(indices.astype(int)) < 0).any() or indices[-1] >= len(table):
            raise damaged
    for generators, kind, named in ((pgen, INSTRUMENT, inst), (igen, SAMPLE, shdr)):
        if (generators["value"][generators["kind"] == kind] >= len(named) - 1).any():
            raise damaged
    samples = shdr[:-1]
    if (samples["type"] & COMPRESSED).any():
        raise ConfigError(f"{path}: a compressed SoundFont (SF3); give an uncompressed one (SF2)")
    if (samples["start"] > samples["end"]).any() or (samples["end"] > n_samples).any():
        raise damaged
    return frozenset((int(preset["bank"]), int(preset["program"])) for preset in phdr[:-1])


def _chunks(file: BinaryIO, path: Path) -> tuple[dict[bytes, bytes], int]:
    """The contents of the tables of a SoundFont by name, and the number of its samples."""
    n_bytes = path.stat().st_size
    kind, size, form = struct.unpack("<4sI4s", file.read(12).ljust(12, b"\0"))
    if kind != b"RIFF" or form != b"sfbk":
        raise ConfigError(f"{path}: not a SoundFont; give a file in the format SF2")
    if 8 + size > n_bytes:
        raise ConfigError(f"{path}: a SoundFont that is cut off ({n_bytes} of {8 + size} bytes); get it again")
    chunks: dict[bytes, bytes] = {}
    n_samples, end = 0, 8 + size
    while file.tell() + 8 <= end:
        name, size = struct.unpack("<4sI", file.read(8))
        if file.tell() + size > end:
            raise ConfigError(f"{path}: a damaged SoundFont; get it again")
        if name == b"LIST":
            file.seek(4, 1)  # the list's kind; its chunks follow
        elif name in _RECORDS:
            chunks[name] = file.read(size)
            file.seek(size % 2, 1)
        else:
            n_samples = size // 2 if name == b"smpl" else n_samples
            file.seek(size + size % 2, 1)
    return chunks, n_samples
