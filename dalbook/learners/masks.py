"""Dropout masks from random bits: with a dropout probability of 0.5, one random bit is one mask entry.

Every bit is a pure function of (seed, purpose, step, row, column), as in counter-based generators (Salmon et al.,
"Parallel random numbers: as easy as 1, 2, 3", SC 2011). So there is no generator state to save with a learner, any two
devices draw the same masks, and 64 mask entries cost one multiply-and-shift mix (the finalizer of SplitMix64, Steele,
Lea and Flood, OOPSLA 2014).
"""

from __future__ import annotations

import numpy as np

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)

# What a stream of random numbers is for; a new purpose gets a new number, so that old runs stay what they were.
PURPOSES = {
    "weights": 0,
    "minibatch": 1,
    "train": 2,
    "scan": 3,
    "predict": 4,
    "acquisition": 5,
    "initial": 6,
    "herding": 7,
    "unequal": 8,
    "order": 9,
}


def stream(seed: int, purpose: str, step: int = 0) -> np.random.SeedSequence:
    """The seed sequence of one purpose at one step: independent of every other purpose, step and seed.

    >>> stream(0, "train", 3).generate_state(1) == stream(0, "train", 3).generate_state(1)
    array([ True])
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ValueError(f"a seed must be a whole number from 0 on, not {seed!r}")
    return np.random.SeedSequence([seed, PURPOSES[purpose], step])


def mask_key(seed: int, purpose: str, step: int = 0) -> np.uint64:
    """The 64-bit key from which `mask_words` draws the masks of one step."""
    return stream(seed, purpose, step).generate_state(1, np.uint64)[0]


def mask_words(key: np.uint64, rows: int, width: int) -> np.ndarray:
    """Random masks as bits: word w of row b is the SplitMix64 mix of the counter ``b * words + w``.

    Parameters
    ----------
    key
        From `mask_key`.
    rows
        Number of masks.
    width
        Entries of a mask (the embedding's dimension d).

    Returns
    -------
    uint64 array, shape (rows, ceil(width / 64))
        Entry j of a mask is bit ``j % 64`` of word ``j // 64``.

    Examples
    --------
    >>> mask_words(np.uint64(1), 2, 100).shape
    (2, 2)
    """
    words = -(-width // 64)
    with np.errstate(over="ignore"):
        z = key + np.arange(1, rows * words + 1, dtype=np.uint64) * GOLDEN
        z = (z ^ (z >> np.uint64(30))) * MIX_1
        z = (z ^ (z >> np.uint64(27))) * MIX_2
        z = z ^ (z >> np.uint64(31))
    return z.reshape(rows, words)


def unpack(words: np.ndarray, width: int) -> np.ndarray:
    """The masks as booleans, True where an input is kept: (rows, words) uint64 -> (rows, width) bool.

    >>> bool(abs(unpack(mask_words(np.uint64(1), 100, 2048), 2048).mean() - 0.5) < 0.01)
    True
    """
    octets = np.ascontiguousarray(words).astype("<u8", copy=False).view(np.uint8)
    return np.unpackbits(octets.reshape(len(words), -1), axis=1, count=width, bitorder="little").astype(bool)
