"""Toy-city's machines: air conditioner, drill, engine, jackhammer. Same interface as ``sources.py``."""

from __future__ import annotations

import numpy as np

from dalbook.corpora.toycity.signals import RATE, Signal, noise, swell, tone, turning, unit, wander
from dalbook.corpora.toycity.sources import between
from dalbook.corpora.toycity.strokes import puffs, pulses, rung

STEEL = ((700, 1400, 0.8), (1800, 3000, 1.0), (3200, 5200, 0.8), (5600, 8500, 0.4))  # Hz from, Hz to, gain


def comb(take: np.random.Generator, count: int, slope: float) -> tuple[Signal, Signal]:
    """Amplitudes of ``count`` uneven harmonics falling as 1 / k ** ``slope``, and a phase for each."""
    return take.uniform(0.1, 1, count) / np.arange(1, count + 1) ** slope, take.uniform(0, 2 * np.pi, count)


def air_conditioner(take: np.random.Generator, clip: np.random.Generator, n: int) -> Signal:
    """A fan's steady rush of air, its blades' hum, a compressor at twice the mains, a whine, a slow beat of it all."""
    blades, mains = between(take, 25, 180), float(take.choice([100, 120]))
    corner, fall = between(take, 120, 900), take.uniform(-9, -4)
    air, fan, box, whine = take.uniform(0.1, 0.8), take.uniform(0, 0.7), take.uniform(0.2, 0.8), take.uniform(0, 0.3)
    sings, depth, beat = between(take, 600, 4000), take.uniform(0, 0.2), between(take, 1, 14)
    vanes, coil = comb(take, 20, take.uniform(0.4, 1.2)), comb(take, 30, take.uniform(0.4, 1.2))
    drift = wander(clip, n, 2, 0.997, 1.003)
    rush = noise(clip, n, (40, -4), (corner * 0.4, 0), (corner, 0), (12000, fall * np.log2(12000 / corner)))
    x = air * rush + fan * unit(tone(blades * drift, *vanes)) + box * unit(tone(mains * drift, *coil))
    x += whine * tone(sings * drift, [1, 0.3, 0.1])
    return x * (1 + depth * turning(clip.uniform(0, 6) - np.pi / 2, 2 * np.pi * beat / RATE, n))


def drilling(take: np.random.Generator, clip: np.random.Generator, n: int) -> Signal:
    """A hand drill: a motor's whine, a harmonic made louder by its gears, the bit's rasp, the hammer's knocks."""
    motor, teeth, gears = between(take, 60, 330), int(take.integers(3, 13)), take.uniform(1.5, 5)
    tight, sag = between(take, 0.001, 0.01), take.uniform(0, 0.09)
    whine, rasp, knock = take.uniform(0.6, 1.0), take.uniform(0.1, 0.5), take.uniform(0.4, 0.9)
    center, top, ripple = between(take, 1800, 5000), take.uniform(-14, -4), take.uniform(0.1, 1.0)
    blows, short = between(take, 38, 80), between(take, 0.0012, 0.008)
    loud, phase = comb(take, 100, take.uniform(0, 0.7))
    loud[teeth - 1 :: teeth] *= gears
    speed = motor * (1 - sag * wander(clip, n, 1.2, 0, 1)) * (1 + tight * wander(clip, n, 60, -1, 1))
    grip = np.ones(n)
    if clip.uniform() < 0.3:  # the trigger is pulled or let go within the clip
        grip = 1 / (1 + np.exp(clip.choice([-1, 1]) * (np.arange(n) / n - clip.uniform(0.3, 0.8)) * n / RATE / 0.08))
        speed = speed * (0.2 + 0.8 * grip)
    turning = unit(tone(speed, loud, phase))
    cut = noise(clip, n, (100, -30), (center / 4, -12), (center, 0), (center * 3, top))
    cut *= 1 + np.float32(ripple) * np.sign(turning)
    hit = noise(clip, n, (100, -10), (center / 2, 0), (12000, -10))
    hit *= puffs(pulses(clip, n, blows, 0.06, [1, 0.8]), short)
    return (whine * turning + rasp * unit(cut) + knock * unit(hit)) * grip


def engine_idling(take: np.random.Generator, clip: np.random.Generator, n: int) -> Signal:
    """An engine at rest: uneven firing through the exhaust pipe, puffs of gas, valves ticking, a belt humming."""
    firing, cylinders, jitter = between(take, 16, 40), int(take.choice([2, 3, 4, 6])), take.uniform(0.005, 0.04)
    weights = 1 + take.uniform(0.15, 0.6) * take.standard_normal(cylinders)
    pipe = [(between(take, 40, 110), between(take, 15, 60), 1.0), (between(take, 110, 280), 60.0, take.uniform(0.3, 1))]
    pipe.append((between(take, 450, 900), 150.0, take.uniform(0.3, 0.9)))
    valves = [(between(take, 900, 2200), 400.0, 1.0), (between(take, 2400, 5000), 700.0, 0.7)]
    puff, open_, top = between(take, 0.0025, 0.012), between(take, 350, 1500), take.uniform(-34, -24)
    boom, gas, tick = take.uniform(0.1, 0.7), take.uniform(0.2, 0.8), take.uniform(0.12, 0.45)
    intake, belt, ratio = take.uniform(0, 0.25), take.uniform(0.2, 0.9), between(take, 1.6, 4)
    groan = comb(take, 40, take.uniform(0.5, 1.2))
    strokes = pulses(clip, n, firing, jitter, weights)
    x = boom * unit(rung(strokes, pipe)) + tick * unit(rung(strokes, valves))
    x += gas * unit(noise(clip, n, (80, -6), (open_, 0), (open_ * 4, -9), (15000, top)) * puffs(strokes, puff))
    x += belt * unit(tone(firing * ratio * wander(clip, n, 4, 0.99, 1.01), *groan))
    return x + intake * noise(clip, n, (200, -6), (1500, 0), (8000, -14))


def jackhammer(take: np.random.Generator, clip: np.random.Generator, n: int) -> Signal:
    """A pneumatic breaker: blows that ring its steel and thump the ground, bursts of air, chips of stone."""
    rate, ground, open_ = between(take, 11, 24), between(take, 60, 140), between(take, 1200, 5000)
    ring = [(between(take, *band), between(take, 80, 500), gain) for *band, gain in STEEL]
    steel, thump, air, chips = take.uniform((0.3, 0.0, 0.2, 0.4), (0.9, 0.35, 0.7, 1.0))
    breath, grain, leak = between(take, 0.004, 0.02), between(take, 0.0008, 0.005), take.uniform(0, 0.3)
    hits = pulses(clip, n, rate, 0.015, [1.0])
    x = steel * unit(rung(hits, ring)) + thump * unit(rung(hits, [(ground, 50, 1.0)]))
    rush = noise(clip, n, (100, -12), (open_ / 2, 0), (open_ * 2, 0), (15000, -8))
    x += air * unit(rush * (leak + puffs(hits, breath)))
    x += chips * unit(noise(clip, n, (1500, -18), (4500, 0), (12000, -4)) * puffs(hits, grain))
    if clip.uniform() < 0.15:  # the worker lets go within the clip
        x *= swell(n, 0.01, clip.uniform(0.1, 0.4) * n / RATE, 0.3)
    return x
