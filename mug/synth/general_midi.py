"""Which General MIDI programs, drum kits and drum keys can play a family of instruments, a kit, a layer of drums.

The programs are numbered from 0 (General MIDI System Level 1, MIDI Manufacturers Association, 1991; the kits are
Roland's GS, which most SoundFonts have). Families without a program stay synthesised: a sampled 808 or wobble sounds
no more real.
"""

# Instrument family (mug.synth.patches) -> share of songs that sample it where they can, and its programs.
PROGRAMS: dict[str, tuple[float, tuple[int, ...]]] = {
    "saw": (0.2, (81, 62, 63, 90, 87)),
    "supersaw": (0.1, (81, 90, 50)),
    "square": (0.2, (80, 82)),
    "reed": (0.8, (64, 65, 66, 68, 71, 22, 21)),
    "organ": (0.8, (16, 17, 18, 19)),
    "choir": (0.8, (52, 53, 54, 91)),
    "strings": (0.85, (48, 49, 44, 50, 48)),
    "brass": (0.85, (61, 56, 57, 60, 62)),
    "flute": (0.85, (73, 72, 74, 75, 77)),
    "guitar": (0.85, (30, 29, 30, 27, 25)),
    "fm": (0.2, (84, 38, 39, 5)),
    "pluck": (0.35, (45, 108, 12, 13, 106, 107, 104)),
    "bell": (0.6, (9, 10, 11, 14, 8, 98)),
    "electric piano": (0.8, (4, 5, 2)),
    "piano": (0.9, (0, 1, 0, 1, 3)),
    "clean guitar": (0.85, (24, 25, 26, 27, 28)),
    "harp": (0.85, (46, 45, 15, 107, 6)),
    "pick bass": (0.85, (33, 34, 36, 35)),
    "upright": (0.85, (32, 35, 43)),
    "sub": (0.1, (38, 39)),
}
DISTORTED = (29, 30)  # guitars recorded through an amplifier

# Kind of kit (mug.synth.drums) -> share of songs that sample it, and its kits in the drum bank.
KITS: dict[str, tuple[float, tuple[int, ...]]] = {
    "electronic": (0.45, (24, 16, 25, 8)),
    "808": (0.4, (25, 24)),
    "hard": (0.35, (16, 24)),
    "acoustic": (0.9, (0, 8, 16, 1, 9)),
    "jazz": (0.9, (32, 40, 0)),
    "orchestral": (0.9, (48, 16)),
}
LAYERED = 0.15  # share of the drums of a sampled kit that stay synthesised
DRUM_KEYS: dict[str, tuple[int, ...]] = {
    "kick": (35, 36), "snare": (38, 40), "clap": (39,), "hat": (42, 42, 44), "open hat": (46,), "ride": (51, 59, 53),
    "crash": (49, 57), "perc": (54, 56, 70, 69, 63, 64, 62, 75, 76, 77, 82, 60, 37),
}  # fmt: skip
TOM_KEYS = (41, 43, 45, 47, 48, 50)  # low to high
TOM_PITCHES = (37, 52)  # the lowest and highest pitch of the composer's toms
RINGS_S = {"crash": 2.2, "ride": 1.2, "open hat": 0.7}  # how long a drum rings; others 0.5 s


def tom_key(pitch: int) -> int:
    """The key of the tom nearest to a MIDI pitch."""
    low, high = TOM_PITCHES
    place = (pitch - low) / (high - low) * (len(TOM_KEYS) - 1)
    return TOM_KEYS[min(max(round(place), 0), len(TOM_KEYS) - 1)]
