"""A learner is asked and told: which clip to label next, and what it is. Where labels come from is not its business."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from dalbook.files.atomic import atomic_write


class Learner(Protocol):
    """What an experiment or the labeler needs of a method. Clips are positions in the corpus, classes 0 to C - 1."""

    labels: dict[int, int]  # clip -> class, in the order acquired

    def ask(self) -> int:
        """The clip to label next; asking twice gives the same clip."""

    def tell(self, clip: int, label: int) -> None:
        """Take a clip's label and learn from it."""

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """Class probabilities (m, C) of embeddings (m, d); rows sum to 1."""

    def state(self) -> dict[str, Any]:
        """All that decides how the learner goes on: NumPy arrays and JSON values."""

    def restore(self, state: dict[str, Any]) -> None:
        """Go on exactly from `state`, in a learner built with the same arguments."""


def check_pool(pool: np.ndarray | None, n: int) -> np.ndarray:
    """The clips a learner may ask for, as sorted positions; None means all n.

    Raises
    ------
    ValueError
        a position is outside 0 to n - 1 or stands twice, or there is none.
    """
    pool = np.arange(n) if pool is None else np.asarray(pool)
    if pool.ndim != 1 or not len(pool) or not np.issubdtype(pool.dtype, np.integer):
        raise ValueError("the pool must be a list of at least one clip position")
    pool = np.sort(pool)
    if pool[0] < 0 or pool[-1] >= n:
        raise ValueError(f"the pool names clip {pool[0] if pool[0] < 0 else pool[-1]}, but clips go from 0 to {n - 1}")
    if (twice := pool[1:] == pool[:-1]).any():
        raise ValueError(f"the pool names clip {pool[1:][twice][0]} twice")
    return pool


def check_tell(clip: int, label: int, pool: np.ndarray, labels: Mapping[int, int], n_classes: int) -> tuple[int, int]:
    """The clip and label as plain integers, or an error that says what is wrong with them.

    Raises
    ------
    ValueError
        The clip is not in the pool (a sorted array) or has a label already, or there is no such class.
    """
    if isinstance(clip, bool) or not isinstance(clip, (int, np.integer)):
        raise ValueError(f"a clip is named by its position in the corpus, an integer, not by {clip!r}")
    at = np.searchsorted(pool, clip)
    if at == len(pool) or pool[at] != clip:
        raise ValueError(f"clip {clip} is unknown: it is not among the {len(pool)} clips this learner may learn from")
    if clip in labels:
        raise ValueError(f"clip {clip} has a label already: class {labels[clip]}")
    if isinstance(label, bool) or not isinstance(label, (int, np.integer)) or not 0 <= label < n_classes:
        raise ValueError(f"{label!r} is an unknown class: classes go from 0 to {n_classes - 1}")
    return int(clip), int(label)


def save_state(path: str | os.PathLike, state: dict[str, Any]) -> None:
    """Write a learner's `state()` to one .npz file, whole or not at all (a temporary file, renamed)."""
    arrays = {k: v for k, v in state.items() if isinstance(v, np.ndarray)}
    values = json.dumps({k: v for k, v in state.items() if k not in arrays})
    atomic_write(path, lambda file: np.savez(file, json=np.array(values), **arrays))


def load_state(path: str | os.PathLike) -> dict[str, Any]:
    """Read what `save_state` wrote; nothing is unpickled.

    Raises
    ------
    ValueError
        The file is cut short or is not a learner's state.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            state = {k: file[k] for k in file.files}
        return {**json.loads(str(state.pop("json"))), **state}
    except FileNotFoundError:
        raise
    except Exception as error:
        raise ValueError(f"{path} is not a saved learner ({error}): delete it and start again") from error
