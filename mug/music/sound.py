"""Notes as sound: by recorded instruments of a SoundFont, or by our own piano and drums.

Mono float32 [S] at SAMPLE_RATE, at most 1.
"""

import numpy as np

from mug.music.drum_grid import CLASSES, DRUMS
from mug.synth import drums as kits
from mug.synth.instruments import note as synthesised
from mug.synth.patches import draw_patch
from mug.synth.sound import SAMPLE_RATE, Samples
from mug.synth.soundfont import DRUM_BANK, SoundFont

STEP_MS = 50.0  # notes whose lengths differ by less share a sound
LONGEST_MS = 8000.0
RINGS_S = 0.5  # after a note's end, in a SoundFont
TAIL_S = 1.0
HEADROOM = 0.9
LAYERS = {"closed hat": "hat", "low tom": "tom", "mid tom": "tom", "high tom": "tom"}  # of mug.synth.drums


def render(notes: np.ndarray, font: SoundFont | None = None) -> Samples:
    """Play notes, NOTE [N], as if the first began at 0 ms."""
    end_ms = float(notes["end_ms"].max(initial=0.0))
    sound = np.zeros(round((end_ms / 1000 + TAIL_S) * SAMPLE_RATE), dtype=np.float32)
    kit = kits.drum_kit("acoustic", np.random.default_rng(0)) if notes["drum"].any() else {}
    played: dict[tuple[int, int, bool, int], Samples] = {}
    for row in notes:
        steps = int(np.clip(round((row["end_ms"] - row["start_ms"]) / STEP_MS), 1, LONGEST_MS / STEP_MS))
        key = (int(row["program"]), int(row["pitch"]), bool(row["drum"]), steps)
        if key not in played:
            played[key] = _sound(*key, kit) if font is None else _sampled(*key, font)
        start = round(max(float(row["start_ms"]), 0.0) / 1000 * SAMPLE_RATE)
        part = sound[start : start + len(played[key])]
        part += np.float32(row["velocity"] / 127) * played[key][: len(part)]
    return sound * np.float32(HEADROOM / max(float(np.abs(sound).max(initial=0.0)), 1e-9))


def _sound(program: int, pitch: int, drum: bool, steps: int, kit: dict[str, Samples]) -> Samples:
    rng = np.random.default_rng(pitch)
    if not drum:
        piano = draw_patch("piano", np.random.default_rng(0))
        return synthesised(piano, pitch, steps * STEP_MS / 1000, 0.5, rng)
    name = list(DRUMS)[CLASSES.get(pitch, 0)]
    layer = LAYERS.get(name, name)
    return kits.tom(pitch, rng) if layer == "tom" else kit[layer]


def _sampled(program: int, pitch: int, drum: bool, steps: int, font: SoundFont) -> Samples:
    bank = DRUM_BANK if drum else 0
    if (bank, program) not in font.presets:
        bank, program = min(font.presets, key=lambda preset: (preset[0] != bank, preset[1] != program))
    return font.note(bank, program, pitch, 100, steps * STEP_MS / 1000, RINGS_S)
