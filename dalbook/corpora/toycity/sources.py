"""Toy-city's horns, children, dogs, guns, sirens and music. Its machines stand in ``machines.py``.

A source is ``source(take, clip, n) -> (n,) float64``. What it draws from ``take`` belongs to the recording and is the
same in all of its slices; what it draws from ``clip`` is this slice's own. How much it draws from ``take`` never
depends on ``clip``.
"""

from __future__ import annotations

import numpy as np

from dalbook.corpora.toycity.signals import (
    RATE,
    Signal,
    add,
    color,
    decay,
    noise,
    resonate,
    silence,
    swell,
    tone,
    turning,
    wander,
    white,
)


def between(rng: np.random.Generator, low: float, high: float) -> float:
    """A draw between ``low`` and ``high``, uniform in its logarithm."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def car_horn(take: np.random.Generator, clip: np.random.Generator, n: int) -> Signal:
    """One to four honks of two reeds about a third apart, thirty harmonics each, brightest at 1 to 4 kHz."""
    low, third = between(take, 300, 480), take.uniform(1.18, 1.30)
    bright, long = between(take, 1200, 3200), between(take, 0.15, 1.6)
    shape = np.exp(-0.5 * (np.log(np.arange(1, 41) * low / bright) / take.uniform(0.7, 1.1)) ** 2)
    phases = take.uniform(0, 2 * np.pi, (2, 40))
    out, at = silence(n), clip.uniform(-0.3, 0.5)
    while at < n / RATE:
        m = int(RATE * long * clip.uniform(0.6, 1.5))
        settle = 1 - 0.03 * decay(m, 0.02)
        honk = tone(low * settle, shape, phases[0]) + 0.9 * tone(low * third * settle, shape, phases[1])
        add(out, honk * swell(m, 0.012, 0.03), at)
        at += m / RATE + clip.choice([clip.uniform(0.08, 0.3), clip.uniform(0.4, 1.5)])
    return out


VOWELS = np.array(
    [[850, 1610, 3000], [610, 2330, 3200], [370, 3200, 3730], [680, 1060, 3180], [430, 1170, 3260]]
)  # formants, Hz
BUZZ = 1 / np.arange(1, 80) ** 0.8  # amplitudes of the harmonics of a voice


def syllable(rng: np.random.Generator, f0: float, size: float, seconds: float, breath: float) -> Signal:
    """One syllable: a gliding buzz that moves from one vowel's formants, times ``size``, to another's."""
    m = int(seconds * RATE)
    t = np.linspace(0, 1, m)
    arch = turning(-np.pi / 2, np.pi / (m - 1), m)  # half a sine, 0 to 1 to 0
    glide = f0 * (1 + rng.uniform(-0.35, 0.3) * t + rng.uniform(0, 0.5) * arch)
    glide *= 1 + 0.01 * wander(rng, m, 25, -1, 1)
    buzz = tone(glide, BUZZ) + 0.3 * breath * white(rng, m)
    first, last = (
        resonate(buzz, [(f, 60 + 0.06 * f, g) for f, g in zip(vowel, (1.0, 0.6, 0.35), strict=True)])
        for vowel in (VOWELS[rng.integers(len(VOWELS), size=2)] * size).tolist()
    )
    out = first + t * (last - first)
    return out * swell(m, rng.uniform(0.015, 0.05), seconds * 0.5) / (np.std(out) + 1e-9)


def children_playing(take: np.random.Generator, clip: np.random.Generator, n: int) -> Signal:
    """Two to five children: phrases of shouted syllables with high formants, consonants, laughter, some shrieks."""
    count = int(take.integers(2, 6))
    pitch, size = np.exp(take.uniform(np.log(250), np.log(400), count)), take.uniform(1.0, 1.3, count)
    near, wild = take.uniform(0.15, 1.0, count), take.uniform(0.02, 0.15)
    out = silence(n)
    for k in range(count):
        at = clip.uniform(-0.5, 0.8)
        while at < n / RATE:
            kind, lift = clip.uniform(), clip.uniform(0.9, 1.3)
            for _ in range(clip.integers(2, 7)):
                if kind < wild:
                    sound = 0.7 * syllable(clip, pitch[k] * 2.6, size[k], clip.uniform(0.3, 0.7), 0.3)
                elif kind < 0.25:
                    sound = syllable(clip, pitch[k] * lift, size[k], clip.uniform(0.06, 0.1), 1.5)
                else:
                    f0 = pitch[k] * lift * clip.uniform(0.85, 1.2)
                    sound = syllable(clip, f0, size[k], clip.uniform(0.1, 0.35), 0.2)
                add(out, near[k] * clip.uniform(0.4, 1.0) * sound, at)
                if clip.uniform() < 0.3:
                    hiss = noise(clip, RATE // 12, (2500, -24), (5000, 0), (12000, -6))
                    add(out, 0.12 * near[k] * hiss * swell(len(hiss), 0.02, 0.04), at - 0.07)
                at += len(sound) / RATE * clip.uniform(0.9, 1.3)
                if kind < wild:
                    break
            at += clip.exponential(0.9)
    return out


def dog_bark(take: np.random.Generator, clip: np.random.Generator, n: int) -> Signal:
    """Barks in bouts: harsh harmonic bursts of 0.1 to 0.3 s, their pitch leaping up and falling, and formants."""
    big = take.uniform()  # 0 small, 1 large dog
    f0, muzzle = between(take, 520, 900) * 0.55**big, 1.35 - 0.6 * big
    long, rate, rough = take.uniform(0.12, 0.19) * (1 + 0.3 * big), between(take, 1.2, 4.0), take.uniform(0.15, 0.5)
    peaks = [(750 * muzzle, 150, 1.0), (1500 * muzzle, 220, 0.8), (2700 * muzzle, 400, 0.3), (4200 * muzzle, 700, 0.05)]
    out, at = silence(n), clip.uniform(-0.2, 0.5)
    while at < n / RATE:
        for _ in range(clip.integers(1, 5)):
            m = int(RATE * long * clip.uniform(0.8, 1.3))
            t = np.arange(m) / m
            leap = 0.75 + 0.55 * np.sin(np.pi * np.minimum(1, t * 1.15)) ** 0.7 - 0.25 * t
            pitch = f0 * clip.uniform(0.92, 1.08) * leap * (1 + 0.06 * rough * wander(clip, m, 180, -1, 1))
            source = tone(pitch, 1 / np.arange(1, 60) ** 0.8) + rough * 0.8 * white(clip, m)
            add(out, resonate(source, peaks) * swell(m, 0.012, 0.8 * m / RATE, 1.6) * clip.uniform(0.6, 1), at)
            at += m / RATE + clip.uniform(0.6, 1.4) * 0.5 / rate
        at += clip.uniform(0.3, 1.5) / rate
    return out


def gun_shot(take: np.random.Generator, clip: np.random.Generator, n: int) -> Signal:
    """Shots: a crack of a few milliseconds, a blast dying within 0.1 s, a boom and the rolling tail of the open air."""
    blast, boom, tail = between(take, 0.008, 0.03), between(take, 50, 130), between(take, 0.12, 0.5)
    bright, rolling, gap = take.uniform(-10, 0), between(take, 0.05, 0.25), between(take, 0.3, 1.0)
    auto, rate = take.uniform() < 0.4, take.uniform(7, 13)
    m = int(RATE * min(1.6, 6 * tail))
    t = np.arange(m) / RATE
    crack, roll = decay(m, blast) + 0.25 * decay(m, 4 * blast), rolling * decay(m, tail)
    thump = np.sin(2 * np.pi * boom * t * decay(m, 0.5)) * decay(m, blast + 0.03)
    crack, roll, thump = (x.astype(np.float32) for x in (crack, roll, thump))
    out, at = silence(n), clip.uniform(0.45, 1.0)
    while at < n / RATE:
        for _ in range(clip.integers(3, 9) if auto else 1):
            shot = noise(clip, m, (80, 0), (1200, 0), (9000, bright)) * crack
            shot += noise(clip, m, (60, 0), (700, 0), (3000, -12), (9000, -30)) * roll + thump
            shot[: RATE // 2000] += 6.0
            add(out, shot * clip.uniform(0.7, 1.0), at)
            at += 1 / rate if auto else 0.0
        at += gap * clip.uniform(0.5, 1.5)
    return out


def siren(take: np.random.Generator, clip: np.random.Generator, n: int) -> Signal:
    """An emergency vehicle passing by: a horn-like tone that wails, yelps or changes between two notes."""
    kind = int(take.integers(3))
    low, span = between(take, 480, 750), take.uniform(1.7, 2.4)
    rate = between(take, 0.15, 0.45) if kind == 0 else between(take, 2.6, 4.2) if kind == 1 else between(take, 0.7, 1.3)
    speed, edge, even = take.uniform(-0.05, 0.05), take.uniform(0.5, 1.2), take.uniform(0.2, 1.0)
    t = np.arange(n) / RATE
    begin = clip.uniform()
    turn = t * rate + begin
    turn -= np.floor(turn)
    if kind == 0:  # up within 0.45 turns as a charging capacitor, then down
        charge = np.exp(np.where(turn < 0.45, -6 * turn, -4 * (turn - 0.45)))
        rise = np.log(span) * np.where(turn < 0.45, 1 - charge, (1 - np.exp(-2.7)) * charge)
    elif kind == 1:  # up and down in straight lines
        rise = np.log(span) * (1 - np.abs(1 - 2 * turn))
    else:  # two notes
        high = np.clip(40 * turning(2 * np.pi * begin - np.pi / 2, 2 * np.pi * rate / RATE, n), -1, 1)
        rise = np.log(1.16) * (high + 1)
    passing = np.exp(2 * clip.uniform(0, 4)) * decay(n, 0.5)
    doppler = 1 + speed * (2 / (1 + passing) - 1)  # tanh(t - s) = 2 / (1 + exp(2 s - 2 t)) - 1
    f0 = low * np.exp(rise) * doppler
    amplitudes = 1 / np.arange(1, 24) ** edge
    amplitudes[1::2] *= even
    horn = color(tone(f0, amplitudes), [(250, -12), (700, 0), (2500, 2), (5000, -12), (12000, -30)])
    return horn * wander(clip, n, 0.8, 0.6, 1)


def pluck(rng: np.random.Generator, f0: float, seconds: float, bright: float) -> Signal:
    """A plucked string: harmonics that die the faster the higher they are."""
    m = int(seconds * RATE)
    k = np.arange(1, 1 + min(16, int(14000 / f0)))
    loud = np.abs(np.sin(np.pi * k * 0.17)) / k**bright
    stiff = f0 * k * np.sqrt(1 + 2e-4 * k**2)
    step = (-(1.2 + 0.9 * k) + 2j * np.pi * stiff) / RATE
    # each partial is the imaginary part of exp(step * t); t = 256 i + j makes their sum one small matrix product
    coarse = loud * np.exp(1j * rng.uniform(0, 6) + np.multiply.outer(np.arange(-(-m // 256)) * 256, step))
    string = (coarse @ np.exp(np.multiply.outer(step, np.arange(256)))).imag.ravel()[:m]
    return string * swell(m, 0.003, 0.05)


SCALES = np.array(
    [[0, 2, 4, 7, 9, 12, 14], [0, 3, 5, 7, 10, 12, 15], [0, 2, 3, 5, 7, 8, 12], [0, 2, 4, 5, 7, 9, 11]]
)  # semitones
KICK, SNARE = ((60, 0), (180, 0), (900, -14)), ((800, -12), (3500, 0), (9000, -3))  # (Hz, dB) points


def street_music(take: np.random.Generator, clip: np.random.Generator, n: int) -> Signal:
    """A busker: a melody on accordion, guitar or fiddle over chords and bass in one key and tempo, some with drums."""
    kind, key, beat = int(take.integers(3)), between(take, 196, 392), 60 / take.uniform(85, 150)
    scale, drum = take.choice(SCALES), take.uniform(0, 1.2) * (take.uniform() < 0.6)
    reed, vibrato, bright = take.uniform(0.6, 1.0), take.uniform(4.5, 6.5), take.uniform(0.9, 1.5)
    out = silence(n)
    first = -clip.uniform(0, beat)

    def note(semitones: float, seconds: float) -> Signal:
        f0 = key * 2 ** (semitones / 12)
        if kind == 1:
            return 1.5 * pluck(clip, f0, max(seconds, 0.6), bright)
        m = int(seconds * RATE)
        t = np.arange(m) / RATE
        if kind == 0:
            comb = 1 / np.arange(1, 30) ** reed
            held = tone(np.full(m, f0), comb) + tone(np.full(m, f0 * 1.004), comb)
            return 0.3 * held * swell(m, 0.03, 0.04)
        bow = tone(f0 * (1 + 0.006 * np.sin(2 * np.pi * vibrato * t)), 1 / np.arange(1, 30) ** 0.9)
        return 0.4 * resonate(bow, [(480, 150, 0.7), (1000, 300, 1), (2600, 900, 0.8)]) * swell(m, 0.06, 0.05)

    chords, step = ([0, 4, 7], [5, 9, 12], [7, 11, 14], [-3, 0, 4]), int(clip.integers(7))
    for bar in range(int(n / RATE / (4 * beat)) + 2):
        chord = chords[int(clip.integers(4))]
        for q in range(4):
            at = first + (4 * bar + q) * beat
            if at > n / RATE:
                break
            add(out, 0.9 * pluck(clip, key / 2 * 2 ** (chord[0] / 12), 0.8 * beat + 0.2, 1.3), at)
            if q % 2:
                for c in chord:
                    add(out, 0.35 * note(c, 0.5 * beat), at)
            if drum:
                curve, fall = (SNARE, 500) if q % 2 else (KICK, 900)
                add(out, 0.6 * drum * noise(clip, 4000, *curve) * decay(4000, fall / RATE), at)
            for half in range(int(clip.integers(1, 3))):
                step = int(np.clip(step + clip.integers(-2, 3), 0, 6))
                seconds = 0.5 * beat * clip.uniform(0.8, 1.4)
                add(out, note(scale[step] + 12 * (kind == 1), seconds), at + half * beat / 2)
    return out
