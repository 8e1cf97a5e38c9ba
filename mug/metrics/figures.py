"""Three figures of a chart, and the errors of another chart of the same music."""

from dataclasses import dataclass

from mug.charts.beatmap import Beatmap
from mug.metrics.onsets import moments_ms, onset_f1
from mug.ratings.long_notes import ln_ratio
from mug.ratings.stars import star_rating_or_none


@dataclass(frozen=True)
class ChartFigures:
    """Comparable figures of a chart."""

    notes_per_second: float
    star_rating: float  # 0 if osu! does not rate the chart: no notes, or an impossible number
    ln_ratio: float


@dataclass(frozen=True)
class ChartScores:
    """Agreement with the human's chart: F1 of moments (1 is best) and absolute errors (0 is best)."""

    onset_f1_20ms: float
    onset_f1_50ms: float
    notes_per_second_error: float
    star_rating_error: float
    ln_ratio_error: float


def chart_figures(chart: Beatmap, span_ms: float) -> ChartFigures:
    """Measure a chart of `span_ms` of music, including the time before its first and after its last note."""
    return ChartFigures(
        notes_per_second=len(chart.notes) / span_ms * 1000,
        star_rating=star_rating_or_none(chart) or 0.0,
        ln_ratio=ln_ratio(chart),
    )


def chart_scores(human: Beatmap, generated: Beatmap, span_ms: float) -> ChartScores:
    """Compare a chart with the human's of the same `span_ms` of music, both in the same time.

    A chart without notes has F1 0, errors as large as the human's own figures, and an error of 1 in the share of long
    notes.
    """
    there, guessed = chart_figures(human, span_ms), chart_figures(generated, span_ms)
    moments, guessed_moments = moments_ms(human), moments_ms(generated)
    return ChartScores(
        onset_f1_20ms=onset_f1(moments, guessed_moments, 20.0).f1,
        onset_f1_50ms=onset_f1(moments, guessed_moments, 50.0).f1,
        notes_per_second_error=abs(guessed.notes_per_second - there.notes_per_second),
        star_rating_error=abs(guessed.star_rating - there.star_rating),
        ln_ratio_error=abs(guessed.ln_ratio - there.ln_ratio) if generated.notes else 1.0,
    )
