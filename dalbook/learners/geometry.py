"""The space that distances between clips are taken in: logarithm, half-whitened principal components, unit length.

Embeddings of networks that end in a ReLU are skewed: most numbers are near zero, a few are large, and a handful of
directions that all sounds share carry most of the variance. Distances in them say how strong these directions are.
Three steps undo that: ``log(1 + x)`` pulls the large numbers in; principal components of the unlabeled clips are
divided by the fourth root of their variance, half of the way to whitening, so that many directions have a say and
noise does not get as much as sound; and each clip is set to unit length, so that only the direction counts.
"""

from __future__ import annotations

import numpy as np

DIMENSIONS = 128  # principal components kept
MOST = 10_000  # clips the statistics are best taken from: enough for them, and quickly done
BLOCK = 4096  # rows that are worked on at once


class Geometry:
    """The space, with statistics from the clips of a pool; no label is needed.

    Parameters
    ----------
    x
        Float (n, d), finite: embeddings of the pool's clips, or of some 10 000 of them.

    Attributes
    ----------
    mean
        float32 (d,): of ``log(1 + x)``.
    axes
        float32 (d, p): principal axes, p = 128 or fewer.
    variance
        float64 (p,): along them, falling.

    Examples
    --------
    >>> x = np.random.default_rng(0).random((50, 8), dtype=np.float32)
    >>> Geometry(x).points(x).shape
    (50, 8)
    """

    def __init__(self, x: np.ndarray) -> None:
        z = log1p(x)
        self.mean = z.mean(axis=0, dtype=np.float64).astype(np.float32)
        z -= self.mean
        # of the smaller side: fewer clips than dimensions is what a first session has
        wide = len(z) < z.shape[1]
        products = (z @ z.T if wide else z.T @ z).astype(np.float64) / len(z)
        variance, vectors = np.linalg.eigh(products)
        largest = np.argsort(-variance, kind="stable")[:DIMENSIONS]
        # float32 products leave noise of about 1e-6 of the largest; a direction below it is no direction
        largest = largest[variance[largest] > 1e-5 * max(variance[largest[0]], 1e-12)]
        if wide:
            vectors = z.T @ vectors.astype(np.float32)
            vectors /= np.maximum(np.linalg.norm(vectors, axis=0), 1e-12)
        self.variance = variance[largest]
        self.axes = np.ascontiguousarray(vectors[:, largest], dtype=np.float32)

    @classmethod
    def of(cls, mean: np.ndarray, axes: np.ndarray, variance: np.ndarray) -> Geometry:
        """The space that has these attributes, as a saved classifier keeps them."""
        space = cls.__new__(cls)
        space.mean, space.axes, space.variance = mean, axes, variance
        return space

    def points(self, x: np.ndarray) -> np.ndarray:
        """Embeddings (m, d) in the space: float32 (m, p), rows of unit length that do not depend on each other."""
        scale = (self.variance**-0.25).astype(np.float32)
        out = np.empty((len(x), len(scale)), dtype=np.float32)
        for at in range(0, len(x), BLOCK):
            z = (log1p(x[at : at + BLOCK]) - self.mean) @ self.axes * scale
            out[at : at + BLOCK] = z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), np.float32(1e-9))
        return out


def log1p(x: np.ndarray) -> np.ndarray:
    """``log(1 + x)``, with the sign kept for embeddings that have negative numbers; float32, a copy.

    >>> log1p(np.array([0.0, np.e - 1, 1 - np.e])).round(6).tolist()
    [0.0, 1.0, -1.0]
    """
    x = np.asarray(x, dtype=np.float32)
    return np.copysign(np.log1p(np.abs(x)), x)


def squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared distances (len(a), len(b)), float32, between rows of unit length: 0 to 4.

    >>> squared_distances(np.eye(2, dtype=np.float32), np.eye(2, dtype=np.float32)).tolist()
    [[0.0, 2.0], [2.0, 0.0]]
    """
    return np.maximum(2 - 2 * (a @ b.T), 0)
