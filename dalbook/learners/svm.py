"""The support vector machine of the baselines, made cheap to fit again on more and more labels of one pool."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from dalbook.learners.checks import LARGEST, usable

_BLOCK = 512  # rows handled at a time


class PoolSVM:
    """An RBF support vector machine, C = 1, gamma = "scale", features standardized on the whole pool.

    It predicts what scikit-learn's `SVC(C=1, gamma="scale", break_ties=True)` predicts when it is fitted on the
    standardized features of the labeled rows. The features never change, only the labels do, so the squared
    distances among the pool's rows are computed once, as one matrix product, and every fit takes its part of them:

    K(a, b) = exp(-gamma ||a - b||²),  gamma = 1 / (d Var(labeled features)).

    Parameters
    ----------
    x
        (n, d) features of the pool, labeled or not: the training folds. A feature that is constant counts for
        nothing.
    n_classes
        Number of classes C.

    Raises
    ------
    ValueError
        `x` is not (n, d) with n >= 1, or holds NaN or infinity; `n_classes` is below 1.

    Examples
    --------
    >>> svm = PoolSVM(np.array([[0.0], [1.0], [9.0], [10.0]]), n_classes=3)
    >>> svm.fit(rows=[0, 3], labels=[0, 2]).predict_proba(np.array([[2.0], [8.0]])).round(2)
    array([[0.82, 0.  , 0.18],
           [0.18, 0.  , 0.82]])
    """

    def __init__(self, x: np.ndarray, n_classes: int) -> None:
        if n_classes < 1:
            raise ValueError(f"n_classes must be at least 1, not {n_classes}")
        x = _features(x, "the pool")
        if not len(x):
            raise ValueError("the pool is empty: there is nothing to train on")
        self.n_classes = n_classes
        self._scaler = StandardScaler().fit(x)
        z = self._scaler.transform(x)
        self._sums, self._squares = z.sum(axis=1), np.einsum("ij,ij->i", z, z)
        self._z = z.astype(np.float32)
        self._rows = np.empty(0, dtype=np.int64)
        self._seen = np.empty(0, dtype=np.int64)  # the classes among the labels
        self._gamma = 1.0
        self._svc: SVC | None = None

    @cached_property
    def _distances(self) -> np.ndarray:
        # All pairs at once, even for few labels: what a fit gives must not depend, even in its last bit, on which
        # fits came before it.
        return _squared_distances(self._z, self._squares, self._z, self._squares)

    def fit(self, rows: np.ndarray, labels: np.ndarray) -> PoolSVM:
        """Train on some of the pool's rows.

        Parameters
        ----------
        rows
            (m,) row numbers in the pool; m = 0 forgets all training.
        labels
            (m,) their classes, 0 to C - 1.

        Raises
        ------
        ValueError
            The two lengths differ, or a row or a class does not exist.
        """
        rows, labels = np.asarray(rows, dtype=np.int64), np.asarray(labels, dtype=np.int64)
        if rows.ndim != 1 or rows.shape != labels.shape:
            raise ValueError(f"each row needs one label, but there are {rows.shape} rows and {labels.shape} labels")
        _within(rows, len(self._z), "row")
        _within(labels, self.n_classes, "class")
        self._rows, self._seen, self._svc = rows, np.unique(labels), None
        if len(self._seen) > 1:
            d = self._z.shape[1]
            variance = self._squares[rows].mean() / d - (self._sums[rows].mean() / d) ** 2
            self._gamma = 1 / (d * variance) if variance > 0 else 1.0
            kernel = np.empty((len(rows), len(rows)))  # float64: what libsvm takes without another copy
            for i in range(0, len(rows), _BLOCK):
                kernel[i : i + _BLOCK] = self._kernel(self._distances[np.ix_(rows[i : i + _BLOCK], rows)])
            self._svc = SVC(C=1, kernel="precomputed").fit(kernel, labels)
        return self

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """Scores that sum to 1; the largest is the predicted class.

        They are the softmax of the one-vs-rest decision values, for which SVC counts the pairwise votes: good for
        ranking classes, but NOT calibrated probabilities. Classes without a label get 0; if only one class has
        labels it gets 1; without any label all classes get 1 / C.

        Parameters
        ----------
        x
            (m, d) features, not standardized.

        Returns
        -------
        float64 array, shape (m, C)

        Raises
        ------
        ValueError
            `x` is not (m, d), or holds NaN or infinity.
        """
        x = _features(x, "the clips to predict")
        if x.shape[1] != self._z.shape[1]:
            raise ValueError(f"the features have {x.shape[1]} dimensions, but those of the pool {self._z.shape[1]}")
        if not len(self._seen):
            return np.full((len(x), self.n_classes), 1 / self.n_classes)
        scores = np.zeros((len(x), self.n_classes))
        if self._svc is None:
            scores[:, self._seen] = 1
            return scores
        labeled, squares = self._z[self._rows], self._squares[self._rows]
        for i in range(0, len(x), _BLOCK):
            z = self._scaler.transform(x[i : i + _BLOCK])
            distances = _squared_distances(z.astype(np.float32), np.einsum("ij,ij->i", z, z), labeled, squares)
            decision = self._svc.decision_function(self._kernel(distances).astype(np.float64))
            if decision.ndim == 1:  # two classes: one value, positive for the second
                decision = np.column_stack([-decision, decision])
            raised = np.exp(decision - decision.max(axis=1, keepdims=True))
            scores[i : i + _BLOCK, self._seen] = raised / raised.sum(axis=1, keepdims=True)
        return scores

    def _kernel(self, distances: np.ndarray) -> np.ndarray:
        distances *= -self._gamma
        return np.exp(distances, out=distances)


def _squared_distances(a: np.ndarray, a_squares: np.ndarray, b: np.ndarray, b_squares: np.ndarray) -> np.ndarray:
    """||a||² - 2 aᵀb + ||b||² for all pairs of rows: (n, m) float32, in place."""
    distances = a @ b.T
    distances *= -2
    distances += a_squares[:, None].astype(np.float32)
    distances += b_squares.astype(np.float32)
    return np.maximum(distances, 0, out=distances)


def _features(x: np.ndarray, whose: str) -> np.ndarray:
    x = np.asarray(x, dtype=np.float64)  # the scaler would otherwise work in the precision that it is given
    if x.ndim != 2:
        raise ValueError(f"the features of {whose} must have shape (n, d), not {x.shape}")
    bad = np.flatnonzero(~usable(x))
    if len(bad):
        raise ValueError(f"row {bad[0]} of the features of {whose} holds NaN, infinity or numbers beyond {LARGEST:g}")
    return x


def _within(values: np.ndarray, n: int, name: str) -> None:
    outside = values[(values < 0) | (values >= n)]
    if len(outside):
        raise ValueError(f"{name} {outside[0]} does not exist: they go from 0 to {n - 1}")
