"""Learning from one's own guesses: pseudo-labels (4) and the class-balanced minibatch (8), (9)."""

from __future__ import annotations

import math

import numpy as np


def pseudo_labels(probs_nC: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Equation (4): which clips the classifier is confident enough about, and what it takes them for.

    Parameters
    ----------
    probs_nC
        (n, C) mean predictions P(c|x), equation (2).
    threshold
        Θ; a clip is taken where its highest probability is larger. Θ = 0 takes every clip, Θ = 1 none.

    Returns
    -------
    tuple
        Row numbers (m,) and their classes (m,), both int64.

    Examples
    --------
    >>> rows, classes = pseudo_labels(np.array([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]]), 0.5)
    >>> rows.tolist(), classes.tolist()
    ([0, 2], [0, 1])
    """
    probs = np.asarray(probs_nC)
    confidence = np.minimum(probs.max(axis=1), 1)  # a float32 mean of probabilities may exceed 1 by a rounding
    rows = np.flatnonzero(confidence > threshold)
    return rows, probs[rows].argmax(axis=1)


def minibatch_shares(labeled: int, pseudo: int, alpha: float, size: int) -> tuple[int, int]:
    """Equations (8) and (9): how many of a class's `size` minibatch places labeled and pseudo-labeled clips get.

    Parameters
    ----------
    labeled
        |S_L,c|, the labeled clips of the class.
    pseudo
        |S_P,c|, its pseudo-labeled clips.
    alpha
        The sampling weight of a pseudo-labeled clip, 0 to 1.
    size
        B, places for this class.

    Returns
    -------
    tuple of int
        (B_L,c, B_P,c), rounded half up, adding up to B; (0, 0) where there is no clip to draw.

    Examples
    --------
    >>> minibatch_shares(3, 100, 0.01, 256)
    (192, 64)
    """
    weight = alpha * pseudo
    if labeled + weight == 0:
        return 0, 0
    # what rounding errors push just below one half is one half
    b_p = math.floor(round(weight * size / (labeled + weight), 9) + 0.5)
    return size - b_p, b_p


def draw_minibatch(
    labeled: list[np.ndarray], pseudo: list[np.ndarray], alpha: float, size: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a class-balanced minibatch, with replacement, `size` clips for each class that has any.

    Parameters
    ----------
    labeled
        For each class, the positions of its labeled clips.
    pseudo
        For each class, the positions of its pseudo-labeled clips.
    alpha
        α in (8).
    size
        B in (8).
    rng
        Draws the clips.

    Returns
    -------
    tuple
        Clip positions and classes, both int64 (at most C * B,).

    Examples
    --------
    >>> clips, classes = draw_minibatch([np.array([4]), np.array([7])], [np.array([]), np.array([])], 0.01, 2,
    ...                                 np.random.default_rng(0))
    >>> clips.tolist(), classes.tolist()
    ([4, 4, 7, 7], [0, 0, 1, 1])
    """
    clips, classes, places = [], [], []
    for c, (own, guessed) in enumerate(zip(labeled, pseudo, strict=True)):
        for group, n in zip((own, guessed), minibatch_shares(len(own), len(guessed), alpha, size), strict=True):
            if n:
                clips.append(np.asarray(group, np.int64)[rng.integers(0, len(group), n)])
                classes.append(c)
                places.append(n)
    if not clips:
        raise ValueError("there is no labeled clip to train on: label at least one clip first")
    return np.concatenate(clips), np.repeat(np.array(classes, np.int64), places)
