"""One rare sound among many: how much each clip is like it, where most clips have no label and are probably not it."""

from __future__ import annotations

import numpy as np

WEAK = 0.003  # what an unlabeled clip counts for as a no, where a label counts for one
RIDGE = 1.0  # keeps the weights small


def target_scores(points: np.ndarray, labels: dict[int, bool]) -> np.ndarray:
    """Ridge regression on yes (1), no (-1), and all unlabeled clips as weak negatives.

    Parameters
    ----------
    points
        Clips, float (n, p), rows of unit length.
    labels
        Clip -> whether it is the sound; at least one yes.

    Returns
    -------
    float64 (n,)
        The higher, the likelier.

    Raises
    ------
    ValueError
        There is no yes.

    Examples
    --------
    >>> points = np.array([[1, 0], [0.8, 0.6], [0, 1], [0, -1]])
    >>> target_scores(points, {0: True, 2: False}).argsort().tolist()
    [2, 1, 3, 0]
    """
    if not any(labels.values()):
        raise ValueError("not one clip is known to be the sound: it cannot be learned what to look for")
    a = np.column_stack([points, np.ones(len(points))]).astype(np.float64)
    weight = np.full(len(a), WEAK)
    wanted = np.full(len(a), -1.0)
    clips = list(labels)
    weight[clips], wanted[clips] = 1, np.where(list(labels.values()), 1, -1)
    heavy = a * weight[:, None]
    return a @ np.linalg.solve(heavy.T @ a + RIDGE * np.eye(a.shape[1]), heavy.T @ wanted)


def unsureness(scores: np.ndarray, labels: dict[int, bool]) -> np.ndarray:
    """How near each clip's score is to the border: the middle between the mean yes and the mean no, highest on it.

    >>> unsureness(np.array([1.0, 0.0, -1.0]), {0: True, 2: False}).tolist()
    [-1.0, -0.0, -1.0]
    """
    sides = [[clip for clip, yes in labels.items() if yes is side] for side in (True, False)]
    yes, no = (scores[side].mean() if side else scores.min() for side in sides)
    return -np.abs(scores - (yes + no) / 2)


def share_interval(found: int, of: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share.

    >>> [round(end, 3) for end in share_interval(2, 50)]
    [0.011, 0.135]
    """
    from scipy.stats import binomtest

    if not of:
        return 0.0, 1.0
    ends = binomtest(found, of).proportion_ci(method="wilson")
    return float(ends.low), float(ends.high)
