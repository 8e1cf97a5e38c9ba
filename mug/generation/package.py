"""Charts and their song as a package for a game."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from mug.charts.beatmap import Beatmap
from mug.charts.file_names import unused_path
from mug.charts.osz import pack_song
from mug.data.audio import AudioSettings
from mug.data.playable import playable
from mug.generation.loudness import preview_ms
from mug.generation.request import GeneratedChart
from mug.generation.spread import difficulty_of
from mug.lint.finding import Checked
from mug.lint.fixes import fixed
from mug.pictures.background import draw_background
from mug.ratings.stars import star_rating_or_none

BACKGROUND = "background.png"


def polished(charts: Sequence[GeneratedChart], spectrum: np.ndarray, settings: AudioSettings) -> list[GeneratedChart]:
    """Return the charts of one song with a preview time, HP drain and overall difficulty, and repaired.

    Notes beside the beat stay, and so do long notes that are short for an easy chart.

    spectrum: the song's, [C, A] or [2, C, A].
    """
    start_ms = preview_ms(spectrum, settings, charts[0].timing_points)
    ready = []
    for chart in charts:
        clean, repairs = fixed(Checked(chart, stars=None), snap_ms=0.0)  # by the limits of the hardest level
        stars = chart.star_rating
        if repairs and stars is not None:
            stars = star_rating_or_none(clean)
        _, _, hp, od = difficulty_of(stars)
        set_up = replace(chart, notes=clean.notes, star_rating=stars, hp_drain=hp, overall_difficulty=od)
        ready.append(replace(set_up, preview_ms=start_ms))
    return ready


def write_package(
    folder: Path, charts: Sequence[Beatmap], audio: Path, background: Path | None = None, kind: str = "osz"
) -> tuple[Path, list[str]]:
    """Write charts of one song as "Artist - Title.osz", with a number added if `folder` already has one.

    background: a picture; one is drawn if none is given. kind: the package's ending. Return its path, and lines on what
    was done to the audio so that games play it, and on what the package's charts cannot hold.
    """
    with playable(audio) as (file, said), tempfile.TemporaryDirectory(prefix="mug-") as scratch:
        path = unused_path(folder, f"{charts[0].artist} - {charts[0].title}", f".{kind}")
        if background is None:
            background = Path(scratch, BACKGROUND)
            draw_background(charts[0].title, charts[0].artist).save(background)
        remarks = pack_song(path, charts, file, background)
    return path, [*([said] if said else []), *remarks]
