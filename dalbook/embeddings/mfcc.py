"""The features of the original MAL, section 3: statistics of MFCCs, and the distance between clips made of them.

Settings are those of the UrbanSound8K baseline (Salamon, Jacoby, Bello, "A Dataset and Taxonomy for Urban Sound
Research", ACM Multimedia 2014): windows of 23.2 ms that overlap by half, 40 mel bands, 25 coefficients.
"""

from __future__ import annotations

from functools import lru_cache

import librosa
import numpy as np
from numpy.typing import ArrayLike, NDArray

from dalbook.corpora.audio import pad, resample

RATE = 22050  # Hz; every clip is resampled to it, so that the windows, a power of two, are 23.2 ms long
WINDOW, HOP = 512, 256
BANDS, COEFFICIENTS = 40, 25
STATISTICS = 11  # a coefficient: minimum, maximum, median, mean, variance, skewness, kurtosis; mean, variance of d1, d2
DIMENSIONS = COEFFICIENTS * STATISTICS
DELTA = 9  # frames that a derivative looks at, 0.1 s
CONSTANT = 1e-6  # a standard deviation, in units of the coefficients (dB), that is rounding and no movement
VARIANCE_FLOOR = 1e-2  # dB squared; see `normal_distributions`
_BLOCK = 512  # rows handled at a time


def mfcc_embedding(x: ArrayLike, rate: int) -> NDArray[np.float32]:
    """Embed a clip: 11 statistics over time of each of 25 mel frequency cepstral coefficients (MFCCs).

    The MFCCs are those of librosa: the orthonormal DCT-II of the mel bands in dB, not below 80 dB under the loudest.
    Derivatives are slopes over 9 frames (Savitzky-Golay). A clip shorter than a window is padded with zeros. The
    skewness and the (excess) kurtosis of a coefficient that does not move are 0.

    Parameters
    ----------
    x
        Mono samples, shape (samples,), finite.
    rate
        Their sample rate in Hz.

    Returns
    -------
    float32 array, shape (275,)
        The 25 minima, then the 25 maxima, medians, means, variances, skewnesses, kurtoses, means and variances of the
        first derivatives, means and variances of the second.

    Raises
    ------
    ValueError
        If `x` is not (samples,).

    Examples
    --------
    >>> mfcc_embedding(np.sin(np.arange(8000)), 8000).shape
    (275,)
    """
    x = np.asarray(x, dtype=np.float32)
    if x.ndim != 1:
        raise ValueError(f"a clip must be mono, of shape (samples,), not {x.shape}")
    c = _mfcc(pad(resample(x, rate, RATE), WINDOW))
    mean, std = c.mean(axis=1), c.std(axis=1)
    moves = std > CONSTANT
    z = (c - mean[:, None]) / np.where(moves, std, 1)[:, None]
    rows = [c.min(axis=1), c.max(axis=1), np.median(c, axis=1), mean, std**2]
    rows += [moves * (z**3).mean(axis=1), moves * ((z**4).mean(axis=1) - 3)]
    for order in (1, 2):
        # the default mode at the edges, a fitted curve, needs more frames than a short clip has
        d = librosa.feature.delta(c, width=DELTA, order=order, mode="nearest")
        rows += [d.mean(axis=1), d.var(axis=1)]
    return np.concatenate(rows).astype(np.float32)


def normal_distributions(features: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Section 3: the normal distribution of each MFCC and of each of its two derivatives, fitted to a clip.

    A variance below 0.01 dB² counts as that much: what does not move at all, as in a silent clip, would be at an
    infinite distance from everything else.

    Parameters
    ----------
    features
        As `mfcc_embedding` gives them, shape (n, 275).

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
    mean, variance = (of[:, rows].reshape(len(features), -1) for rows in ([3, 7, 9], [4, 8, 10]))
    return mean, np.maximum(variance, VARIANCE_FLOOR)


def kl_distance(features: ArrayLike) -> NDArray[np.float32]:
    """The symmetric Kullback-Leibler distance of all pairs of clips, on which the original MAL clusters (section 3).

    The sum over the 75 normal distributions N(m, v) of KL(1 || 2) + KL(2 || 1), which is

        1/2 ((v1 + (m1 - m2)²) / v2 + (v2 + (m1 - m2)²) / v1) - 1.

    Multiplied out, every term is something of one clip times something of the other: one matrix product.

    Parameters
    ----------
    features
        As `mfcc_embedding` gives them, shape (n, 275).

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
    for i in range(0, n, _BLOCK):
        block = left[i : i + _BLOCK] @ right[i:].T  # float64: the terms are far larger than their sum
        block *= 0.5
        block -= normals
        square = block[:, : len(block)]  # on the diagonal: both orders of each pair, which differ by rounding
        square[:] = np.maximum(square, square.T)
        distance[i : i + _BLOCK, i:] = np.maximum(block, 0, out=block)
        distance[i:, i : i + _BLOCK] = distance[i : i + _BLOCK, i:].T
    np.fill_diagonal(distance, 0)
    return distance


@lru_cache(maxsize=1)
def _filters() -> NDArray[np.float32]:
    return librosa.filters.mel(sr=RATE, n_fft=WINDOW, n_mels=BANDS)


def _mfcc(x: NDArray[np.float32]) -> NDArray[np.float64]:
    """(COEFFICIENTS, frames); whole windows only."""
    power = np.abs(librosa.stft(x, n_fft=WINDOW, hop_length=HOP, center=False)) ** 2
    decibels = librosa.power_to_db((_filters() @ power).astype(np.float64), ref=1.0, amin=1e-10, top_db=80)
    return librosa.feature.mfcc(S=decibels, n_mfcc=COEFFICIENTS)
