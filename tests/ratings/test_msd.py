"""Skillset ratings: what the door to them takes, which calculator is behind it, and how close the estimate comes."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from scipy.stats import spearmanr

from mug.errors import ConfigError
from mug.ratings.msd import minacalc
from mug.ratings.msd.estimate import PARAMETERS_VERSION
from mug.ratings.msd.rating import MSD_NAMES, calculator_version, rate_msd
from mug.ratings.msd.reference import SOURCES, read_reference

ROWS = np.arange(600)
STREAM = (np.array([0, 2, 1, 3])[ROWS * 7 // 3 % 4], ROWS * 1000 / 12)


@pytest.fixture
def installed(monkeypatch):
    """Put a module in the place of minacalc, None for none."""

    def install(module) -> None:
        monkeypatch.setitem(sys.modules, "minacalc", module)
        minacalc.minacalc.cache_clear()

    yield install
    monkeypatch.undo()
    minacalc.minacalc.cache_clear()


@pytest.fixture(autouse=True)
def estimate(request, installed):
    """Tests are of the estimate, also where minacalc is installed."""
    installed(None)


def test_names_in_order():
    assert MSD_NAMES == (
        "overall",
        "stream",
        "jumpstream",
        "handstream",
        "stamina",
        "jackspeed",
        "chordjack",
        "technical",
    )


def test_one_row_of_ratings_a_rate():
    ratings = rate_msd(*STREAM, 4, [0.8, 1.0, 1.5])
    assert ratings.shape == (3, 8)
    assert ratings.dtype == np.float32
    assert (ratings[:, 0] >= ratings[:, 1:].max(axis=1) - 0.001).all()
    assert (np.diff(ratings[:, 0]) > 1).all()
    np.testing.assert_allclose(ratings[1:2], rate_msd(*STREAM, 4), atol=0.002)
    assert rate_msd(*STREAM, 4, []).shape == (0, 8)


@pytest.mark.parametrize("keys", [1, 5, 7, 18])
def test_other_key_counts_have_none(keys):
    assert rate_msd(*STREAM, keys, [1.0]) is None


def test_the_order_of_notes_does_not_matter():
    column, start_ms = STREAM
    order = np.random.default_rng(0).permutation(len(column))
    np.testing.assert_array_equal(rate_msd(column[order], start_ms[order], 4), rate_msd(*STREAM, 4))
    nearly = start_ms + np.tile([0.0, -83.1], 300)  # rows of two notes at times that are not quite one
    np.testing.assert_array_equal(rate_msd(column[order], nearly[order], 4), rate_msd(column, nearly, 4))


@pytest.mark.parametrize(
    ("column", "start_ms"),
    [([], []), ([0], [100.0]), ([0, 3], [100.0, 100.0]), ([0, 1], [100.0, 750_000.0])],
    ids=["no note", "one note", "one row", "750 s"],
)
def test_charts_that_are_not_rated(column, start_ms):
    np.testing.assert_array_equal(rate_msd(np.array(column, int), np.array(start_ms), 4), np.zeros((1, 8)))


def test_a_chart_may_be_too_long_at_one_rate_alone():
    column, start_ms = np.array([0, 1, 2]), np.array([0.0, 100.0, 749_999.0])
    rated = rate_msd(column, start_ms, 4, [0.99, 1.0, 1.01])
    assert (rated[:, 0] > 0).tolist() == [False, True, True]


def test_fifty_rows_in_half_a_second_are_too_many():
    lead = np.arange(0, 30_000, 250.0)
    for rows, is_rated in ((49, True), (50, False)):
        start_ms = np.concatenate([lead, 30_000 + 10.0 * np.arange(rows)])
        rating = rate_msd(np.arange(len(start_ms)) % 4, start_ms, 4)
        assert (rating > 0).all() == is_rated
        assert (rating == 0).all() != is_rated


def test_a_faster_chart_is_the_chart_at_a_rate():
    column, start_ms = STREAM
    np.testing.assert_allclose(rate_msd(column, start_ms / 1.25, 4), rate_msd(column, start_ms, 4, [1.25]), atol=0.25)


def test_hands_may_be_swapped():
    column, start_ms = STREAM
    np.testing.assert_allclose(rate_msd((column + 2) % 4, start_ms, 4), rate_msd(column, start_ms, 4), atol=0.002)


def test_a_chart_before_its_audio_is_moved_to_it():
    column, start_ms = STREAM
    np.testing.assert_array_equal(rate_msd(column, start_ms - 5000, 4), rate_msd(column, start_ms, 4))


@pytest.mark.parametrize(
    ("column", "start_ms", "rates", "message"),
    [
        ([0, 1], [1.0], [1.0], "as many columns as times"),
        ([0, 4], [1.0, 2.0], [1.0], "columns 0 to 3"),
        ([0, -1], [1.0, 2.0], [1.0], "columns 0 to 3"),
        ([0, 1], [1.0, np.nan], [1.0], "finite times"),
        ([0, 1], [1.0, 2.0], [0.0], "positive rates"),
        ([0, 1], [1.0, 2.0], [np.inf], "positive rates"),
    ],
)
def test_refuses_what_is_no_chart(column, start_ms, rates, message):
    with pytest.raises(ValueError, match=message):
        rate_msd(np.array(column), np.array(start_ms), 4, rates)


def test_version_of_the_estimate():
    assert calculator_version() == f"mug-{PARAMETERS_VERSION}"


def scores(**ratings):
    return SimpleNamespace(**{**dict.fromkeys(MSD_NAMES, 1.0), **ratings})


def test_an_installed_calculator_is_used(installed):
    calls = []

    def calc_at_rate(notes, rate, goal, keys, mode):
        calls.append((notes, rate, goal, keys, mode))
        return scores(overall=20.0 * rate, technical=3.0)

    module = ModuleType("minacalc")
    module.calc_at_rate = calc_at_rate
    module.__version__ = "9.9"
    installed(module)
    ratings = rate_msd(np.array([3, 0, 1]), np.array([500.0, 250.0, 500.0]), 4, [1.0, 1.5])
    np.testing.assert_array_equal(ratings, [[20, 1, 1, 1, 1, 1, 1, 3], [30, 1, 1, 1, 1, 1, 1, 3]])
    assert calls == [([(1, 0.25), (10, 0.5)], rate, 0.93, 4, "ssr") for rate in (1.0, 1.5)]
    assert calculator_version() == "minacalc-9.9"
    assert rate_msd(*STREAM, 7) is None
    assert rate_msd(np.array([0]), np.array([1.0]), 4).tolist() == [[0.0] * 8]


def test_another_program_of_that_name_is_refused(installed):
    installed(ModuleType("minacalc"))
    for call in (calculator_version, lambda: rate_msd(*STREAM, 4)):
        with pytest.raises(ConfigError, match="no calc_at_rate"):
            call()


@pytest.mark.parametrize("error", [TypeError("takes 1 argument"), ValueError("no rows"), RuntimeError("native")])
def test_a_calculator_that_refuses_is_not_replaced(installed, error):
    def calc_at_rate(*_, **__):
        raise error

    module = ModuleType("minacalc")
    module.calc_at_rate = calc_at_rate
    installed(module)
    with pytest.raises(ConfigError, match=f"600 rows at 1.0x.*{error}"):
        rate_msd(*STREAM, 4)


def test_a_calculator_that_answers_otherwise_is_not_replaced(installed):
    module = ModuleType("minacalc")
    module.calc_at_rate = lambda *_, **__: {"overall": 1.0}
    installed(module)
    with pytest.raises(ConfigError, match="as it documents"):
        rate_msd(*STREAM, 4)


def test_a_calculator_that_does_not_load(tmp_path, monkeypatch, installed):
    (tmp_path / "minacalc.py").write_text("import ctypes_of_nowhere\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "minacalc")
    minacalc.minacalc.cache_clear()
    with pytest.raises(ConfigError, match="does not load"):
        rate_msd(*STREAM, 4)


@pytest.mark.slow
def test_shipped_parameters_rate_the_charts_they_were_fit_to(shared):
    references = read_reference(shared / "data")[::2]
    estimated = np.concatenate([rate_msd(r.column, r.start_ms, 4, [r.rate]) for r in references])
    truth = np.stack([reference.msd for reference in references])
    for source in SOURCES:
        chosen = np.array([reference.source == source for reference in references])
        for index, name in enumerate(MSD_NAMES):
            error = np.abs(estimated[chosen, index] - truth[chosen, index]).mean()
            rank = spearmanr(estimated[chosen, index], truth[chosen, index])[0]
            assert error < 0.8, (source, name, error)
            assert rank > 0.985, (source, name, rank)
