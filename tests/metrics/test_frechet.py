import numpy as np
import pytest
import scipy.linalg

from mug.metrics.frechet import Moments, frechet_distance


def gaussian(mean: np.ndarray, root: np.ndarray, n: int, seed: int = 0) -> np.ndarray:
    """[Z, n] with exactly this mean and covariance root root^T."""
    x = np.random.default_rng(seed).normal(size=(len(mean), n))
    x -= x.mean(axis=1, keepdims=True)
    x = np.linalg.solve(np.linalg.cholesky(x @ x.T / (n - 1)), x)
    return mean[:, None] + root @ x


def test_in_one_dimension_counted_by_hand():
    # (3 - 1)^2 + (2 - 5)^2: |m1 - m2|^2 and (s1 - s2)^2
    a, b = gaussian(np.array([3.0]), np.array([[2.0]]), 11), gaussian(np.array([1.0]), np.array([[5.0]]), 7)
    assert frechet_distance(Moments.of(a), Moments.of(b)) == pytest.approx(13.0)


def test_moments_of_a_latent_counted_by_hand():
    moments = Moments.of(np.array([[1.0, 3.0], [0.0, 4.0]]))
    assert (moments.n, moments.total.tolist()) == (2.0, [4.0, 4.0])
    mean, covariance = moments.gaussian()
    assert mean.tolist() == [2.0, 2.0]
    assert covariance.tolist() == [[2.0, 4.0], [4.0, 8.0]]


def test_it_is_the_formula_with_the_root_of_a_product():
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(3, 29)), rng.normal(1.0, 2.0, size=(3, 31))
    (m1, c1), (m2, c2) = Moments.of(a).gaussian(), Moments.of(b).gaussian()
    expected = ((m1 - m2) ** 2).sum() + np.trace(c1 + c2 - 2 * scipy.linalg.sqrtm(c1 @ c2).real)
    assert frechet_distance(Moments.of(a), Moments.of(b)) == pytest.approx(expected)


def test_symmetric_and_0_for_equal_sets_even_of_few_frames():
    rng = np.random.default_rng(1)
    a, b = Moments.of(rng.normal(size=(7, 3))), Moments.of(rng.normal(size=(7, 5)))  # covariances without full rank
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a))
    assert frechet_distance(a, a) == pytest.approx(0.0, abs=1e-6)


def test_one_frame_is_no_gaussian():
    with pytest.raises(ValueError, match="at least 2 latent frames, got 1"):
        Moments.of(np.ones((3, 1))).gaussian()
