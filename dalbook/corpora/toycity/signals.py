"""The few signals that every sound of toy-city is made of: noise, harmonic tones, resonances, events in time.

Everything runs at ``RATE`` and draws from the ``numpy.random.Generator`` it is handed, so the same generator state
gives the same samples. Spectra are float32, which is as exact as the clips are; whatever becomes a phase is float64,
because a phase adds up its errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfftfreq
from scipy.signal import lfilter

from dalbook.corpora.toycity.spectra import frequencies, sound, spectrum

RATE = 32000

Signal = NDArray[np.floating]
Curve = Sequence[tuple[float, float]]  # a magnitude response as (Hz, dB) points


def unit(x: Signal) -> Signal:
    """``x`` scaled to unit root mean square (silence stays silence)."""
    return x / np.sqrt(np.mean(x**2) + 1e-12)


WIDTH = 512  # samples that `decay` and `turning` compute; all others are products of these


def decay(n: int, seconds: float) -> Signal:
    """``n`` samples that fall from 1 by a factor of e in ``seconds``.

    >>> bool(np.abs(decay(3000, 0.1) - np.exp(-np.arange(3000) / 3200)).max() < 1e-14)
    True
    """
    fine = np.exp(np.arange(WIDTH) * (-1 / (seconds * RATE)))
    coarse = np.exp(np.arange(-(-n // WIDTH)) * (-WIDTH / (seconds * RATE)))
    return np.multiply.outer(coarse, fine).ravel()[:n]


def turning(phase: float, step: float, n: int) -> Signal:
    """``cos(phase + step * k)`` for k from 0 to ``n`` - 1.

    >>> bool(np.abs(turning(1.0, 0.01, 3000) - np.cos(1.0 + 0.01 * np.arange(3000))).max() < 1e-13)
    True
    """
    fine, coarse = step * np.arange(WIDTH), phase + step * WIDTH * np.arange(-(-n // WIDTH))
    # cos(a + b) = cos(a) cos(b) - sin(a) sin(b), for all pairs in one small matrix product
    sums = np.stack([np.cos(coarse), -np.sin(coarse)], axis=1) @ np.stack([np.cos(fine), np.sin(fine)])
    return sums.ravel()[:n]


def color(x: Signal, curve: Curve) -> Signal:
    """Filter ``x`` by a magnitude response given as (Hz, dB) points, linear in between on a logarithmic frequency axis.

    >>> hum = np.sin(2 * np.pi * 100 * np.arange(RATE) / RATE)
    >>> round(float(np.ptp(color(hum, [(50, -20), (200, -20), (400, 0)]))), 2)
    0.2
    """
    n = next_fast_len(len(x) + RATE // 20, real=True)
    return sound(spectrum(x, n) * _gain(n, tuple(map(tuple, curve))), n)[: len(x)]


@lru_cache(maxsize=32)  # a clip filters many short sounds alike
def _gain(n: int, curve: tuple[tuple[float, float], ...]) -> NDArray[np.float32]:
    """The gain of a curve at each frequency of a spectrum of ``n`` samples."""
    hz, db = np.array(curve, dtype=float).T
    at, place = _log_frequencies(n)
    return np.exp((np.interp(at, np.log(hz), db) * (np.log(10) / 20)).astype(np.float32))[place]


@lru_cache(maxsize=8)
def _log_frequencies(n: int) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """The logarithms of the frequencies up to the highest, and which of them stands where in a spectrum."""
    k = frequencies(n)
    return np.log(np.maximum(rfftfreq(n, 1 / RATE), 1.0)), np.minimum(k, n - k)


def noise(rng: np.random.Generator, n: int, *curve: tuple[float, float]) -> Signal:
    """Gaussian noise of ``n`` samples and unit root mean square, colored by the (Hz, dB) points of ``curve``."""
    return unit(color(rng.standard_normal(n), curve))


def wander(rng: np.random.Generator, n: int, hz: float, low: float, high: float) -> Signal:
    """A smooth random curve of ``n`` samples between ``low`` and ``high``, turning about ``hz`` times a second."""
    knots = rng.uniform(low, high, int(n / RATE * hz) + 3)
    first, step = rng.uniform(), hz / RATE
    # the first sample from each knot on; the last part ends with the curve
    begins = np.ceil((np.arange(len(knots)) - first) / step).clip(0, n).astype(np.intp)
    lengths = np.diff(begins)
    # half a cosine from knot to knot is a cosine all along, upside down between every other pair
    middle, height = (knots[:-1] + knots[1:]) / 2, (knots[:-1] - knots[1:]) / 2
    height[1::2] *= -1
    curve = np.repeat(height, lengths)
    curve *= turning(np.pi * first, np.pi * step, n)
    curve += np.repeat(middle, lengths)
    return curve


def tone(f0: Signal, amplitudes: Sequence[float] | Signal, phases: Signal | None = None) -> Signal:
    """A harmonic tone: ``f0`` (n,) in Hz over time, one amplitude a harmonic; harmonics above 15 kHz are left out.

    One period is drawn into a table and read at the running phase, which costs the same for one harmonic or a hundred.

    >>> x = tone(np.full(RATE, 1000.0), [1.0])
    >>> x.shape, round(float(x.max()), 3)
    ((32000,), 1.0)
    """
    size = 4096
    amplitudes = np.asarray(amplitudes, dtype=float)[: max(1, int(15000 / max(float(f0.max()), 1.0)))]
    spectrum = np.zeros(size // 2 + 1, dtype=complex)
    turn = np.zeros(len(amplitudes)) if phases is None else phases[: len(amplitudes)]
    spectrum[1 : len(amplitudes) + 1] = amplitudes * np.exp(1j * turn) * size / 2
    period = irfft(spectrum, size)
    rise = np.diff(period, append=period[:1])
    at = np.cumsum(f0)
    at *= size / RATE
    left = at.astype(np.intp)
    at -= left
    left &= size - 1
    at *= rise[left]
    at += period[left]
    return at


def resonate(x: Signal, peaks: Sequence[tuple[float, float, float]]) -> Signal:
    """Parallel two-pole resonators, each (Hz, bandwidth in Hz, gain at its peak); computed as one filter."""
    over, under = np.zeros(1), np.ones(1)
    for hz, width, gain in peaks:
        radius, turn = np.exp(-np.pi * width / RATE), 2 * np.pi * hz / RATE
        peak = (1 - radius) * np.sqrt(1 - 2 * radius * np.cos(2 * turn) + radius**2)
        poles = np.array([1, -2 * radius * np.cos(turn), radius**2])
        # a / b + c / d = (a d + c b) / (b d)
        over = np.convolve(over, poles)
        over[: len(under)] += gain * peak * under
        under = np.convolve(under, poles)
    return lfilter(over, under, x)


def swell(n: int, attack: float, release: float, curve: float = 1.0) -> Signal:
    """An envelope of ``n`` samples: up over ``attack`` seconds, down over ``release`` seconds, bent by ``curve``."""
    t = np.arange(n) / RATE
    up, down = np.minimum(1.0, t / max(attack, 1e-4)), np.minimum(1.0, (n / RATE - t) / max(release, 1e-4))
    return np.minimum(up, np.clip(down, 0, 1) ** curve)


def add(out: Signal, x: Signal, start: float) -> None:
    """Add ``x`` into ``out`` from second ``start`` on; what sticks out at either end is cut off."""
    first = int(start * RATE)
    cut = max(0, -first)
    last = min(len(out), first + len(x))
    if last > first + cut:
        out[first + cut : last] += x[cut : last - first]


def pulses(rng: np.random.Generator, n: int, hz: float, jitter: float, weights: Sequence[float]) -> Signal:
    """``hz`` impulses a second, as high as ``weights`` in turn and off their places by about ``jitter`` periods."""
    count = int(n / RATE * hz) + 2
    at = (np.arange(count) + rng.uniform() + jitter * rng.standard_normal(count)) / hz * RATE
    height = np.resize(np.asarray(weights, dtype=float), count) * (1 + 0.15 * rng.standard_normal(count))
    keep = (at >= 0) & (at < n)
    out = np.zeros(n)
    np.add.at(out, at[keep].astype(int), height[keep])
    return out
