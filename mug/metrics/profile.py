"""Measurements of a single chart, made once and used by all comparisons.

Axes: K keys, S snaps, Z latent channels, L latent frames.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from mug.charts.beatmap import Beatmap
from mug.charts.osu import format_osu
from mug.errors import ChartError
from mug.metrics.frechet import Moments
from mug.metrics.motifs import MotifShares, motif_shares
from mug.metrics.patterns import Shares, chord_sizes, column_ngrams
from mug.metrics.snaps import snap_shares
from mug.metrics.violations import violations
from mug.ratings.chart_features import FeatureValue, chart_features
from mug.ratings.long_notes import ln_ratio

Encoder = Callable[[Beatmap], np.ndarray]  # chart -> its latent [Z, L]


@dataclass(frozen=True)
class Profile:
    """A chart with its measurements. `latents` is None if it was not encoded or has no notes."""

    chart: Beatmap
    features: Mapping[str, FeatureValue]  # as a prompt would state them; empty if osu! does not rate the chart
    chords: Shares
    bigrams: Shares
    trigrams: Shares
    snaps: np.ndarray  # [S]
    motifs: MotifShares
    violations: Counter[str]
    latents: Moments | None = None

    @property
    def n_notes(self) -> int:
        return len(self.chart.notes)

    @property
    def star_rating(self) -> float:
        """Stars, 0 if osu! does not rate the chart: no notes, or an impossible number."""
        return self.number("sr") or 0.0

    @property
    def ln_ratio(self) -> float:
        return ln_ratio(self.chart)

    def number(self, name: str) -> float | None:
        """A feature as a number, None if unknown."""
        value = self.features.get(name)
        return float(value) if isinstance(value, (int, float)) else None


def profile_of(chart: Beatmap, encode: Encoder | None = None) -> Profile:
    """Measure a chart. `encode`: the first stage's encoder, which raises ChartError for charts it cannot encode."""
    features: Mapping[str, FeatureValue] = {}
    if chart.notes:
        try:
            features = chart_features(chart, format_osu(chart))
        except ChartError:  # too dense to be rated
            features = {}
    stars = features.get("sr")
    return Profile(
        chart=chart,
        features=features,
        chords=chord_sizes(chart),
        bigrams=column_ngrams(chart, 2),
        trigrams=column_ngrams(chart, 3),
        snaps=snap_shares(chart),
        motifs=motif_shares(chart),
        violations=violations(chart, stars if isinstance(stars, float) else None),
        latents=None if encode is None else _latents(chart, encode),
    )


def _latents(chart: Beatmap, encode: Encoder) -> Moments | None:
    try:
        return Moments.of(encode(chart))
    except ChartError:  # without notes, or hours long
        return None
