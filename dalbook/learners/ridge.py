"""Class-balanced ridge regression on labels that may be soft.

Least squares with a penalty, one column a class: solved at once, with nothing to tune and no order of steps that could
matter. Each class has the same say however many labels it has, as macro-averaged recall has it.
"""

from __future__ import annotations

import numpy as np

PENALTY = 1.0


def fit_ridge(features: np.ndarray, targets_mC: np.ndarray, weights: np.ndarray, labels: int) -> np.ndarray:
    """Coefficients (p + 1, C), float64, the last row is the intercept.

    Parameters
    ----------
    features
        float32 (m, p).
    targets_mC
        Float (m, C): for each clip how much it is of each class; rows sum to one.
    weights
        Float (m,), not negative: how much each clip counts.
    labels
        How many labels there are; the weights are scaled to sum to it, so that the penalty fades as labels come.

    Examples
    --------
    >>> x = np.array([[0.0], [1.0], [1.0], [1.0]], dtype=np.float32)
    >>> y = np.array([[1, 0], [0, 1], [0, 1], [0, 1]])
    >>> bool(predict_ridge(fit_ridge(x, y, np.ones(4), 4), x)[0].argmax() == 0)
    True
    """
    share = weights[:, None] * targets_mC
    mass = share.sum(axis=0)
    met = mass > 0
    share *= np.where(met, mass.sum() / (max(met.sum(), 1) * np.where(met, mass, 1)), 0)
    row = share.sum(axis=1)
    scale = labels / row.sum()
    x = np.column_stack([features, np.ones(len(features), dtype=np.float32)])
    weighted = x * (row * scale)[:, None].astype(np.float32)
    normal = (weighted.T @ x).astype(np.float64)
    penalty = np.full(len(normal), PENALTY)
    penalty[-1] = 1e-3 * PENALTY  # the intercept is free; not quite, so that there is one answer
    normal[np.diag_indices_from(normal)] += penalty
    return np.linalg.solve(normal, (x.T @ (share * scale).astype(np.float32)).astype(np.float64))


def predict_ridge(coefficients: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Scores (m, C), float64: about one for the class of a clip and zero for the others."""
    return features @ coefficients[:-1].astype(np.float32) + coefficients[-1]
