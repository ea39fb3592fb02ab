"""An embedder that is loaded once and then called with sounds, for whoever streams them and has no corpus."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from dalbook.corpora.audio import resample
from dalbook.embeddings.compute import finite, one_by_one, reason
from dalbook.embeddings.own import OwnEmbedder
from dalbook.embeddings.registry import AnyEmbedder, known, load_network, weights_file

Sound = tuple[np.ndarray, int]  # samples and rate


class Encoder:
    """Embeds sounds, from several threads at once.

    Parameters
    ----------
    what
        An embedder or its name, as `dalbook.embed` takes it.
    model, device
        As `dalbook.embed` takes them.

    Raises
    ------
    ValueError, FileNotFoundError
        As `dalbook.embed` raises them.

    Examples
    --------
    >>> x, broken = Encoder("mfcc")([(np.ones(8000), 8000), (np.full(8000, np.nan), 8000)])
    >>> x.shape, list(broken)
    ((2, 275), [1])
    """

    def __init__(
        self, what: str | Callable | AnyEmbedder, model: str | os.PathLike | None = None, device: str = "auto"
    ) -> None:
        self._what, self._embedder, self._device = what, known(what), device
        self._weights = weights_file(what, model)
        self._own, self._loading = threading.local(), threading.Lock()
        # a function of somebody else's may not be made for threads; a TensorFlow Lite interpreter is not
        self._one_at_a_time = threading.Lock() if isinstance(self._embedder, OwnEmbedder) else None
        self._spare = [self._load()]  # what is wrong is said now

    @property
    def dimensions(self) -> int:
        """d."""
        return self._embedder.dimensions

    def prepare(self, samples: np.ndarray, rate: int) -> Sound:
        """A sound at the rate that the embedder wants, so that no more of it is kept than is heard."""
        wanted = self._embedder.rate if self._embedder.network else None
        return (samples, rate) if wanted is None else (resample(samples, rate, wanted), wanted)

    def __call__(self, sounds: Sequence[Sound]) -> tuple[NDArray[np.float32], dict[int, str]]:
        """The embeddings (len(sounds), d), and by position why a row is missing and zeros.

        What is embedded together does not change a row, but for the rounding of networks that compute in batches.
        """
        embed = self._loaded()
        if self._embedder.network:
            clips = [self.prepare(*sound)[0] for sound in sounds]
            try:
                return finite(embed(clips)), {}
            except Exception:  # one of them is to blame
                return one_by_one(embed, clips, self.dimensions)
        x, broken = np.zeros((len(sounds), self.dimensions), dtype=np.float32), {}
        for row, sound in enumerate(sounds):
            try:
                if self._one_at_a_time:
                    with self._one_at_a_time:
                        x[row] = finite(embed(*sound))
                else:
                    x[row] = finite(embed(*sound))
            except Exception as error:  # whatever is wrong with one clip, the others are not lost
                broken[row] = reason(error)
        return x, broken

    def _load(self) -> Callable:
        return (
            load_network(self._what, self._weights, self._device) if self._embedder.network else self._embedder.load()
        )

    def _loaded(self) -> Callable:
        """This thread's own, unless it is one that several threads may call, as PyTorch's networks are."""
        if not hasattr(self._own, "embed"):
            with self._loading:  # it silences warnings meanwhile, which only one thread at a time may do
                shared = bool(self._spare) and (getattr(self._spare[0], "shared", False) or not self._embedder.network)
                self._own.embed = self._spare[0] if shared else self._spare.pop() if self._spare else self._load()
        return self._own.embed
