"""Writes a Songs folder of synthesised music with charts, to train on before using songs of your own."""

import multiprocessing
import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from mug.charts.beatmap import MAX_KEYS, MIN_KEYS, Beatmap
from mug.charts.chart_files import write_chart
from mug.errors import ConfigError
from mug.synth.codec import Codec, write_audio
from mug.synth.composition import Composition, compose
from mug.synth.lengths import draw_seconds
from mug.synth.mixing import render
from mug.synth.soundfont import SoundFont
from mug.synth.spread import BACKGROUND, CREATOR, charts
from mug.synth.style import draw_style

MIN_SECONDS, MAX_SECONDS = 10.0, 600.0
LENGTH = 1  # in the seed of what draws lengths, so that nothing else changes with them


@dataclass(frozen=True)
class SongSettings:
    """Everything a song depends on besides its number."""

    seed: int = 0
    seconds: float = 60.0
    keys: tuple[int, ...] = (4,)  # a song gets charts of each key count
    fonts: tuple[SoundFont, ...] = ()  # the instruments that may be sampled
    longest: float | None = field(default=None, kw_only=True)  # lengths are drawn between `seconds` and this

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ConfigError(f"seed is {self.seed}; give 0 or more")
        if not MIN_SECONDS <= self.seconds <= MAX_SECONDS:
            raise ConfigError(f"seconds is {self.seconds}; a song lasts {MIN_SECONDS:g} to {MAX_SECONDS:g} seconds")
        if self.longest is not None and not self.seconds <= self.longest <= MAX_SECONDS:
            raise ConfigError(f"longest is {self.longest}; give {self.seconds:g} (seconds) to {MAX_SECONDS:g}")
        if not self.keys or not all(MIN_KEYS <= keys <= MAX_KEYS for keys in self.keys):
            raise ConfigError(f"keys is {_listed(self.keys)}; a chart has {MIN_KEYS} to {MAX_KEYS}")
        if len(set(self.keys)) < len(self.keys):
            raise ConfigError(f"keys is {_listed(self.keys)}; give each key count once")

    def set_id(self, index: int) -> int:
        """The BeatmapSetID of a song: unlike any real one, and different for different settings."""
        seconds = f"{self.seconds:g}" if self.longest is None else f"{self.seconds:g}-{self.longest:g}"
        values = (self.seed, seconds, *self.keys, *(font.digest for font in self.fonts))
        digest = blake2b(" ".join(map(str, values)).encode(), digest_size=4).digest()
        return (100 + int.from_bytes(digest) % 2000) * 1_000_000 + index

    def rngs(self, index: int) -> list[np.random.Generator]:
        """Generators for a song's style, notes, sounds, charts and package."""
        return np.random.default_rng([self.seed, index]).spawn(5)

    def length(self, index: int) -> float:
        """The seconds that a song may last."""
        if self.longest is None:
            return self.seconds
        return draw_seconds(self.seconds, self.longest, np.random.default_rng([self.seed, index, LENGTH]))


def write_songs(
    folder: str | Path,
    seed: int = 0,
    n_songs: int = 24,
    seconds: float = 60.0,
    keys: int | Sequence[int] = 4,
    jobs: int = 1,
    progress: bool = True,
    soundfonts: Sequence[str | Path] = (),
    longest: float | None = None,
) -> list[Path]:
    """Write songs 0 to `n_songs - 1` of a seed into `folder` and return their set folders, in order.

    Every set folder "<set_id> <artist> - <title>" contains audio, a background and about five charts for `keys` keys,
    or for each of several key counts. A song depends only on (seed, its number, seconds, keys, longest, the contents of
    the `soundfonts` in their order), and its charts of a key count not on the other key counts; existing sets are kept.
    With `longest`, lengths are drawn between `seconds` and it. `jobs` processes share the work.
    Raises ConfigError for impossible values and bad SoundFonts.
    """
    fonts = tuple(SoundFont.read(path) for path in soundfonts)
    key_counts = (keys,) if isinstance(keys, int) else tuple(keys)
    settings = SongSettings(seed, seconds, key_counts, fonts, longest=longest)
    if n_songs < 1 or jobs < 1:
        raise ConfigError(f"n_songs is {n_songs} and jobs is {jobs}; give 1 or more")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write = partial(write_song, folder, settings)
    with ExitStack() as stack:
        written: Iterator[Path] = map(write, range(n_songs))
        if jobs > 1:
            # Fresh processes: a fork of one that already runs threads (torch, tqdm) can hang.
            pool = ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"))
            written = stack.enter_context(pool).map(write, range(n_songs))
        return list(tqdm(written, total=n_songs, desc="songs", unit="song", disable=not progress))


def write_song(folder: Path, settings: SongSettings, index: int) -> Path:
    """Write one song's set folder, completely or not at all, and return its path."""
    style_rng, music_rng, sound_rng, _, package_rng = settings.rngs(index)
    style = draw_style(style_rng)
    set_id = settings.set_id(index)
    final = folder / f"{set_id} {style.artist} - {style.title}"
    if final.is_dir():
        return final
    composition = compose(style, settings.length(index), music_rng)
    partial_folder = folder / f".partial {set_id}"
    shutil.rmtree(partial_folder, ignore_errors=True)  # left over from a killed run
    partial_folder.mkdir()
    try:
        codec = Codec.draw(package_rng)
        audio = partial_folder / f"audio{codec.suffix}"
        write_audio(audio, render(composition, sound_rng, settings.fonts), codec, style.title, style.artist)
        draw_background(package_rng).save(partial_folder / BACKGROUND)
        for beatmap in _charts(composition, settings, index):
            beatmap.audio_filename = audio.name
            beatmap.beatmap_set_id = set_id
            beatmap.metadata["Tags"] += "".join(f" soundfont-{font.digest}" for font in settings.fonts)
            name = f"{style.artist} - {style.title} ({CREATOR}) [{beatmap.version}].osu"
            write_chart(beatmap, partial_folder / name)
        os.rename(partial_folder, final)
    finally:
        shutil.rmtree(partial_folder, ignore_errors=True)
    return final


def _charts(composition: Composition, settings: SongSettings, index: int) -> Iterator[Beatmap]:
    """The charts of every key count, each drawn by a generator in the same state."""
    for keys in settings.keys:
        yield from charts(composition, keys, settings.rngs(index)[3])


def _listed(keys: Sequence[int]) -> str:
    return " ".join(map(str, keys)) or "empty"


def draw_background(rng: np.random.Generator) -> Image.Image:
    """A dark gradient between two colours, 640 x 360."""
    corners = rng.integers(16, 128, (2, 2, 3), dtype=np.uint8)
    return Image.fromarray(corners).resize((640, 360), Image.Resampling.BILINEAR)
