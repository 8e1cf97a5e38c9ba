"""New charts, with their names and how they were made."""

import warnings
from collections.abc import Mapping

from mug.errors import ChartError
from mug.generation.chart_writer import Written
from mug.generation.finishing import song_names
from mug.generation.request import CREATOR, GeneratedChart, Request
from mug.generation.song_timing import SongTiming, fitted_note


def new_charts(
    request: Request, timing: SongTiming | None, written: Mapping[int, Written], keys: int
) -> list[GeneratedChart]:
    """Name the charts, and warn of those without notes. Raises ChartError if all are without."""
    for index in sorted(set(range(request.count)) - set(written)):
        message = f"{request.version(index)}: the model wrote no notes; the chart is left out"
        warnings.warn(message, stacklevel=3)
    if not written:
        message = "the model wrote no notes; train it longer, or change the prompt"
        raise ChartError(f"{request.audio}: {message}")
    title, artist = song_names(request.audio, request.song.title, request.song.artist)
    return [
        GeneratedChart(
            keys=keys,
            notes=chart.choice.chart.notes,
            timing_points=chart.choice.chart.timing_points,
            audio_filename=request.audio.name,
            title=title,
            artist=artist,
            creator=CREATOR,
            version=request.version(index, chart.choice.star_rating),
            metadata=request.metadata(index),
            star_rating=chart.choice.star_rating,
            nearest_stars=request.nearest_stars(chart.reached),
            timing_note=fitted_note(request.song, chart.choice.chart) if timing is None else timing.note,
        )
        for index, chart in sorted(written.items())
    ]
