"""Medoid active learning (MAL), section 3: label the middle of each cluster, and let it speak for the others."""

from __future__ import annotations

from collections import deque
from functools import cached_property
from typing import Any

import numpy as np

from dalbook.files.hashing import fingerprint
from dalbook.learners.checks import LARGEST, usable
from dalbook.learners.kmedoids import cosine_distance, k_medoids
from dalbook.learners.protocol import check_pool, check_tell
from dalbook.learners.svm import PoolSVM


class MedoidLearner:
    """MAL as a learner that is asked and told; with PANN embeddings it is the paper's MAL-PANN.

    The pool is split into small clusters by k-medoids. From the largest cluster on (ties: the lower cluster number,
    that is the medoid that comes first in the corpus) it asks for the medoids, and a medoid's label is propagated to
    the members of its cluster that have no label of their own. Once every medoid is labeled it goes round the
    clusters again. A round is planned when the one before it ends: every cluster that still has unlabeled members is
    visited once, those with most unlabeled members first (ties: the lower number), and a visit asks for the unlabeled
    member whose nearest labeled member of that cluster is farthest away (ties: the first in the corpus). Its own
    label replaces the propagated one; it is not propagated.

    Any clip of the pool may be told. A label that was not asked for counts for its own clip, and for its cluster if
    the clip is the medoid; the visit that is due stays due, unless nothing is left to ask there.

    A support vector machine is fitted on own and propagated labels, when a prediction is needed.

    Parameters
    ----------
    x
        Embeddings of the whole corpus, (n, d), finite.
    n_classes
        Number of classes C.
    pool
        Positions of the clips it may learn from (the training folds); all by default.
    clusters
        Number of clusters, 1 to the size of the pool; by default a quarter of the pool, rounded half up.
    distance
        Float (m, m) distances between the m clips of the pool, whose positions must then ascend; cosine
        distance (1) by default.

    Attributes
    ----------
    labels
        Clip -> class, in the order acquired; own labels only.
    pool
        (m,) positions, ascending.
    medoids
        (clusters,) positions of the medoids, ascending.
    assignment
        (m,) cluster of each clip of the pool.

    Raises
    ------
    ValueError
        Embeddings that are not (n, d) or not finite, a pool that is not of this corpus, distances of
        another shape, or a number of clusters that is not possible.

    Examples
    --------
    >>> x = np.array([[1, 0], [5, 1], [3, 1], [0, 1], [1, 9]], dtype=np.float32)
    >>> learner = MedoidLearner(x, n_classes=2, clusters=2)
    >>> learner.ask()
    1
    >>> learner.tell(1, 0)
    >>> learner.ask(), learner.propagated
    (3, array([ 0,  0,  0, -1, -1]))
    """

    def __init__(
        self,
        x: np.ndarray,
        n_classes: int,
        *,
        pool: np.ndarray | None = None,
        clusters: int | None = None,
        distance: np.ndarray | None = None,
    ) -> None:
        self.x, self.n_classes = np.asarray(x), n_classes
        if self.x.ndim != 2:
            raise ValueError(f"embeddings must have shape (n, d), not {self.x.shape}")
        if len(bad := np.flatnonzero(~usable(self.x))):
            raise ValueError(
                f"the embedding of clip {bad[0]} holds NaN, infinity or numbers beyond {LARGEST:g}: compute the "
                "embeddings again"
            )
        self.pool = check_pool(pool, len(self.x))
        m = len(self.pool)
        if n_classes < 1:
            raise ValueError(f"n_classes must be at least 1, not {n_classes}")
        if distance is not None:
            if np.shape(distance) != (m, m):
                raise ValueError(f"the {m} clips of the pool need ({m}, {m}) distances, not {np.shape(distance)}")
            if pool is not None and not np.array_equal(pool, self.pool):
                raise ValueError("with distances given, the pool must name its clips in ascending order, as they do")
        self._distance = distance
        k = max(1, (m + 2) // 4) if clusters is None else clusters
        clustering = k_medoids(cosine_distance(self.x[self.pool]) if distance is None else distance, k)
        self._begin(self.pool[clustering.medoids], clustering.assignment)

    def ask(self) -> int:
        """The clip to label next; the same until the next `tell`.

        Raises
        ------
        ValueError
            Every clip of the pool has a label.
        """
        if self._due is None:
            raise ValueError(f"all {len(self.pool)} clips of the pool are labeled: there is nothing left to ask")
        return self._due

    def tell(self, clip: int, label: int) -> None:
        """Take a label, and propagate it if the clip is a medoid.

        Raises
        ------
        ValueError
            An unknown clip, a clip that has a label already, an unknown class.
        """
        clip, label = check_tell(clip, label, self.pool, self.labels, self.n_classes)
        row = np.searchsorted(self.pool, clip)
        cluster = self.assignment[row]
        members = np.flatnonzero(self.assignment == cluster)
        self.labels[clip] = label
        self._own[row] = True
        self._training[row] = label
        if clip == self.medoids[cluster]:
            self._training[members[~self._own[members]]] = label
        self._nearest[members] = np.minimum(self._nearest[members], self._distances_to(row, members))
        if clip == self._due:
            self._visits.popleft()
        self._due = self._next()

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """Scores of the support vector machine (see `PoolSVM`): (m, d) embeddings -> (m, C), rows sum to 1.

        They rank classes but are not calibrated. Without any label all classes get 1 / C.

        Raises
        ------
        ValueError
            Embeddings of another dimension, or not finite.
        """
        if self._fitted is None or not np.array_equal(self._fitted, self._training):
            rows = np.flatnonzero(self._training >= 0)
            self._svm.fit(rows, self._training[rows])
            self._fitted = self._training.copy()
        return self._svm.predict_proba(x)

    @property
    def propagated(self) -> np.ndarray:
        """(n,) int64: the class that each clip of the corpus is trained as, its own or a propagated one; -1: none."""
        training = np.full(len(self.x), -1, dtype=np.int64)
        training[self.pool] = self._training
        return training

    def state(self) -> dict[str, Any]:
        """The labels in order and the clustering; all else follows from them."""
        labels = np.array(list(self.labels.items()), dtype=np.int64).reshape(-1, 2)
        return {
            "labels": labels,
            "medoids": self.medoids.copy(),
            "assignment": self.assignment.copy(),
            "built_with": self._built_with,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on exactly where `state` was taken, in a learner built with the same arguments.

        The clustering is taken from the state too: another machine's rounding may cluster a little differently.

        Raises
        ------
        ValueError
            The state comes from other embeddings, classes, pool, distances or number of clusters.
        """
        if state.get("built_with") != self._built_with:
            raise ValueError(
                "this state comes from a learner built with other embeddings, classes, pool, distances or number of "
                "clusters: build the learner as it was then"
            )
        self._begin(np.array(state["medoids"]), np.array(state["assignment"]))
        for clip, label in state["labels"]:
            self.tell(clip, label)

    def _begin(self, medoids: np.ndarray, assignment: np.ndarray) -> None:
        m = len(self.pool)
        self.medoids, self.assignment = medoids, assignment
        self.labels: dict[int, int] = {}
        self._own = np.zeros(m, dtype=bool)
        self._training = np.full(m, -1, dtype=np.int64)
        self._nearest = np.full(m, np.inf)  # distance to the nearest labeled clip of the same cluster
        self._fitted: np.ndarray | None = None
        self._visits: deque[int] = deque()
        self._rounds = 0  # the first is that of the medoids
        self._plan_round()
        self._due = self._next()

    def _plan_round(self) -> None:
        self._rounds += 1
        unlabeled = np.bincount(self.assignment[~self._own], minlength=len(self.medoids))
        order = np.argsort(-unlabeled, kind="stable")
        self._visits.extend(order[: np.count_nonzero(unlabeled)].tolist())

    def _next(self) -> int | None:
        while len(self.labels) < len(self.pool):
            while self._visits:
                clip = self._candidate(self._visits[0])
                if clip is not None:
                    return clip
                self._visits.popleft()
            self._plan_round()
        return None

    def _candidate(self, cluster: int) -> int | None:
        """What to ask of a cluster; None if its visit is done without."""
        medoid = int(self.medoids[cluster])
        if medoid not in self.labels:
            return medoid
        unlabeled = np.flatnonzero((self.assignment == cluster) & ~self._own)
        if self._rounds == 1 or not len(unlabeled):
            return None
        return int(self.pool[unlabeled[self._nearest[unlabeled].argmax()]])

    def _distances_to(self, row: int, members: np.ndarray) -> np.ndarray:
        if self._distance is not None:
            return np.asarray(self._distance)[row, members]
        return cosine_distance(self.x[self.pool[members]], self.x[self.pool[[row]]])[:, 0]

    @cached_property
    def _svm(self) -> PoolSVM:
        return PoolSVM(self.x[self.pool], self.n_classes)

    @cached_property
    def _built_with(self) -> str:
        distance = "cosine" if self._distance is None else np.asarray(self._distance)
        return fingerprint(self.x[self.pool], self.pool, distance, [int(self.n_classes), len(self.medoids)])
