"""Where toy-city's sounds happen: a room, a microphone, a street behind it."""

from __future__ import annotations

import numpy as np
from scipy.fft import next_fast_len

from dalbook.corpora.toycity.signals import RATE, Signal, add, color, decay, noise, tone, unit, wander
from dalbook.corpora.toycity.spectra import sound, spectrum


def room(take: np.random.Generator, distance: float) -> Signal:
    """An impulse response: the direct sound, a few early echoes and a tail of decaying noise.

    ``distance`` (0 near to 1 far) lowers the direct sound against the tail and dulls it as air does. The tail's treble
    decays faster than its bass. At most 1 s long, at ``RATE``.
    """
    dying = np.exp(take.uniform(np.log(0.12), np.log(0.9)))  # seconds to fall by 60 dB
    n = int(min(dying, 1.0) * RATE)
    fall = decay(n, dying / (3 * np.log(10))).astype(np.float32)
    bass = color(take.standard_normal(n), [(100, 0), (900, 0), (4000, -18)]) * fall
    treble = color(take.standard_normal(n), [(400, -24), (1500, 0), (9000, -6)]) * fall**2
    tail = bass + treble
    tail *= np.minimum(1, np.arange(n) / RATE / take.uniform(0.003, 0.03))
    tail *= 1 / np.sqrt(np.sum(tail**2))
    response = (0.15 + 1.1 * distance * take.uniform(0.5, 1.0)) * tail
    for delay, gain in zip(take.uniform(0.002, 0.06, 4), take.uniform(-0.5, 0.5, 4), strict=True):
        add(response, np.array([gain * (0.3 + 0.7 * distance)]), delay)
    response[0] += 1.0
    return color(response, [(1000, 0), (10000, -3 - 12 * distance * take.uniform(0.3, 1.0))])


def microphone(take: np.random.Generator) -> list[tuple[float, float]]:
    """A recorder's magnitude response as (Hz, dB) points: where bass and treble end, up to 8 dB of color between."""
    low, high = np.exp(take.uniform(np.log([25, 5500]), np.log([160, 15500])))
    middle = np.geomspace(low * 1.6, high / 1.4, 6)
    return [
        (low / 4, -24.0),
        (low, -3.0),
        *((float(hz), float(db)) for hz, db in zip(middle, take.uniform(-8, 8, 6), strict=True)),
        (high, -6.0),
        (min(high * 1.5, 15999.0), -40.0),
    ]


def street(take: np.random.Generator, clip: np.random.Generator, n: int) -> Signal:
    """``n`` samples of a street at unit root mean square: a murmur dark as traffic is, some cars, voices, steps."""
    tilt = take.uniform(-7.5, -4.0)
    cars, talks, walks = (
        take.uniform(0, 1.2),
        take.uniform(0, 0.8) * take.integers(2),
        take.uniform(0, 6) * take.integers(2),
    )
    base = noise(clip, n, (40, 0), (150, 0), (9600, 6 * tilt), (15000, 6 * tilt - 12))
    base *= wander(clip, n, 0.7, 0.7, 1.3)
    if cars > 0.4:
        passing = np.arange(n, dtype=np.float32) / RATE - clip.uniform(-1, n / RATE + 1)
        near = np.exp(-0.5 * (passing / clip.uniform(0.5, 1.2)) ** 2)
        hum = tone(wander(clip, n, 0.5, 60, 110), 1 / np.arange(1, 20) ** 0.8)
        base += cars * near * (noise(clip, n, (100, -6), (900, 0), (5000, -16)) + 0.4 * hum)
    if talks > 0.2:
        voice = tone(wander(clip, n, 2.5, 95, 230), 1 / np.arange(1, 60))
        talk = color(voice, [(200, -4), (600, 0), (1200, -14), (1900, -8), (4500, -26)])
        base += 0.8 * talks * talk * wander(clip, n, 5, -0.4, 1).clip(0)
    if walks > 1:
        fall = decay(2000, 300 / RATE).astype(np.float32)
        for at in np.arange(clip.uniform(), n / RATE, 0.55):
            step = noise(clip, 2000, (120, 0), (1500, -8), (6000, -20)) * fall
            add(base, 0.5 * walks * step, at)
    return unit(base)


def heard_in(x: Signal, response: Signal) -> Signal:
    """``x`` through the impulse ``response``, as long as ``x``."""
    quarter = RATE // 4  # few lengths, so that what a transform needs is there already
    n = next_fast_len(-(-(len(x) + len(response)) // quarter) * quarter, real=True)
    there = spectrum(x, n)
    there *= spectrum(response, n)
    return sound(there, n)[: len(x)]
