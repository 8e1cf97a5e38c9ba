"""How dense charts are by what is known of them: a distribution with numbers that are counted by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mug.errors import CheckpointError, ConfigError
from mug.placement.density import DensityPrior

# Variance 1 each of a flag, of the logarithm of the stars and of the density: 0.6 and 0.8 in common with the density.
PRIOR = DensityPrior(
    ["sr", "stream"],
    np.array([math.log(3.0), 0.5, math.log(5.0)]),
    np.array([[1.0, 0.0, 0.6], [0.0, 1.0, 0.7], [0.6, 0.7, 1.0]]),
)


@pytest.mark.parametrize(
    ("prompt", "log_rate", "variance"),
    [
        ({}, math.log(5), 1.0),
        ({"sr": None, "rank_status": "ranked"}, math.log(5), 1.0),
        ({"sr": 3.0}, math.log(5), 1 - 0.36),
        ({"sr": 6.0, "ln_ratio": 0.5}, math.log(5) + 0.6 * math.log(2), 1 - 0.36),
        ({"sr": 0.0}, math.log(5) + 0.6 * math.log(0.5 / 3), 1 - 0.36),
        ({"stream": True}, math.log(5) + 0.7 * 0.5, 1 - 0.49),
        ({"sr": 6.0, "stream": False}, math.log(5) + 0.6 * math.log(2) - 0.35, 1 - 0.36 - 0.49),
    ],
)
def test_what_is_given_moves_the_density_and_makes_it_surer(prompt, log_rate, variance):
    density = PRIOR.of(prompt)
    assert density.log_rate == pytest.approx(log_rate)
    assert density.deviation == pytest.approx(math.sqrt(variance))


def test_a_fit_finds_what_charts_have_in_common():
    rng = np.random.default_rng(0)
    charts = []
    for stars in np.exp(rng.normal(1.0, 0.3, 2000)):
        rate = stars**0.8 * math.exp(rng.normal(0.2, 0.1))
        charts.append(({"sr": float(stars), "rank_status": "ranked", "ln_ratio": None, "stream": stars > 3}, rate))
    prior = DensityPrior.fit(charts)
    assert prior.names == ["sr", "stream"]  # words are left out, and what not all charts have
    density = prior.of({"sr": 2.0})
    assert density.log_rate == pytest.approx(0.8 * math.log(2) + 0.2, abs=0.02)
    assert density.deviation == pytest.approx(0.1, abs=0.01)
    assert prior.of({}).deviation == pytest.approx(math.hypot(0.8 * 0.3, 0.1), abs=0.01)


def test_it_is_kept_as_text(tmp_path):
    PRIOR.save(tmp_path / "density.yaml")
    again = DensityPrior.from_yaml(tmp_path / "density.yaml")
    assert again.names == PRIOR.names
    assert again.mean == pytest.approx(PRIOR.mean, rel=1e-5)
    assert again.covariance == pytest.approx(PRIOR.covariance)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("names: [sr]", "'mean'"),
        ("- 1", ""),
        ("{names: [sr], mean: [1], covariance: [[1]]}", "density of 1 features"),
        ("{names: [sr], mean: [1, .nan], covariance: [[1, 0], [0, 1]]}", "must be finite"),
        (f"{{names: [sr], mean: [1, 1{'0' * 400}], covariance: [[1, 0], [0, 1]]}}", ""),
        ("{names: {s: 1, r: 2}, mean: [1, 1, 2], covariance: [[1, 0, 0], [0, 1, 0], [0, 0, 1]]}", "its names are none"),
        ("{names: [sr], mean: [1, -2.0e+6], covariance: [[1, 0], [0, 1]]}", "below a million"),
        ("{names: [sr], mean: [1, 2], covariance: [[1.0e+300, 0], [0, 1]]}", "below a million"),
        ("{names: [sr], mean: [1, 2], covariance: [[1.0e-9, 0], [0, 1]]}", "not positive definite"),
        ("{names: [sr], mean: [1, 2], covariance: [[1, 0.5], [0, 1]]}", "symmetric"),
        ("{names: [sr], mean: [1, 2], covariance: [[1, 2], [2, 1]]}", "not positive definite"),
        ("{names: [sr], mean: [1, many], covariance: [[1, 0], [0, 1]]}", ""),
        ("{names: [1], mean: [1, 2], covariance: [[1, 0], [0, 1]]}", "its names are none"),
        ("{names: 5, mean: [1, 2], covariance: [[1, 0], [0, 1]]}", ""),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path, text, reason):
    (tmp_path / "density.yaml").write_text(text)
    with pytest.raises(CheckpointError, match=f"density.yaml: not a density prior: .*{reason}"):
        DensityPrior.from_yaml(tmp_path / "density.yaml")


def test_one_chart_is_too_little():
    with pytest.raises(ConfigError, match="1 charts are too few"):
        DensityPrior.fit([({"sr": 3.0}, 5.0)])


@given(
    st.lists(st.tuples(st.floats(0.5, 9), st.booleans(), st.floats(0.2, 30)), min_size=2, max_size=20),
    st.dictionaries(st.sampled_from(["sr", "stream", "x"]), st.floats(0, 20)),
)
def test_any_charts_have_a_density_for_any_prompt(charts, prompt):
    prior = DensityPrior.fit([({"sr": stars, "stream": flag}, rate) for stars, flag, rate in charts])
    density = prior.of(prompt)
    assert math.isfinite(density.log_rate)
    assert 0 < density.deviation <= prior.of({}).deviation + 1e-6
