"""How good is a classifier on recordings that it has never met? Cross-validation by recording.

Clips of one recording are near copies, so a recording is either learned from or tested on. In each fold everything is
made anew without the test recordings: the space, the graph, and the labels that spread on it. A class whose labels all
come from one recording cannot be tested, and is left out of every average.

Labels that a learner asked for are not a sample of the recordings: they lie where it was unsure, and how many there are
of a class says nothing of how often it sounds. So each labeled clip counts as often as there are clips that are nearer
to it than to any other labeled one. On UrbanSound8K (YAMNet, 60 labels asked for in one fold, 24 sessions) the recall
that cross-validation then gives differs from that on the other folds by -4 points in the mean and 8 in size; with all
labels counted alike by -8 and 9. The intervals hold the recall on the other folds in 18 of 24 sessions, and in 15: they
say what another draw of such recordings would give, not what other recordings would (`tools/report_check.py`).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import numpy as np

from dalbook.learners.geometry import BLOCK, MOST, Geometry
from dalbook.learners.head import SHARPNESS, probabilities
from dalbook.learners.herding import HerdingLearner

FOLDS = 5
FEWEST = 10  # tested clips that a calibration needs
SHARPEST = 60.0  # the sharpness that calibration may choose lies between its inverse and this


@dataclass(frozen=True)
class Held:
    """What was said of each labeled clip by a classifier that had learned nothing of its recording.

    Attributes
    ----------
    clips
        int64 (m,), the labeled clips.
    truth
        int64 (m,), their classes.
    groups
        int64 (m,), their recordings.
    folds
        int64 (m,), the fold that each was tested in; -1 where it could not be.
    scores
        float64 (m, C), -inf for a class that the fold had not met.
    weights
        float64 (m,), how many clips each stands for.
    """

    clips: np.ndarray
    truth: np.ndarray
    groups: np.ndarray
    folds: np.ndarray
    scores: np.ndarray
    weights: np.ndarray

    @property
    def tested(self) -> np.ndarray:
        """Bool (m,): clips of a class that was known when they were tested."""
        known = np.isfinite(self.scores[np.arange(len(self.truth)), self.truth])
        return known & (self.folds >= 0)


def held_out(x: np.ndarray, labels: np.ndarray, groups: np.ndarray, usable: np.ndarray, n_classes: int) -> Held:
    """Cross-validate the default classifier by recording.

    Parameters
    ----------
    x
        Embeddings of all clips, (n, d).
    labels
        int64 (n,), -1 where there is none.
    groups
        int64 (n,), the recording of each clip.
    usable
        Bool (n,): clips to learn from; others have no embedding.
    n_classes
        C; each has a label.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    clips = np.flatnonzero((labels >= 0) & usable)
    truth, own = labels[clips], groups[clips]
    folds = np.full(len(clips), -1)
    scores = np.full((len(clips), n_classes), -np.inf)
    weights = stands_for(x[usable], x[clips])
    splits = min(FOLDS, len(np.unique(own)), int(np.bincount(truth).max()))
    if splits < 2:
        return Held(clips, truth, own, folds, scores, weights)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class")  # it cannot be in every fold
        split = StratifiedGroupKFold(splits, shuffle=True, random_state=0)
        for fold, (train, test) in enumerate(split.split(clips, truth, own)):
            # a fold may be empty where one class has fewer recordings than there are folds
            if not len(train) or not len(test):
                continue
            pool = np.flatnonzero(usable & ~np.isin(groups, own[test]))
            known = dict(zip(clips[train].tolist(), truth[train].tolist(), strict=True))
            head = HerdingLearner(x, n_classes, known, pool=pool, recordings=groups).head()
            scores[np.ix_(test, head.met)] = head.scores(x[clips[test]])
            folds[test] = fold
    return Held(clips, truth, own, folds, scores, weights)


def stands_for(x: np.ndarray, labeled: np.ndarray) -> np.ndarray:
    """For each labeled clip (m, d), how many of all clips (n, d) are nearest to it: float64 (m,), at least 1.

    >>> stands_for(np.eye(3)[[0, 0, 0, 1]], np.eye(3)[:2]).tolist()
    [3.0, 1.0]
    """
    space = Geometry(x[:: -(-len(x) // MOST)])
    centers = space.points(labeled)
    count = np.zeros(len(labeled))
    for at in range(0, len(x), BLOCK):
        nearest = (space.points(x[at : at + BLOCK]) @ centers.T).argmax(axis=1)
        count += np.bincount(nearest, minlength=len(labeled))
    return np.maximum(count, 1)


def calibrate(held: Held) -> float:
    """The sharpness with which the scores become the likeliest probabilities (temperature scaling; Guo et al., 2017).

    Where nothing could be tested it is the default.
    """
    from scipy.optimize import minimize_scalar

    tested = held.tested
    if tested.sum() < FEWEST:
        return SHARPNESS

    def loss(log_sharpness: float) -> float:
        p = probabilities(held.scores[tested], float(np.exp(log_sharpness)))
        right = np.log(np.maximum(p[np.arange(len(p)), held.truth[tested]], 1e-12))
        return -float(np.average(right, weights=held.weights[tested]))

    best = minimize_scalar(loss, bounds=(-np.log(SHARPEST), np.log(SHARPEST)), method="bounded")
    return float(np.exp(best.x))


def calibrated(held: Held) -> np.ndarray:
    """Probabilities (m, C) of the held-out clips, each calibrated on the other folds; NaN where none was tested."""
    p = np.full(held.scores.shape, np.nan)
    for fold in np.unique(held.folds[held.folds >= 0]):
        rows = held.folds == fold
        others = replace(held, folds=np.where(rows, -1, held.folds))
        p[rows] = probabilities(held.scores[rows], calibrate(others))
    return p
