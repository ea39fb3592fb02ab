"""Slaney's mel scale and its triangular filters, without the seconds that importing librosa takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

BEND = 1000.0  # Hz; linear below, logarithmic above
LINEAR = 200 / 3  # Hz a mel below the bend
STEP = np.log(6.4) / 27  # of the logarithm a mel above it


def to_mel(hz: ArrayLike) -> NDArray[np.float64]:
    """Frequencies in mel.

    >>> to_mel([0, 1000, 6400]).round(6).tolist()
    [0.0, 15.0, 42.0]
    """
    hz = np.asarray(hz, np.float64)
    return np.where(hz < BEND, hz / LINEAR, BEND / LINEAR + np.log(np.maximum(hz, BEND) / BEND) / STEP)


def to_hertz(mel: ArrayLike) -> NDArray[np.float64]:
    """Mel in Hz.

    >>> to_hertz(to_mel([50.0, 4000.0])).round(6).tolist()
    [50.0, 4000.0]
    """
    mel = np.asarray(mel, np.float64)
    bend = BEND / LINEAR
    return np.where(mel < bend, mel * LINEAR, BEND * np.exp(STEP * (np.maximum(mel, bend) - bend)))


def mel_filters(
    rate: int, size: int, bands: int, low: float, high: float
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Triangular filters evenly spaced in mel, each of area one.

    Parameters
    ----------
    rate
        Of the samples, in Hz.
    size
        Of the window, in samples.
    bands
        How many filters.
    low, high
        Where the first one begins and the last one ends, in Hz.

    Returns
    -------
    filters : float32 array, shape (bands, size // 2 + 1)
        To multiply a power spectrum with.
    centers : float64 array, shape (bands,)
        In Hz.

    Examples
    --------
    >>> filters, centers = mel_filters(16000, 512, 3, 0.0, 8000.0)
    >>> filters.shape, centers.round().tolist()
    ((3, 257), [754.0, 1689.0, 3676.0])
    """
    edges = to_hertz(np.linspace(to_mel(low), to_mel(high), bands + 2))
    ramps = edges[:, None] - np.fft.rfftfreq(size, 1 / rate)
    width = np.diff(edges)[:, None]
    slopes = np.minimum(-ramps[:-2] / width[:-1], ramps[2:] / width[1:])
    filters = np.maximum(0, slopes) * (2 / (edges[2:] - edges[:-2]))[:, None]
    return filters.astype(np.float32), edges[1:-1]
