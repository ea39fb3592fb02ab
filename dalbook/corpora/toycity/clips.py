"""toy-city: UrbanSound8K's ten classes synthesized from a seed, with nothing to download.

What each class is made of; all of it differs from recording to recording, in pitch, rate, color and mixture:

- air_conditioner: steady, dark fan noise, the blades' hum, a compressor at 100 or 120 Hz, a thin whine, a slow beat.
- car_horn: honks of two reeds about a third apart, each with up to forty harmonics, hard at both ends.
- children_playing: several high voices at once, shouting gliding syllables through vowel formants, laughing, shrieking.
- dog_bark: bouts of short harmonic bursts whose pitch leaps up and falls; a large dog's are lower and longer.
- drilling: a motor's whine with many harmonics, the rasp of the bit in its rhythm, a hammer at 38 to 80 Hz.
- engine_idling: 16 to 40 uneven firing strokes a second through exhaust resonances, puffs, ticking valves, a belt.
- gun_shot: a crack of half a millisecond, a blast of noise, a low boom, a rolling tail; single or in bursts.
- jackhammer: 11 to 24 blows a second that ring the steel at 1 to 8 kHz and let out air and chips.
- siren: one rich tone that wails slowly, yelps fast or changes between two notes, with a passing car's Doppler shift.
- street_music: a melody on accordion, guitar or fiddle over chords and a bass, on a beat, some with drums.

Every clip is then heard through its recording's room, distance and microphone, in front of its recording's street: a
dark murmur with cars, voices, steps and, in most recordings, a sound of another class farther off.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dalbook.corpora.toycity import machines, sources
from dalbook.corpora.toycity.acoustics import heard_in, microphone, room, street
from dalbook.corpora.toycity.signals import RATE, Signal, color, unit

__all__ = ["CLASSES", "RATE", "Clips", "describe", "layers", "synthesize"]

SOURCES = (
    machines.air_conditioner,
    sources.car_horn,
    sources.children_playing,
    sources.dog_bark,
    machines.drilling,
    machines.engine_idling,
    sources.gun_shot,
    machines.jackhammer,
    sources.siren,
    sources.street_music,
)
CLASSES: tuple[str, ...] = tuple(source.__name__ for source in SOURCES)
FOLDS = 10
PARTITIONS = ((2, 6), (3, 5), (4, 4), (2, 2, 4), (2, 3, 3), (2, 2, 2, 2))  # eight clips as recordings of so many slices
WARM_UP = RATE // 2  # samples made before the clip begins, so that echoes of what came before are there


@dataclass(frozen=True)
class Clips:
    """What the clips of one toy-city are, one entry a clip and no audio.

    ``ids`` read recording-class-occurrence-slice as UrbanSound8K's do; ``labels`` (n,) are positions in ``CLASSES``,
    ``folds`` (n,) count from 1, ``recordings`` (n,) are the ids' first part, ``foreground`` (n,) says whether the sound
    is in front, ``snr`` (n,) is in dB, ``seconds`` (n,) is the length.
    """

    ids: tuple[str, ...]
    labels: NDArray[np.int64]
    folds: NDArray[np.int64]
    recordings: NDArray[np.int64]
    foreground: NDArray[np.bool_]
    snr: NDArray[np.float64]
    seconds: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ids)


@lru_cache(maxsize=4)
def describe(seed: int = 0) -> Clips:
    """The 800 clips of toy-city number ``seed``: eight a class in each of ten folds, two to six slices a recording.

    >>> clips = describe(0)
    >>> len(clips), clips.ids[0], CLASSES[clips.labels[0]]
    (800, '1001-0-0-0', 'air_conditioner')
    """
    rng = np.random.default_rng([seed, 0])
    rows = []
    recording = 0
    for fold in range(1, FOLDS + 1):
        sizes = [(label, size) for label in range(len(CLASSES)) for size in PARTITIONS[rng.integers(len(PARTITIONS))]]
        for k in rng.permutation(len(sizes)):
            label, size = sizes[k]
            recording += 1
            front = rng.uniform() < 0.7
            snr = rng.uniform(10, 20) if front else rng.uniform(0, 12)
            first = int(rng.integers(1, size + 1))  # slices of the first occurrence; the rest are of a second one
            for j in range(size):
                name = f"{1000 + recording}-{label}-{int(j >= first)}-{j - first if j >= first else j}"
                seconds = 4.0 if rng.uniform() < 0.5 else rng.uniform(1, 4)
                rows.append((name, label, fold, 1000 + recording, front, snr, seconds))
    ids, labels, folds, recordings, foreground, snrs, seconds = zip(*rows, strict=True)
    columns = [np.array(c) for c in (labels, folds, recordings, foreground, snrs, seconds)]
    for column in columns:
        column.setflags(write=False)
    return Clips(ids, *columns)


def layers(i: int, seed: int = 0) -> tuple[Signal, Signal]:
    """The sound itself and the street behind it, each (n,) at ``RATE``, heard there; the clip is their sum.

    Their levels stand in the clip's signal-to-noise ratio: the sound's where it sounds (the loudest 20 dB of its 50 ms
    frames) against the street's overall.
    """
    clips = describe(seed)
    take = np.random.default_rng([seed, 1, int(clips.recordings[i])])
    clip = np.random.default_rng([seed, 2, i])
    n = round(clips.seconds[i] * RATE)
    distance = take.uniform(0.0, 0.4) if clips.foreground[i] else take.uniform(0.3, 1.0)
    response, curve, loud = room(take, distance), microphone(take), 10 ** (take.uniform(-34, -14) / 20)
    dry = SOURCES[clips.labels[i]](take, clip, n + WARM_UP)
    sound = color(heard_in(dry, response), curve)[WARM_UP:]
    behind = street(take, clip, n + WARM_UP)
    passing, other, share = take.uniform() < 0.8, int(take.integers(1, len(CLASSES))), take.uniform(0.7, 2.0)
    if passing:  # a street is never only a murmur: some other class's sound, farther off
        elsewhere = SOURCES[(clips.labels[i] + other) % len(CLASSES)](take, clip, n + WARM_UP)
        behind += share * unit(heard_in(elsewhere, room(take, 1.0)))
    behind = color(behind, curve)[WARM_UP:]
    sound *= 10 ** (clips.snr[i] / 20) * rms(behind) / max(active_rms(sound), 1e-9)
    both = sound + behind
    gain = np.full(n, min(loud / rms(both), 0.98 / max(both.max(), -both.min())), dtype=np.float32)
    gain[:64] *= np.arange(64) / 64
    gain[-64:] *= np.arange(63, -1, -1) / 64
    sound *= gain
    behind *= gain
    return sound, behind


def rms(x: Signal) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(x * x)))


def active_rms(x: Signal) -> float:
    """Root mean square over the 50 ms frames within 20 dB of the loudest."""
    power = np.mean(x[: len(x) // 1600 * 1600].reshape(-1, 1600) ** 2, axis=1)
    return float(np.sqrt(power[power >= 0.01 * power.max()].mean()))


def synthesize(i: int, seed: int = 0) -> NDArray[np.float32]:
    """Clip ``i`` of toy-city number ``seed``: (samples,) float32 at ``RATE``, a pure function of both.

    >>> bool((synthesize(3) == synthesize(3)).all())
    True
    """
    n = len(describe(seed))
    if not 0 <= i < n:
        raise IndexError(f"toy-city has clips 0 to {n - 1}, and no clip {i}")
    sound, behind = layers(i, seed)
    return sound + behind
