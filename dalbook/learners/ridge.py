"""Class-balanced kernel ridge regression on labels that may be soft.

Least squares with a penalty, one column a class: solved at once, with nothing to tune and no order of steps that could
matter. A score is a sum over a few hundred landmark clips of how near a clip is to each (subset of regressors; Smola
and Schoelkopf, ICML 2000), so borders may bend, and the cost does not grow with the square of the clips. Each class
has the same say however many labels it has, as macro-averaged recall has it.
"""

from __future__ import annotations

import numpy as np

from dalbook.learners.geometry import squared_distances

PENALTY = 0.03
BEND = 1.0  # the kernel is exp(-BEND |a - b|^2); points have unit length, and half as much does as well
JITTER = 1e-4  # for landmarks that are the same clip twice


def kernel(points: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """How near points (m, p) are to landmarks (R, p), rows of unit length: float32 (m, R), one where they meet.

    >>> kernel(np.eye(2, dtype=np.float32), np.eye(2, dtype=np.float32)).round(3)[0].astype(float).round(3).tolist()
    [1.0, 0.135]
    """
    near = squared_distances(points, landmarks)
    near *= np.float32(-BEND)
    return np.exp(near, out=near)


def fit_ridge(
    features: np.ndarray, penalty: np.ndarray, targets_mC: np.ndarray, weights: np.ndarray, labels: int
) -> np.ndarray:
    """Coefficients (R + 1, C), float64; the last row is the intercept, which is not penalized.

    Parameters
    ----------
    features
        float32 (m, R), the kernel between clips and landmarks.
    penalty
        float32 (R, R), the kernel among the landmarks: what makes the penalty one on the function, not on numbers.
    targets_mC
        Float (m, C): for each clip how much it is of each class; rows sum to one.
    weights
        Float (m,), not negative: how much each clip counts.
    labels
        How many labels there are; the weights are scaled to sum to it, so that the penalty fades as labels come.

    Examples
    --------
    >>> x = np.array([[1, 0], [0, 1], [0, 1], [0, 1]], dtype=np.float32)
    >>> y = np.array([[1, 0], [0, 1], [0, 1], [0, 1]])
    >>> features, penalty = kernel(x, x[:2]), kernel(x[:2], x[:2])
    >>> predict_ridge(fit_ridge(features, penalty, y, np.ones(4), 4), features).round(1).tolist()
    [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]]
    """
    share = weights[:, None] * targets_mC
    mass = share.sum(axis=0)
    met = mass > 0
    share *= np.where(met, mass.sum() / (max(met.sum(), 1) * np.where(met, mass, 1)), 0)
    row = share.sum(axis=1)
    scale = labels / row.sum()
    k = np.column_stack([features, np.ones(len(features), dtype=np.float32)])
    normal = ((k * (row * scale)[:, None].astype(np.float32)).T @ k).astype(np.float64)
    normal[:-1, :-1] += PENALTY * penalty
    normal[np.diag_indices_from(normal)] += JITTER
    return np.linalg.solve(normal, (k.T @ (share * scale).astype(np.float32)).astype(np.float64))


def predict_ridge(coefficients: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Scores (m, C), float64: about one for the class of a clip and zero for the others."""
    return features @ coefficients[:-1].astype(np.float32) + coefficients[-1]
