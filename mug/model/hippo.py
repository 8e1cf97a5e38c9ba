"""Initial states of S4: the past as coefficients of Legendre polynomials.

Axes: N states.
"""

import numpy as np


def hippo_legs(d_state: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Diagonalise HiPPO-LegS: w, B, P complex128 [N/2], one of every conjugate pair.

    A_nk = -sqrt((2n+1)(2k+1)) below the diagonal, -(n+1) on it; B_n = sqrt(2n+1) (S4, equation 2). With P_n =
    sqrt(n + 1/2), A + P P^T is -1/2 I plus a skew matrix, which a unitary V diagonalises (S4, appendix C.1): w are its
    eigenvalues, and B and P are expressed in the basis V.
    """
    n = np.arange(d_state)
    root = np.sqrt(2 * n + 1)
    transition = -np.tril(np.outer(root, root), -1) - np.diag(n + 1.0)  # [N, N]
    low_rank = np.sqrt(n + 0.5)
    skew = transition + np.outer(low_rank, low_rank) + 0.5 * np.eye(d_state)
    frequencies, basis = np.linalg.eigh(-1j * skew)  # ascending, so the first half is the negative ones
    half = d_state // 2
    projection = basis.conj().T[:half]
    return -0.5 + 1j * frequencies[:half], projection @ root, projection @ low_rank
