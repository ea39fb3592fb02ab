"""An embedder of your own: a function from sound to a vector, with what must be known of it."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dalbook.corpora.audio import pad, resample

PROBE = 16000  # Hz, and as many samples of silence, with which a function is tried that does not say its dimensions


@dataclass(frozen=True)
class OwnEmbedder:
    """A function as an embedder, for `dalbook.embed` and everything that takes one.

    Parameters
    ----------
    function
        (float32 samples (n,), rate in Hz) -> vector (d,).
    rate
        The sample rate in Hz that it wants; by default each clip comes at its own.
    window
        How many seconds it takes at once: a shorter clip is padded with zeros, of a longer one the mean over its
        windows is taken, which do not overlap; a rest of less than half a window is not heard. By default a whole clip.
    dimensions
        d; by default found by a call with a second of silence.
    name
        By default the function's.
    version
        Changes when the result does, for the cache. By default a hash of the function's source; what the function
        calls is not in it, so give a version, and a new one each time, where that changes.

    Raises
    ------
    ValueError
        The function gives no vector; its source cannot be read and there is no version.

    Examples
    --------
    >>> def loudness(samples, rate):
    ...     return [samples.mean(), samples.std()]
    >>> loud = OwnEmbedder(loudness, rate=8000, window=1.0, version="1")
    >>> loud.name, loud.dimensions, loud.load()(np.ones(800, dtype=np.float32), 8000).round(2).tolist()
    ('loudness', 2, [0.10000000149011612, 0.30000001192092896])
    """

    function: Callable[[np.ndarray, int], ArrayLike]
    rate: int | None = None
    window: float | None = None
    dimensions: int | None = None
    name: str | None = None
    version: str | None = None
    network = False
    weights = None
    library = None

    def __post_init__(self) -> None:
        called = self.name or getattr(self.function, "__name__", type(self.function).__name__)
        # it becomes part of a file's name
        object.__setattr__(self, "name", re.sub(r"\W+", "-", called).strip("-") or "own")
        if self.version is None:
            object.__setattr__(self, "version", _source(self.function))
        if self.dimensions is None:
            rate = self.rate or PROBE
            silence = np.zeros(round((self.window or 1.0) * rate), dtype=np.float32)
            vector = np.asarray(self.function(silence, rate))
            if vector.ndim != 1 or not len(vector):
                raise ValueError(f"embedder {self.name} must give a vector for a clip, not shape {vector.shape}")
            object.__setattr__(self, "dimensions", len(vector))

    def code(self) -> str:
        """What its result depends on, as far as it is known."""
        return f"{self.version} {self.rate} {self.window} {self.dimensions}"

    def load(self, model: None = None, device: str = "auto") -> Callable[[np.ndarray, int], NDArray[np.float32]]:
        """The function, with rate and window seen to."""
        return self._embed

    def _embed(self, samples: np.ndarray, rate: int) -> NDArray[np.float32]:
        if self.rate is not None:
            samples, rate = resample(samples, rate, self.rate), self.rate
        windows = [samples] if self.window is None else windows_of(samples, round(self.window * rate))
        vectors = [np.asarray(self.function(window, rate), dtype=np.float32) for window in windows]
        for vector in vectors:
            if vector.shape != (self.dimensions,):
                raise ValueError(f"{self.name} gave shape {vector.shape}, not ({self.dimensions},)")
        return np.mean(vectors, axis=0)


def windows_of(samples: np.ndarray, size: int) -> list[np.ndarray]:
    """Windows of `size` samples, side by side: at least one, padded; a rest of half of one or more is padded too.

    >>> [len(window) for window in windows_of(np.zeros(25), 10)], len(windows_of(np.zeros(24), 10))
    ([10, 10, 10], 2)
    """
    count = max(1, int(len(samples) / size + 0.5))
    return [pad(samples[k * size : (k + 1) * size], size) for k in range(count)]


def _source(function: Callable) -> str:
    try:
        text = inspect.getsource(function if inspect.isroutine(function) else type(function))
    except (OSError, TypeError):
        raise ValueError(
            f"the source of {function!r} cannot be read, so nobody could tell when its result changes: give "
            'OwnEmbedder(..., version="1"), and another version when you change it'
        ) from None
    return hashlib.sha256(text.encode()).hexdigest()[:16]
