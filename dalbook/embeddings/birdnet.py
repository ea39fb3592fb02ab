"""The embedder `birdnet`: BirdNET 2.4's layer before its species, through the package `birdnet`.

Kahl, Wood, Eibl, Klinck, "BirdNET: A deep learning solution for avian diversity monitoring", Ecological Informatics,
2021. The package fetches the weights itself, on the first use.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dalbook.corpora.audio import pad

RATE = 48000  # Hz
DIMENSIONS = 1024
WINDOW = 3 * RATE  # samples that it hears at a time


class BirdNET:
    """A running session of the package, which computes in processes of its own. Made by `load`; call it with clips."""

    shared = True  # threads may call it at once

    def __init__(self, session) -> None:
        self._session, self._busy = session, threading.Lock()

    def __call__(self, clips: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Embed clips: the mean over their windows of 3 s, side by side; a shorter clip is padded with zeros.

        Parameters
        ----------
        clips
            float32 arrays, shape (samples,), mono at 48 kHz; of any lengths.

        Returns
        -------
        float32 array, shape (len(clips), 1024)
        """
        if not len(clips):
            return np.zeros((0, DIMENSIONS), dtype=np.float32)
        sounds = [(pad(np.asarray(clip, dtype=np.float32), WINDOW), RATE) for clip in clips]
        with self._busy:  # a session does one thing at a time
            found = self._session.run_arrays(sounds)
        x, masked = np.asarray(found.embeddings, np.float32), np.asarray(found.embeddings_masked, bool)
        # it gives all clips as many windows as the longest has, and masks those that are not there
        count = (~masked[..., 0]).sum(axis=1)
        if (count == 0).any() or x.shape[-1] != DIMENSIONS:
            raise ValueError(f"the package birdnet gave embeddings of shape {x.shape}, some without a window")
        return np.where(masked, 0, x).sum(axis=1) / count[:, None].astype(np.float32)


@cache
def load(model: Path | None = None, device: str = "auto") -> BirdNET:
    """Start BirdNET; once for all who want it.

    Parameters
    ----------
    model
        None: the package keeps its weights itself.
    device
        "auto" or "cpu".

    Raises
    ------
    ImportError
        If the package birdnet is not installed.
    ValueError
        If the device is another.
    """
    if device not in ("auto", "cpu"):
        raise ValueError(f"birdnet runs on the CPU here: take the device 'cpu' or 'auto', not {device!r}")
    network = library()("acoustic", "2.4", "tf", library="litert")
    session = network.encode_session(n_workers=1, batch_size=8).__enter__()
    atexit.register(session.__exit__, None, None, None)
    return BirdNET(session)


def library() -> Callable:
    """birdnet's function `load`, or an ImportError that says what to install."""
    try:
        from birdnet import load as found
    except ImportError as error:
        raise ImportError(
            f"birdnet needs the package of that name ({error}); install it with: pip install birdnet"
        ) from error
    return found
