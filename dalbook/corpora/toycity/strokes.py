"""What is struck again and again: strokes in time, and what rings or puffs at each of them.

Between two strokes a struck body only dies away. So nothing is filtered sample by sample: from one stroke to the next
the sound is the body's own decay, which is computed once, times how far the stroke has left it deflected.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dalbook.corpora.toycity.signals import RATE, Signal, resonator, silence


class Strokes(NamedTuple):
    """Impulses within ``n`` samples: the sample of each, in order, and how high it is."""

    at: NDArray[np.intp]
    height: NDArray[np.float64]
    n: int


def pulses(rng: np.random.Generator, n: int, hz: float, jitter: float, weights: Sequence[float]) -> Strokes:
    """``hz`` impulses a second, as high as ``weights`` in turn and off their places by about ``jitter`` periods.

    ``jitter`` is small enough, below 0.1, that they stay in order.
    """
    count = int(n / RATE * hz) + 2
    at = (np.arange(count) + rng.uniform() + jitter * rng.standard_normal(count)) / hz * RATE
    height = np.resize(np.asarray(weights, dtype=float), count) * (1 + 0.15 * rng.standard_normal(count))
    keep = (at >= 0) & (at < n)
    return Strokes(at[keep].astype(np.intp), height[keep], n)


def rung(strokes: Strokes, peaks: Sequence[tuple[float, float, float]]) -> Signal:
    """The ``strokes`` through parallel resonators, each (Hz, bandwidth in Hz, gain at its peak), as `resonate` does.

    >>> from dalbook.corpora.toycity.signals import resonate
    >>> strokes, peaks = Strokes(np.array([10, 500]), np.array([1.0, 2.0]), 1000), [(300, 20, 1.0), (900, 50, 0.5)]
    >>> impulses = np.zeros(1000)
    >>> impulses[strokes.at] = strokes.height
    >>> bool(np.abs(rung(strokes, peaks) - resonate(impulses, peaks)).max() < 1e-7)
    True
    """
    radius, turn, gain = np.array([resonator(peak) for peak in peaks]).T
    pole = np.exp(1j * turn)
    # a resonator's impulse response: gain * radius ** k * sin(turn * (k + 1)) / sin(turn)
    return _struck(strokes, radius * pole, -1j * gain / np.sin(turn) * pole)


def puffs(strokes: Strokes, seconds: float) -> Signal:
    """An envelope that jumps up at each of the ``strokes`` and dies away in ``seconds``."""
    return _struck(strokes, np.array([np.exp(-1 / (seconds * RATE))]), np.ones(1))


def _struck(strokes: Strokes, poles: NDArray, amplitudes: NDArray) -> Signal:
    """The real part of the sum of ``amplitudes * poles ** k`` from each stroke on, times its height."""
    at, height, n = strokes
    gaps = np.diff(at, append=n).tolist()
    decay = np.empty((len(poles), max(gaps)), dtype=complex)
    decay[:, 0], decay[:, 1:] = amplitudes, poles[:, None]
    np.cumprod(decay, axis=1, out=decay)
    states = np.empty((len(at), len(poles)), dtype=complex)
    for column, pole in zip(states.T, poles.tolist(), strict=True):
        state = 0j
        for k, blow in enumerate(height.tolist()):
            column[k] = state = state + blow
            state *= pole ** gaps[k]
    # the real part of a product of complex numbers is a product of twice as many real ones
    states, decay = np.hstack([states.real, -states.imag]), np.vstack([decay.real, decay.imag])
    parts = states.astype(np.float32) @ decay.astype(np.float32)
    return np.concatenate([silence(at[0]), *(part[:gap] for part, gap in zip(parts, gaps, strict=True))])
