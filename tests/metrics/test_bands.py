"""Motif share and structure by star rating, counted by hand."""

import math
from dataclasses import replace

import pytest

from mug.metrics.bands import TITLE, band_of, band_rows
from mug.metrics.profile import profile_of
from mug.metrics.scoreboard import Pair, Summary, summary_of
from tests.metrics.hand_charts import rows

# Stars of the reference, its motif share and structure, and those of the chart
CHARTS = [
    (1.4, 0.5, 0.4, 0.1, 0.2),
    (1.5, 0.3, 0.2, 0.0, math.nan),
    (2.4, 0.1, 0.6, 0.2, math.nan),
    (2.4, math.nan, 0.7, 0.4, math.nan),
    (6.0, 0.2, math.nan, math.nan, 0.5),
]


@pytest.fixture(scope="module")
def summary() -> Summary:
    chart = profile_of(rows("x...", ".x.."))
    pairs, figures = [], []
    for number, (stars, share_human, structure_human, share, structure) in enumerate(CHARTS):
        human = replace(chart, features={"sr": stars}, motifs=replace(chart.motifs, chance=share_human / 10))
        pairs.append(Pair(f"{number}.osu", "song", human, chart, {}))
        shares = {"motif_share": share, "motif_share_human": share_human}
        figures.append({**shares, "structure": structure, "structure_human": structure_human})
    return replace(summary_of(pairs), rows=figures)


def test_bands_have_the_medians_of_people_and_of_each_source(summary):
    one = replace(summary, pairs=summary.pairs[:1], rows=summary.rows[:1])
    assert band_rows({"generated": summary, "random": one}) == [
        [TITLE, "people", "their columns shuffled", "generated", "random"],
        ["below 1.5 stars", "0.50 / 0.40 (1)", "0.05 / - (1)", "0.10 / 0.20 (1)", "0.10 / 0.20 (1)"],
        ["1.5 to 2.5 stars", "0.20 / 0.60 (2)", "0.02 / - (2)", "0.20 / - (3)", "-"],
        ["6 stars and above", "0.20 / - (1)", "0.02 / - (1)", "-", "-"],
    ]


def test_a_limit_belongs_to_the_band_above_it():
    assert [band_of(stars) for stars in (0.0, 1.49, 1.5, 4.5, 5.99, 6.0, 40.0)] == [
        *["below 1.5 stars"] * 2,
        "1.5 to 2.5 stars",
        *["4.5 to 6 stars"] * 2,
        *["6 stars and above"] * 2,
    ]
