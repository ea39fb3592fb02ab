"""The features of the original MAL, section 3: statistics of MFCCs; `dalbook.learners.kl_distance` compares them.

Settings are those of the UrbanSound8K baseline (Salamon, Jacoby, Bello, "A Dataset and Taxonomy for Urban Sound
Research", ACM Multimedia 2014): windows of 23.2 ms that overlap by half, 40 mel bands, 25 coefficients.
"""

from __future__ import annotations

from functools import lru_cache

import librosa
import numpy as np
from numpy.typing import ArrayLike, NDArray

from dalbook.corpora.audio import check_band, pad, resample

RATE = 22050  # Hz; every clip is resampled to it, so that the windows, a power of two, are 23.2 ms long
WINDOW, HOP = 512, 256
BANDS, COEFFICIENTS = 40, 25
STATISTICS = 11  # a coefficient: minimum, maximum, median, mean, variance, skewness, kurtosis; mean, variance of d1, d2
DIMENSIONS = COEFFICIENTS * STATISTICS
DELTA = 9  # frames that a derivative looks at, 0.1 s
CONSTANT = 1e-6  # a standard deviation, in units of the coefficients (dB), that is rounding and no movement


def mfcc_embedding(x: ArrayLike, rate: int, band: tuple[float, float] | None = None) -> NDArray[np.float32]:
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
    band
        The lowest and the highest frequency in Hz, for sound that nobody hears; by default 0 and 11 kHz. Windows become
        as much shorter or longer as the highest lies above or below the usual one.

    Returns
    -------
    float32 array, shape (275,)
        The 25 minima, then the 25 maxima, medians, means, variances, skewnesses, kurtoses, means and variances of the
        first derivatives, means and variances of the second.

    Raises
    ------
    ValueError
        If `x` is not (samples,), or if a clip at this rate has nothing in the band.

    Examples
    --------
    >>> mfcc_embedding(np.sin(np.arange(8000)), 8000).shape
    (275,)
    """
    x = np.asarray(x, dtype=np.float32)
    if x.ndim != 1:
        raise ValueError(f"a clip must be mono, of shape (samples,), not {x.shape}")
    low, high = (0.0, RATE / 2) if band is None else check_band(band, rate)
    c = _mfcc(pad(resample(x, rate, round(2 * high)), WINDOW), _filters(low, high))
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


@lru_cache(maxsize=4)
def _filters(low: float, high: float) -> NDArray[np.float32]:
    return librosa.filters.mel(sr=round(2 * high), n_fft=WINDOW, n_mels=BANDS, fmin=low, fmax=high)


def _mfcc(x: NDArray[np.float32], filters: NDArray[np.float32]) -> NDArray[np.float64]:
    """(COEFFICIENTS, frames); whole windows only."""
    power = np.abs(librosa.stft(x, n_fft=WINDOW, hop_length=HOP, center=False)) ** 2
    decibels = librosa.power_to_db((filters @ power).astype(np.float64), ref=1.0, amin=1e-10, top_db=80)
    return librosa.feature.mfcc(S=decibels, n_mfcc=COEFFICIENTS)
