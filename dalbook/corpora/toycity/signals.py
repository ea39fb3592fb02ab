"""The few signals that every sound of toy-city is made of: noise, harmonic tones, resonances, events in time.

Everything runs at ``RATE`` and draws from the ``numpy.random.Generator`` it is handed, so the same generator state
gives the same samples. Samples and spectra are float32, which is as exact as the clips are; whatever becomes a phase is
float64 or whole numbers, because a phase adds up its errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len
from scipy.signal import lfilter

from dalbook.corpora.toycity.spectra import frequencies, sound, spectrum

RATE = 32000

Signal = NDArray[np.floating]
Curve = Sequence[tuple[float, float]]  # a magnitude response as (Hz, dB) points


def unit(x: Signal) -> Signal:
    """``x`` scaled to unit root mean square (silence stays silence)."""
    return x * (1 / np.sqrt(np.mean(x * x) + 1e-12))


WIDTH = 256  # samples that `decay` and `turning` compute; all others are products of these


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
    sums = np.array([np.cos(coarse), -np.sin(coarse)]).T @ np.array([np.cos(fine), np.sin(fine)])
    return sums.ravel()[:n]


def color(x: Signal, curve: Curve) -> Signal:
    """Filter ``x`` by a magnitude response given as (Hz, dB) points, linear in between on a logarithmic frequency axis.

    >>> hum = np.sin(2 * np.pi * 100 * np.arange(RATE) / RATE)
    >>> round(float(np.ptp(color(hum, [(50, -20), (200, -20), (400, 0)]))), 2)
    0.2
    """
    n = next_fast_len(len(x) + RATE // 20, real=True)
    there = spectrum(x, n)
    there *= _gain(n, tuple(map(tuple, curve)))
    return sound(there, n)[: len(x)]


@lru_cache(maxsize=32)  # a clip filters many short sounds alike
def _gain(n: int, curve: tuple[tuple[float, float], ...]) -> NDArray[np.float32]:
    """The gain of a curve at each frequency of a spectrum of ``n`` samples."""
    at, place = _logarithms(n // 2 + 1), _places(n)
    hz, db = np.array(curve).T
    bends, level = np.log(hz * n / RATE), db * (np.log(10) / 20)
    ends = np.searchsorted(at, bends)
    gain = np.full(len(at), level[-1], dtype=np.float32)
    gain[: ends[0]] = level[0]
    for k, slope in enumerate(np.diff(level) / np.diff(bends)):  # what np.interp does, a straight part at a time
        part = slice(ends[k], ends[k + 1])
        gain[part] = slope * (at[part] - bends[k]) + level[k]
    return np.exp(gain, out=gain)[place]


@lru_cache(maxsize=1)
def _all_logarithms() -> NDArray[np.float64]:
    """Enough of them for spectra of sixteen seconds."""
    return np.log(np.maximum(np.arange(2**18), 1e-9))


def _logarithms(count: int) -> NDArray[np.float64]:
    """The logarithms of the numbers from 0 (or almost) to ``count`` - 1."""
    return _all_logarithms()[:count] if count <= 2**18 else np.log(np.maximum(np.arange(count), 1e-9))


@lru_cache(maxsize=8)
def _places(n: int) -> NDArray[np.intp]:
    """Which of the frequencies up to the highest stands where in a spectrum of ``n`` samples."""
    k = frequencies(n)
    return np.minimum(k, n - k)


def silence(n: int) -> Signal:
    """``n`` samples of nothing, for sounds to be added to."""
    return np.zeros(n, dtype=np.float32)


def white(rng: np.random.Generator, n: int) -> Signal:
    """``n`` samples of white Gaussian noise, drawn as float64: drawn as float32 it would be other noise."""
    return rng.standard_normal(n).astype(np.float32)


def noise(rng: np.random.Generator, n: int, *curve: tuple[float, float]) -> Signal:
    """Gaussian noise of ``n`` samples and unit root mean square, colored by the (Hz, dB) points of ``curve``."""
    return unit(color(rng.standard_normal(n), curve))


def wander(rng: np.random.Generator, n: int, hz: float, low: float, high: float) -> Signal:
    """A smooth random curve of ``n`` samples between ``low`` and ``high``, turning about ``hz`` times a second."""
    knots = rng.uniform(low, high, int(n / RATE * hz) + 3)
    first, step = rng.uniform(), hz / RATE
    # the first sample from each knot on; the last part ends with the curve
    begins = np.ceil((np.arange(len(knots)) - first) / step).clip(0, n).astype(np.intp).tolist()
    # half a cosine from knot to knot is a cosine all along, upside down between every other pair
    curve = turning(np.pi * first, np.pi * step, n)
    middle, height = (knots[:-1] + knots[1:]) / 2, (knots[:-1] - knots[1:]) / 2
    height[1::2] *= -1
    for begin, end, times, plus in zip(begins[:-1], begins[1:], height.tolist(), middle.tolist(), strict=True):
        part = curve[begin:end]
        part *= times
        part += plus
    return curve


def tone(f0: Signal, amplitudes: Sequence[float] | Signal, phases: Signal | None = None) -> Signal:
    """A harmonic tone: ``f0`` (n,) in Hz over time, one amplitude a harmonic; harmonics above 15 kHz are left out.

    One period is drawn into a table and read at the running phase, which costs the same for one harmonic or a hundred.

    >>> x = tone(np.full(RATE, 1000.0), [1.0])
    >>> x.shape, round(float(x.max()), 3)
    ((32000,), 1.0)
    """
    harmonics = max(1, int(15000 / max(float(f0.max()), 1.0)))
    amplitudes = np.asarray(amplitudes, dtype=float)[:harmonics]
    turn = np.zeros(len(amplitudes)) if phases is None else phases[:harmonics]
    period, rise = _period(amplitudes.tobytes(), turn.tobytes())
    # 2 ** 48 is one turn: whole numbers add up without an error, and what overflows is full turns
    phase = (f0 * (2.0**48 / RATE)).astype(np.int64)
    np.cumsum(phase, out=phase)
    phase >>= 48 - 12 - 20  # the upper 12 bits of a turn are a place in the table, the next 20 the way to the next one
    x = (phase & (2**20 - 1)).astype(np.float32)
    phase >>= 20
    phase &= 2**12 - 1
    x *= rise[phase]
    x += period[phase]
    return x


@lru_cache(maxsize=64)
def _period(amplitudes: bytes, phases: bytes) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """One period in 2 ** 12 samples, and how much it rises in 2 ** -20 of a sample."""
    size = 2**12
    loud, turn = np.frombuffer(amplitudes), np.frombuffer(phases)
    spectrum = np.zeros(size // 2 + 1, dtype=complex)
    spectrum[1 : len(loud) + 1] = loud * np.exp(1j * turn) * size / 2
    period = irfft(spectrum, size)
    return period.astype(np.float32), (np.diff(period, append=period[:1]) * 2.0**-20).astype(np.float32)


def resonate(x: Signal, peaks: Sequence[tuple[float, float, float]]) -> Signal:
    """Parallel two-pole resonators, each (Hz, bandwidth in Hz, gain at its peak); computed as one filter."""
    return lfilter(*_filter(tuple(map(tuple, peaks))), x)


@lru_cache(maxsize=64)  # a child's vowels come again and again
def _filter(peaks: tuple[tuple[float, float, float], ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The coefficients of parallel resonators as one filter: of its input, of its output."""
    over, under = np.zeros(1), np.ones(1)
    for radius, turn, gain in map(resonator, peaks):
        poles = np.array([1, -2 * radius * np.cos(turn), radius**2])
        # a / b + c / d = (a d + c b) / (b d)
        over = np.convolve(over, poles)
        over[: len(under)] += gain * under
        under = np.convolve(under, poles)
    return over, under


def resonator(peak: tuple[float, float, float]) -> tuple[float, float, float]:
    """The radius of a resonator's poles, their angle, and what to multiply its input by for its gain at its peak."""
    hz, width, gain = peak
    radius, turn = float(np.exp(-np.pi * width / RATE)), 2 * np.pi * hz / RATE
    return radius, turn, gain * (1 - radius) * float(np.sqrt(1 - 2 * radius * np.cos(2 * turn) + radius**2))


def swell(n: int, attack: float, release: float, curve: float = 1.0) -> Signal:
    """An envelope of ``n`` samples: up over ``attack`` seconds, down over ``release`` seconds, bent by ``curve``."""
    attack, release = max(attack, 1e-4) * RATE, max(release, 1e-4) * RATE
    up, down = min(n, int(np.ceil(attack))), min(n, int(np.ceil(release)))
    envelope = np.ones(n, dtype=np.float32)
    envelope[:up] = np.arange(up) / attack
    end = envelope[n - down :]
    np.minimum(end, (np.arange(down, 0, -1) / release) ** curve, out=end)
    return envelope


def add(out: Signal, x: Signal, start: float) -> None:
    """Add ``x`` into ``out`` from second ``start`` on; what sticks out at either end is cut off."""
    first = int(start * RATE)
    cut = max(0, -first)
    last = min(len(out), first + len(x))
    if last > first + cut:
        out[first + cut : last] += x[cut : last - first]
