"""The classifier of the herding learner: labels spread over the graph of near neighbors, then ridge regression on them.

A label reaches the clips around it (`label_spreading`), each counted by how sure it is of its class; the labeled clips
count fully. A class-balanced ridge (`ridge`) is fitted on all of them, so what it says of a clip it never saw does not
depend on a graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from dalbook.learners.geometry import Geometry
from dalbook.learners.head import Head, probabilities
from dalbook.learners.label_spreading import NeighborGraph
from dalbook.learners.ridge import fit_ridge, kernel, predict_ridge

SPREAD_TO = 5000  # clips of the pool that labels spread to: their exact neighbors take about a second
LANDMARKS = 300  # clips that the ridge measures nearness to


class SpreadRidge:
    """Labels in, class probabilities out; fitted anew from all labels each time, so what was before leaves no trace.

    Parameters
    ----------
    x
        Float (n, d): embeddings of the whole corpus.
    some
        Positions of the clips that labels spread to, ascending; at most a few thousand.
    landmarks
        Positions of the clips that the ridge measures nearness to, some hundred.
    space
        Where near is measured.
    recordings
        Int (n,), or None: which recording each clip was cut from, -1 where that is not known.
    """

    def __init__(
        self,
        x: np.ndarray,
        some: np.ndarray,
        landmarks: np.ndarray,
        space: Geometry,
        recordings: np.ndarray | None = None,
    ) -> None:
        self.x, self.some, self.landmarks, self.space = x, some, space.points(x[landmarks]), space
        self.recordings = recordings
        self._flows: dict[int, np.ndarray] = {}  # clip -> its label's flow: depends on nothing but the clip
        self._coefficients: np.ndarray | None = None
        self._met = np.zeros(0, dtype=np.int64)

    def fit(self, labels: Mapping[int, int]) -> None:
        """Learn from all labels there are, clip -> class."""
        if not labels:
            self._coefficients, self._met = None, np.zeros(0, dtype=np.int64)
            return
        clips, classes = np.array(list(labels)), np.array(list(labels.values()))
        met, column = np.unique(classes, return_inverse=True)
        count = np.bincount(column)
        flow_mC = np.zeros((len(self.some), len(met)))
        for clip, c in zip(clips.tolist(), column.tolist(), strict=True):
            flow_mC[:, c] += self._flow(clip)
        flow_mC /= count
        reached = flow_mC.sum(axis=1)
        soft_mC = flow_mC / np.maximum(reached, 1e-30)[:, None]
        sure = sureness(soft_mC) * (reached > 1e-12)
        place = np.searchsorted(self.some, clips)
        place[place == len(self.some)] = 0
        sure[place[self.some[place] == clips]] = 0  # labeled clips come with their label, below
        own = np.zeros((len(clips), len(met)))
        own[np.arange(len(clips)), column] = 1
        features = np.concatenate([self._features, kernel(self.space.points(self.x[clips]), self.landmarks)])
        coefficients = fit_ridge(
            features,
            self._penalty,
            np.concatenate([soft_mC, own]),
            np.concatenate([sure, np.ones(len(clips))]),
            len(clips),
        )
        self._coefficients, self._met = coefficients, met

    def predict_proba(self, points: np.ndarray, n_classes: int) -> np.ndarray:
        """Probabilities (m, C), float64, of clips given by their points (m, p).

        A class that was never met gets zero; with no label at all, all classes get 1 / C.
        """
        probs = np.zeros((len(points), n_classes))
        if self._coefficients is None:
            return probs + 1 / n_classes
        probs[:, self._met] = probabilities(predict_ridge(self._coefficients, kernel(points, self.landmarks)))
        return probs

    def head(self) -> Head:
        """What was learned, by itself: it predicts as this does, and needs neither the pool nor the labels.

        Raises
        ------
        ValueError
            Nothing was learned yet.
        """
        if self._coefficients is None:
            raise ValueError("there is no label to learn from")
        return Head(self.space, self.landmarks, self._coefficients, self._met)

    def _flow(self, clip: int) -> np.ndarray:
        if clip not in self._flows:
            at = int(np.searchsorted(self.some, clip))
            inside = at < len(self.some) and self.some[at] == clip
            start = {at: 1.0} if inside else self._graph.entry(self.space.points(self.x[[clip]])[0])
            self._flows[clip] = self._graph.flow(start).astype(np.float32)
        return self._flows[clip]

    @cached_property
    def _features(self) -> np.ndarray:
        return kernel(self._graph.points, self.landmarks)

    @cached_property
    def _penalty(self) -> np.ndarray:
        return kernel(self.landmarks, self.landmarks)

    @cached_property
    def _graph(self) -> NeighborGraph:
        groups = None if self.recordings is None else self.recordings[self.some]
        return NeighborGraph(self.space.points(self.x[self.some]), groups)


def sureness(soft_mC: np.ndarray) -> np.ndarray:
    """One minus the entropy of each row over its largest possible value, (m,): 1 where one class has all, 0 for a tie.

    >>> sureness(np.array([[1.0, 0.0], [0.5, 0.5]])).tolist()
    [1.0, 0.0]
    """
    if soft_mC.shape[1] < 2:
        return np.ones(len(soft_mC))
    entropy = -(soft_mC * np.log(np.maximum(soft_mC, 1e-30))).sum(axis=1)
    return np.clip(1 - entropy / np.log(soft_mC.shape[1]), 0, 1)
