"""Herding: ask for the clip that covers most of what is uncertain and not covered yet.

A labeled clip covers what is near it. Uncertainty herding (Bae, Oliveira, Sutherland, ICLR 2025, arXiv 2412.20644,
after their MaxHerding, ECCV 2024, arXiv 2407.12212) asks for

    argmax over x of the sum over r of u(r) max(0, k(r, x) - max over labeled l of k(r, l)),

where r are reference clips drawn from the pool, u(r) is how uncertain the classifier is of r, and
k(a, b) = exp(-|a - b|^2 / (2 s^2)). While nothing is known all u are one, and the rule asks for what is typical of
many clips; with a good classifier u is large only along borders, and it asks there, yet not twice for the same.

The width s is how far apart labeled clips are: the 10 % quantile of the distances between labeled clips and their
nearest labeled ones. It shrinks as labels come, so coverage goes from coarse to fine by itself.
"""

from __future__ import annotations

import numpy as np

from dalbook.learners.geometry import squared_distances

QUANTILE = 0.1  # of the labeled clips' nearest distances
RECENT = 1000  # labeled clips that the width is taken from: the last ones are the nearest to each other
THINNEST = 1e-3  # of the squared width: labeled duplicates have distance 0


def coverage_gain(
    distance: np.ndarray, uncertainty: np.ndarray, nearest: np.ndarray, squared_width: float
) -> np.ndarray:
    """The sum above for each of n clips, float32 (n,): what a label of it would newly cover.

    Parameters
    ----------
    distance
        float32 (R, n), squared distances between the reference clips and the clips to weigh.
    uncertainty
        (R,), u of each reference clip.
    nearest
        (R,), squared distance of each reference clip to its nearest labeled one; infinity while there is none.
    squared_width
        s squared.

    Examples
    --------
    Two references at right angles, the first one labeled: only what is near the second is worth a question.

    >>> distance = np.array([[0, 2], [2, 0]], dtype=np.float32)
    >>> gain = coverage_gain(distance, np.ones(2), np.array([0.0, 2.0]), squared_width=0.5)
    >>> [f"{g:.3f}" for g in gain]  # 1 - exp(-2) at the second
    ['0.000', '0.865']
    """
    scale = np.float32(-0.5 / squared_width)
    gain = distance * scale
    np.exp(gain, out=gain)
    gain -= np.exp(nearest.astype(np.float32) * scale)[:, None]
    return uncertainty.astype(np.float32) @ np.maximum(gain, 0, out=gain)


def squared_width(labeled: np.ndarray, references: np.ndarray) -> float:
    """s squared, from the points (L, p) of the labeled clips, in the order they were labeled.

    With fewer than two it is taken from the reference clips: half of them have another one this near.

    >>> points = np.array([[1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32)
    >>> round(squared_width(points, points), 2)  # the nearest two are 0.63 apart
    0.4
    """
    few = len(labeled) < 2
    points = references if few else labeled[-RECENT:]
    if len(points) < 2:
        return 1.0
    distance = squared_distances(points, points)
    np.fill_diagonal(distance, np.inf)
    apart = np.quantile(np.sqrt(distance.min(axis=1)), 0.5 if few else QUANTILE)
    return max(float(apart) ** 2, THINNEST)
