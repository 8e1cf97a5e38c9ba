import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from mug.charts.beatmap import Note
from mug.metrics.patterns import as_arrays, chord_sizes, column_ngrams, js_distance, ln_length_distance_ms
from tests.metrics.hand_charts import chart_of, rows

HISTOGRAMS = st.lists(st.integers(0, 9), min_size=5, max_size=5).filter(any).map(np.array)


def test_chord_sizes_counted_by_hand():
    assert chord_sizes(rows("x...", "xx..", ".x..", "xxx.")) == {1: 1 / 2, 2: 1 / 4, 3: 1 / 4}
    assert chord_sizes(chart_of()) == {}


def test_ngrams_counted_by_hand():
    trill = rows("x...", ".x..", "x...", ".x..")
    assert column_ngrams(trill, 2) == {0b0001_0010: 2 / 3, 0b0010_0001: 1 / 3}
    assert column_ngrams(trill, 3) == {0b0001_0010_0001: 1 / 2, 0b0010_0001_0010: 1 / 2}
    assert column_ngrams(rows("x...", "x..."), 3) == {}


def test_ngrams_know_no_speed_but_jacks():
    assert column_ngrams(rows("x...", ".x.."), 2) == column_ngrams(rows("x...", ".x..", step_ms=900), 2)
    assert column_ngrams(rows("x...", "x..."), 2) == {0b0001_0001: 1.0}


def test_arrays_have_the_kinds_of_both_sets():
    first, second = as_arrays([{1: 0.5, 4: 0.5}, {}], [{2: 1.0}])
    assert first.tolist() == [[0.5, 0, 0.5], [0, 0, 0]]
    assert second.tolist() == [[0, 1, 0]]


def test_js_distance_counted_by_hand():
    # middle (3/4, 1/4); (1 log 4/3 + 1/2 log 2/3 + 1/2 log 2) / 2 bits
    divergence = (math.log2(4 / 3) + 0.5 * math.log2(2 / 3) + 0.5) / 2
    assert js_distance(np.array([2.0, 0.0]), np.array([7.0, 7.0])) == pytest.approx(math.sqrt(divergence))
    assert divergence == pytest.approx(0.3113, abs=1e-4)
    assert js_distance(np.array([3, 1]), np.array([6, 2])) == 0.0
    assert js_distance(np.array([1, 0]), np.array([0, 1])) == 1.0


def test_js_distance_of_nothing_or_of_other_kinds():
    assert math.isnan(js_distance(np.zeros(2), np.ones(2)))
    with pytest.raises(ValueError, match=r"\(2,\) and \(3,\)"):
        js_distance(np.ones(2), np.ones(3))


@given(HISTOGRAMS, HISTOGRAMS, HISTOGRAMS)
def test_js_distance_is_a_metric_and_that_of_scipy(p, q, r):
    assert js_distance(p, q) == js_distance(q, p)
    assert 0 <= js_distance(p, q) <= 1
    assert js_distance(p, p) == pytest.approx(0, abs=1e-7)
    assert js_distance(p, r) <= js_distance(p, q) + js_distance(q, r) + 1e-7
    # scipy's own has no guard against a divergence just below 0
    assert js_distance(p, q) == pytest.approx(np.nan_to_num(jensenshannon(p, q, base=2)), abs=1e-6)


def test_ln_lengths_counted_by_hand():
    human = chart_of(Note(0, 0, 100), Note(500, 1, 800), Note(1000, 2))
    guess = chart_of(Note(0, 0, 150), Note(500, 1, 850))
    assert ln_length_distance_ms(human, guess) == pytest.approx((50 + 50) / 2)  # 100, 300 to 150, 350
    assert ln_length_distance_ms(human, chart_of(Note(0, 0, 300))) == pytest.approx(100)  # (200 + 0) / 2
    assert ln_length_distance_ms(human, human) == 0.0
    assert math.isnan(ln_length_distance_ms(human, chart_of(Note(0, 0))))
