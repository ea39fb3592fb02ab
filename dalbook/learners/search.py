"""Search by example: which clips are nearest to a few that one has, and how each answer changes that.

A clip is as good as its cosine to the nearest of the examples and of the clips that were found so far. An example may
be an odd one whose neighbors are all something else; so each clip that was heard and is not what one looks for lowers
what lies around it, by half of its cosine to the nearest such clip. Recordings repeat themselves: of one recording at
most two clips come within the first ten.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

PUSH = 0.5  # how much the nearest clip that is not meant counts against one
FIRST, MOST = 10, 2  # within the first ten answers, at most two of one recording


def best_cosine(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The cosine of each point to the nearest of some others.

    Parameters
    ----------
    points, others
        Float (n, p) and (m, p), rows of unit length, m at least 1.

    Returns
    -------
    float32 (n,)

    Examples
    --------
    >>> best_cosine(np.eye(2, dtype=np.float32), np.array([[0.6, 0.8]], np.float32)).astype(float).round(2).tolist()
    [0.6, 0.8]
    """
    best = np.full(len(points), -np.inf, np.float32)
    for other in others:
        np.maximum(best, points @ other.astype(np.float32), out=best)
    return best


def worth(points: np.ndarray, wanted: np.ndarray, unwanted: np.ndarray) -> np.ndarray:
    """How good a hit each clip would be.

    Parameters
    ----------
    points
        Clips, float (n, p), rows of unit length.
    wanted
        The examples and what was found, (k, p), k at least 1.
    unwanted
        What was heard and is something else, (m, p).

    Returns
    -------
    float32 (n,)

    Examples
    --------
    >>> points = np.array([[1, 0], [0.8, 0.6], [0.6, -0.8]], np.float32)
    >>> worth(points, points[:1], points[:0]).astype(float).round(2).tolist()
    [1.0, 0.8, 0.6]
    >>> worth(points, points[:1], np.array([[0, 1]], np.float32)).astype(float).round(2).tolist()
    [1.0, 0.5, 0.6]
    """
    score = best_cosine(points, wanted)
    if len(unwanted):
        score -= PUSH * np.maximum(best_cosine(points, unwanted), 0)
    return score


def spread_over_recordings(order: np.ndarray, recordings: np.ndarray | None, before: Sequence[int] = ()) -> np.ndarray:
    """The same clips in an order in which no recording fills the first ten; what is over comes after these.

    Parameters
    ----------
    order
        Clips, int (m,), the best first.
    recordings
        The recording of each clip of the corpus, int (n,); None where that is unknown.
    before
        Clips that came before these in the same search, which count as the first of the ten.

    Examples
    --------
    >>> spread_over_recordings(np.array([4, 5, 6, 0]), np.array([1, 1, 1, 1, 7, 7, 7])).tolist()
    [4, 5, 0, 6]
    """
    places = FIRST - len(before)
    if recordings is None or places <= 0:
        return order
    had: dict[int, int] = {}
    for clip in before:
        had[int(recordings[clip])] = had.get(int(recordings[clip]), 0) + 1
    first: list[int] = []
    for place, clip in enumerate(order):
        if len(first) == places:
            break
        recording = int(recordings[clip])
        if had.get(recording, 0) < MOST:
            had[recording] = had.get(recording, 0) + 1
            first.append(place)
    return np.concatenate([order[first], np.delete(order, first)])
