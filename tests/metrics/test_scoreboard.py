import math
from dataclasses import replace

import numpy as np
import pytest

from mug.charts.beatmap import Note
from mug.data.chart_offset import ChartOffset
from mug.metrics.frechet import Moments
from mug.metrics.profile import Profile, profile_of
from mug.metrics.scoreboard import Pair, scores_of, summary_of
from mug.metrics.structure import Measures, MusicStructure
from tests.metrics.hand_charts import chart_of, rows

HUMAN = profile_of(chart_of(Note(0, 0), Note(0, 1), Note(1000, 2), Note(2000, 3, 2500), Note(7000, 0)))
GUESS = profile_of(chart_of(Note(30, 0), Note(1000, 2), Note(2000, 3, 2600), Note(2000, 2), Note(7000, 3)))
MANY = rows(*["x...", ".x..", "..x.", "...x"] * 30, step_ms=100)


def pair(reference: Profile, estimated: Profile, song: str = "song", **asked: object) -> Pair:
    return Pair("chart.osu", song, reference, estimated, asked)


def test_a_pair_counted_by_hand():
    row = scores_of(pair(HUMAN, GUESS, sr=5.0))
    assert row["onset_f1_50ms"] == 1.0
    assert row["onset_precision_20ms"] == row["onset_recall_20ms"] == row["onset_f1_20ms"] == 3 / 4
    assert row["column_f1_20ms"] == pytest.approx(2 * 2 / 10)  # 1000 and 2000
    assert row["column_f1_50ms"] == pytest.approx(2 * 3 / 10)
    assert row["mirrored_column_f1_20ms"] == pytest.approx(2 * 2 / 10)
    assert row["notes_per_second_error"] == 0.0
    assert row["star_rating_asked"] == 5.0
    assert row["star_rating_bias"] == pytest.approx(GUESS.star_rating - 5.0)
    assert row["star_rating_error"] == pytest.approx(5.0 - GUESS.star_rating)
    assert row["ln_ratio_error"] == 0.0
    assert row["ln_length_distance_ms"] == 100.0
    assert math.isnan(row["flags_obeyed"])
    assert math.isnan(row["asked_ett_error"])


def test_what_returns_is_counted_beside_the_humans_chart():
    roll, mirrored, other = ["x...", ".x..", "..x.", "...x"], ["...x", "..x.", ".x..", "x..."], ["x..."] * 4
    human, estimated = rows(*roll, *mirrored, *roll), rows(*roll, *mirrored, *other, *[".x..", "...."] * 2)
    row = scores_of(pair(profile_of(human), profile_of(estimated)))
    assert (row["motif_share_human"], row["rhythm_share_human"]) == (1.0, 2 / 3)
    assert (row["motif_share"], row["rhythm_share"]) == (1 / 2, 2 / 3)
    assert 0 <= row["motif_chance"] <= 1
    assert math.isnan(row["structure"])
    assert math.isnan(row["structure_human"])


def test_structure_is_that_of_the_music():
    measures = Measures(1600.0 * np.arange(5), np.full(4, 400.0))
    alike = np.array([[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1]], float)
    a, b = ["x...", "....", ".x..", "..x.", "....", "...x", "x...", "x..."], ["....", "x..."] * 4
    human, estimated = rows(*a, *b, *a, *b), rows(*a, *a, *b, *b)
    music = MusicStructure(measures, alike)
    row = scores_of(replace(pair(profile_of(human), profile_of(estimated)), music=music))
    assert row["structure_human"] > 0.9
    assert row["structure"] < 0
    assert scores_of(replace(pair(profile_of(human), profile_of(chart_of())), music=music))["structure"] == 0.0


def test_an_empty_chart_repeats_nothing():
    row = scores_of(pair(HUMAN, profile_of(chart_of())))
    assert (row["motif_share"], row["rhythm_share"], row["motif_chance"]) == (0.0, 0.0, 0.0)


def test_offsets_of_peoples_charts_are_removed_before_aligned_f1():
    late = ChartOffset(30.0, 9.0)
    row = scores_of(replace(pair(HUMAN, GUESS), reference_offset=late))
    # the human's moments at 30, 1030, 2030, 7030: of GUESS only the one at 30 is within 20 ms, all are within 50
    assert (row["aligned_onset_f1_20ms"], row["aligned_onset_f1_50ms"]) == (1 / 4, 1.0)
    assert row["onset_f1_20ms"] == 3 / 4
    assert row["reference_offset_ms"] == 30.0
    both = scores_of(replace(pair(HUMAN, GUESS), reference_offset=late, estimated_offset=late))
    assert both["aligned_onset_f1_20ms"] == 3 / 4


def test_an_unsure_offset_counts_as_0_and_none_leaves_a_gap():
    unsure = scores_of(replace(pair(HUMAN, GUESS), reference_offset=ChartOffset(30.0, 1.0)))
    assert unsure["aligned_onset_f1_20ms"] == unsure["onset_f1_20ms"]
    assert math.isnan(unsure["reference_offset_ms"])
    assert math.isnan(scores_of(pair(HUMAN, GUESS))["aligned_onset_f1_20ms"])


def test_a_chart_against_itself_is_perfect():
    human = profile_of(MANY, lambda chart: np.random.default_rng(0).normal(size=(3, 40)))
    estimates = summary_of([pair(human, replace(human))]).estimates
    best = {name: estimates[name].value for name in estimates}
    shares = [name for name in best if name.startswith(("onset", "column", "mirrored"))]
    assert len(shares) == 10
    assert {best[name] for name in shares} == {1.0}
    assert best["ett_error"] == best["star_rating_error"] == best["ln_ratio_error"] == 0.0
    for name in ("chords_js", "bigrams_js", "trigrams_js", "snaps_js", "latent_frechet", "off_grid"):
        assert best[name] == pytest.approx(0.0, abs=1e-6), name


def test_what_was_not_asked_for_is_asked_of_the_reference():
    row = scores_of(pair(HUMAN, GUESS))
    assert row["star_rating_asked"] == pytest.approx(HUMAN.star_rating)


def test_msd_of_the_skillsets_that_were_asked_for():
    features = {"ett": 20.0, "stream_ett": 20.0, "jackspeed_ett": 10.0, "stream": 1, "jackspeed": 0, "ln": 0}
    got = {"ett": 22.0, "stream_ett": 17.0, "jackspeed_ett": 11.0, "stream": 0, "jackspeed": 0, "ln": 1}
    human, guess = replace(HUMAN, features=features), replace(GUESS, features=got)
    row = scores_of(pair(human, guess, stream_ett=20.0, jackspeed_ett=10.0, stream=True, ln=1, jackspeed=False))
    assert (row["ett_error"], row["stream_ett_error"], row["jackspeed_ett_error"]) == (2.0, 3.0, 1.0)
    assert row["asked_ett_error"] == 2.0
    assert row["flags_obeyed"] == 0.5  # ln came, stream did not, jackspeed was not asked for
    assert row["skillsets_obeyed"] == 0.0
    only_ln = scores_of(pair(human, guess, ln=1))
    assert only_ln["flags_obeyed"] == 1.0
    assert math.isnan(only_ln["skillsets_obeyed"])
    assert math.isnan(row["chordjack_ett_error"])


def test_a_chart_without_notes_is_as_wrong_as_can_be():
    row = scores_of(pair(HUMAN, profile_of(chart_of()), stream=True))
    assert row["onset_f1_50ms"] == row["column_f1_50ms"] == row["flags_obeyed"] == 0.0
    assert row["ln_ratio_error"] == 1.0
    assert row["star_rating_error"] == pytest.approx(HUMAN.star_rating)
    assert row["notes_per_second_error"] == pytest.approx(5 / 7)
    assert row["density_spearman"] == 0.0


def test_an_unratable_chart_counts_as_rated_0():
    human = profile_of(MANY)
    wall = profile_of(chart_of(*(Note(float(ms), column) for ms in range(0, 20_000, 10) for column in range(4))))
    for guess in (profile_of(chart_of()), wall):
        row = scores_of(pair(human, guess, stream_ett=20.0))
        assert row["ett_error"] == human.number("ett") > 1
        assert row["asked_ett_error"] == human.number("stream_ett") > 1


def test_no_stars_can_be_asked_for():
    assert scores_of(pair(HUMAN, GUESS, sr=0.0))["star_rating_asked"] == 0.0


def test_charts_count_alike_and_notes_count_alike_in_violations():
    few = profile_of(rows("x...", ".x..", "..x.", "...x"))
    many = profile_of(MANY)
    bad = replace(many, violations=many.violations + type(many.violations)({"minijack": 6}))
    summary = summary_of([pair(few, few, "a"), pair(many, bad, "b")])
    assert summary.songs == 2
    assert summary.violations["minijack"] == pytest.approx(6 / 124 * 1000)
    assert summary.estimates["violations_per_1000"].value == pytest.approx(6 / 124 * 1000)
    low, high = (getattr(summary.estimates["violations_per_1000"], name) for name in ("low", "high"))
    assert (low, high) == (0.0, pytest.approx(6 / 120 * 1000))
    assert summary.snaps["1/1"] == pytest.approx((2 / 4 + 1 / 4) / 2)  # every 200 and every 100 ms, of 400
    assert summary.chords == {1: 1.0}


def test_distances_are_of_all_charts_together():
    singles, doubles = profile_of(rows(*["x..."] * 9)), profile_of(rows(*["x..x"] * 3))
    # the same two charts on both sides, the other way round: pair by pair nothing in common, together all
    estimates = summary_of([pair(singles, replace(doubles), "a"), pair(doubles, replace(singles), "b")]).estimates
    assert estimates["chords_js"].value == 0.0
    assert estimates["chords_js"].high == 1.0
    assert estimates["chords_js"].charts == 2


def test_humans_charts_are_on_one_side_only():
    charts = [replace(HUMAN, chords={size: 1.0}) for size in (1, 2, 3, 4)]
    nearest = [(0, 1), (1, 0), (2, 3), (3, 2)]
    estimates = summary_of([pair(charts[a], charts[b]) for a, b in nearest]).estimates
    assert estimates["chords_js"].charts == 2  # 1 and 2, 3 and 4 the other way round: {1, 4} against {2, 3}
    assert estimates["chords_js"].value == 1.0
    again = [replace(HUMAN, chords={size: 1.0}) for size in (1, 2, 2, 1)]  # {1, 1} against {2, 2}
    assert summary_of([pair(again[a], again[b]) for a, b in nearest]).estimates["chords_js"].value == 1.0
    turned = [replace(HUMAN, chords={size: 1.0}) for size in (1, 2, 1, 2)]  # {1, 2} against {2, 1}
    assert summary_of([pair(turned[a], turned[b]) for a, b in nearest]).estimates["chords_js"].value == 0.0


def test_a_chart_is_never_on_both_sides():
    charts = [replace(HUMAN, chords={size: 1.0}, latents=Moments.of(np.ones((2, 10**size)))) for size in (1, 2, 3)]
    # 3 has no pair of its own: it is in no selection, but nearest to 2
    summary = summary_of([pair(charts[a], charts[b]) for a, b in ((0, 1), (1, 2))])
    assert summary.estimates["chords_js"].charts == 1
    assert summary.estimates["chords_js"].value == 1.0
    assert summary.frames == 100
    # nor twice on one: 3 is nearest to both
    summary = summary_of([pair(charts[a], charts[b]) for a, b in ((0, 2), (1, 2))])
    assert summary.estimates["chords_js"].charts == 1
    assert summary.frames == 1000
    # but a reference of several generated charts counts with each
    summary = summary_of([pair(charts[0], charts[1]), pair(charts[0], charts[2])])
    assert summary.estimates["chords_js"].charts == 2
    assert summary.frames == 1100


def test_frechet_is_of_the_frames_of_all_charts():
    rng = np.random.default_rng(0)
    z = [rng.normal(size=(2, n)) for n in (5, 7, 11, 13)]
    profiles = [replace(HUMAN, latents=Moments.of(part)) for part in z]
    summary = summary_of([pair(profiles[0], profiles[1], "a"), pair(profiles[2], profiles[3], "b")])
    from mug.metrics.frechet import frechet_distance

    expected = frechet_distance(Moments.of(np.hstack([z[0], z[2]])), Moments.of(np.hstack([z[1], z[3]])))
    assert summary.estimates["latent_frechet"].value == pytest.approx(expected)
    assert summary.frames == 7 + 13


def test_near_duplicates_share_most_notes_with_a_training_chart():
    estimates = summary_of([pair(HUMAN, GUESS)] * 4, overlaps=[0.1, 0.79, 0.8, 1.0]).estimates
    assert estimates["near_duplicates"].value == 0.5
    assert estimates["training_overlap"].value == pytest.approx(0.6725)
    assert "near_duplicates" not in summary_of([pair(HUMAN, GUESS)]).estimates


def test_nothing_to_add_up():
    with pytest.raises(ValueError, match="at least one pair"):
        summary_of([])
