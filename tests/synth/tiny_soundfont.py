"""A SoundFont of 60 KB: one sound, played as program 0 and as a drum kit."""

import struct
from pathlib import Path

import numpy as np

RATE, SILENT = 32_000, 320  # the sound begins after 10 ms of silence


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def tiny_soundfont(path: Path, sample_type: int = 1, first_bag: int = 0) -> Path:
    """Write it to `path`: a tone of 500 Hz (at MIDI 60) that decays within half a second."""
    time_s = np.arange(RATE // 2) / RATE
    tone = np.sin(2 * np.pi * 500 * time_s) * np.exp(-8 * time_s)
    samples = np.concatenate([np.zeros(SILENT), tone, np.zeros(64)])
    n = SILENT + len(tone)
    tables = {
        b"phdr": [(b"Tone", 0, 0, first_bag), (b"Drum", 0, 128, 1), (b"EOP", 0, 0, 2)],
        b"shdr": [(b"tone", 0, n, SILENT, n, RATE, 60, 0, 0, sample_type), (b"EOS", *(0,) * 9)],
    }
    presets = [struct.pack("<20sHHHIII", *row, 0, 0, 0) for row in tables[b"phdr"]]
    headers = [struct.pack("<20sIIIIIBbHH", *row) for row in tables[b"shdr"]]
    bag, generator = struct.Struct("<HH"), struct.Struct("<HH")
    pdta = (
        chunk(b"phdr", b"".join(presets)),
        chunk(b"pbag", b"".join(bag.pack(i, 0) for i in range(3))),
        chunk(b"pmod", bytes(10)),
        chunk(b"pgen", generator.pack(41, 0) * 2 + bytes(4)),
        chunk(b"inst", struct.pack("<20sH", b"Tone", 0) + struct.pack("<20sH", b"EOI", 1)),
        chunk(b"ibag", bag.pack(0, 0) + bag.pack(1, 0)),
        chunk(b"imod", bytes(10)),
        chunk(b"igen", generator.pack(53, 0) + bytes(4)),
        chunk(b"shdr", b"".join(headers)),
    )
    sdta = chunk(b"smpl", (samples * 30_000).astype("<i2").tobytes())
    lists = chunk(b"LIST", b"sdta" + sdta) + chunk(b"LIST", b"pdta" + b"".join(pdta))
    path.write_bytes(chunk(b"RIFF", b"sfbk" + lists))
    return path
