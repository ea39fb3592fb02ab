"""The few signals that every sound of toy-city is made of: noise, harmonic tones, resonances, events in time.

Everything runs at ``RATE`` and draws from the ``numpy.random.Generator`` it is handed, so the same generator state
gives the same samples.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq
from scipy.signal import lfilter

RATE = 32000

Signal = NDArray[np.float64]


def unit(x: Signal) -> Signal:
    """``x`` scaled to unit root mean square (silence stays silence)."""
    return x / np.sqrt(np.mean(x**2) + 1e-12)


def color(x: Signal, curve: Sequence[tuple[float, float]]) -> Signal:
    """Filter ``x`` by a magnitude response given as (Hz, dB) points, linear in between on a logarithmic frequency axis.

    >>> hum = np.sin(2 * np.pi * 100 * np.arange(RATE) / RATE)
    >>> round(float(np.ptp(color(hum, [(50, -20), (200, -20), (400, 0)]))), 2)
    0.2
    """
    n = next_fast_len(len(x) + RATE // 20, real=True)
    hz, db = np.array(curve, dtype=float).T
    gain = np.interp(np.log(np.maximum(rfftfreq(n, 1 / RATE), 1.0)), np.log(hz), db)
    return irfft(rfft(x, n) * 10 ** (gain / 20), n)[: len(x)]


def noise(rng: np.random.Generator, n: int, *curve: tuple[float, float]) -> Signal:
    """Gaussian noise of ``n`` samples and unit root mean square, colored by the (Hz, dB) points of ``curve``."""
    x = rng.standard_normal(n)
    x = color(x, curve) if curve else x
    return unit(x)


def wander(rng: np.random.Generator, n: int, hz: float, low: float, high: float) -> Signal:
    """A smooth random curve of ``n`` samples between ``low`` and ``high``, turning about ``hz`` times a second."""
    knots = rng.uniform(low, high, int(n / RATE * hz) + 3)
    at = np.arange(n) * (hz / RATE) + rng.uniform()
    left = at.astype(int)
    bend = (1 - np.cos(np.pi * (at - left))) / 2
    return knots[left] * (1 - bend) + knots[left + 1] * bend


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
    at = (np.cumsum(f0) / RATE) % 1.0 * size
    left = at.astype(int) % size
    part = at - np.floor(at)
    return period[left] * (1 - part) + period[(left + 1) % size] * part


def resonate(x: Signal, peaks: Sequence[tuple[float, float, float]]) -> Signal:
    """Parallel two-pole resonators, each (Hz, bandwidth in Hz, gain at its peak)."""
    out = np.zeros(len(x))
    for hz, width, gain in peaks:
        radius, turn = np.exp(-np.pi * width / RATE), 2 * np.pi * hz / RATE
        peak = (1 - radius) * np.sqrt(1 - 2 * radius * np.cos(2 * turn) + radius**2)
        out += lfilter([gain * peak], [1, -2 * radius * np.cos(turn), radius**2], x)
    return out


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
