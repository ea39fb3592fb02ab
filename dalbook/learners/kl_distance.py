"""The distance of the original MAL, section 3: between the normal distributions fitted to two clips' MFCCs."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

# How the 275 features are laid out: 11 statistics of 25 coefficients (dalbook.embeddings.mfcc makes them).
STATISTICS, COEFFICIENTS = 11, 25
DIMENSIONS = STATISTICS * COEFFICIENTS
MEANS, VARIANCES = [3, 7, 9], [4, 8, 10]  # of the coefficients, of their first derivatives, of their second
VARIANCE_FLOOR = 1e-2  # dB squared; see `normal_distributions`
BLOCK = 512  # rows handled at a time


def normal_distributions(features: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Section 3: the normal distribution of each MFCC and of each of its two derivatives, fitted to a clip.

    A variance below 0.01 dB² counts as that much: what does not move at all, as in a silent clip, would be at an
    infinite distance from everything else.

    Parameters
    ----------
    features
        As `dalbook.embeddings.mfcc.mfcc_embedding` gives them, shape (n, 275).

    Returns
    -------
    mean, variance : float64 arrays, shape (n, 75)

    Raises
    ------
    ValueError
        If the features are not (n, 275), or not finite.

    Examples
    --------
    >>> mean, variance = normal_distributions(np.zeros((1, 275)))
    >>> mean.shape, float(variance.min())
    ((1, 75), 0.01)
    """
    features = np.asarray(features, dtype=np.float64)
    if features.ndim != 2 or features.shape[1] != DIMENSIONS:
        raise ValueError(f"MFCC features must have shape (n, {DIMENSIONS}), not {features.shape}")
    if len(bad := np.flatnonzero(~np.isfinite(features).all(axis=1))):
        raise ValueError(f"the MFCC features of clip {bad[0]} hold NaN or infinity: compute them again")
    of = features.reshape(len(features), STATISTICS, COEFFICIENTS)
    mean, variance = (of[:, rows].reshape(len(features), -1) for rows in (MEANS, VARIANCES))
    return mean, np.maximum(variance, VARIANCE_FLOOR)


def kl_distance(features: ArrayLike) -> NDArray[np.float32]:
    """The symmetric Kullback-Leibler distance of all pairs of clips, on which the original MAL clusters (section 3).

    The sum over the 75 normal distributions N(m, v) of KL(1 || 2) + KL(2 || 1), which is

        1/2 ((v1 + (m1 - m2)²) / v2 + (v2 + (m1 - m2)²) / v1) - 1.

    Multiplied out, every term is something of one clip times something of the other: one matrix product.

    Parameters
    ----------
    features
        As `dalbook.embeddings.mfcc.mfcc_embedding` gives them, shape (n, 275).

    Returns
    -------
    float32 array, shape (n, n)
        Not negative, exactly symmetric, the diagonal exactly 0. Give it to `MedoidLearner` as `distance`.

    Raises
    ------
    ValueError
        If the features are not (n, 275), or not finite.

    Examples
    --------
    >>> kl_distance(np.ones((2, 275)))
    array([[0., 0.],
           [0., 0.]], dtype=float32)
    """
    m, v = normal_distributions(features)
    n, normals = m.shape
    m = m - m.mean(axis=0)  # only differences count, and those of small numbers are exact to more digits
    one = np.ones((n, 1))
    left = np.hstack([v + m**2, -2 * m, one])
    right = np.hstack([1 / v, m / v, (m**2 / v).sum(axis=1, keepdims=True)])
    left, right = np.hstack([left, right]), np.hstack([right, left])
    distance = np.empty((n, n), dtype=np.float32)
    for i in range(0, n, BLOCK):
        block = left[i : i + BLOCK] @ right[i:].T  # float64: the terms are far larger than their sum
        block *= 0.5
        block -= normals
        square = block[:, : len(block)]  # on the diagonal: both orders of each pair, which differ by rounding
        square[:] = np.maximum(square, square.T)
        distance[i : i + BLOCK, i:] = np.maximum(block, 0, out=block)
        distance[i:, i : i + BLOCK] = distance[i : i + BLOCK, i:].T
    np.fill_diagonal(distance, 0)
    return distance
