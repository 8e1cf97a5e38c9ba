"""All genres by name."""

from mug.synth.bands import BANDS
from mug.synth.electronic import ELECTRONIC
from mug.synth.genre import Genre

GENRES: dict[str, Genre] = ELECTRONIC | BANDS
