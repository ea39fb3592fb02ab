"""Labels that flow along a graph of near neighbors (Zhou, Bousquet, Lal, Weston, Schoelkopf, NIPS 2003).

Twenty labels are few; two thousand clips are not. Each clip is tied to its ten nearest, a label flows along the ties,
and a clip that it reaches learns what its neighbors probably are. The flow F of a label solves F = a S F + (1 - a) Y,
where S is the graph's matrix W of ties, normalized to D^-1/2 W D^-1/2, and Y holds a one at the labeled clip.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from dalbook.learners.geometry import squared_distances

NEIGHBORS = 10  # with 15, recall on UrbanSound8K (60 sets of labels): 0.0 at 20 labels, +0.2 at 30, -0.3 at 60
GROUP = 5.0  # of all ties to clips of the same recording: as much as some ten near neighbors
STAY = 0.1  # 1 - a: the share of a label that stays where it is at each step
ROUNDS = 60  # of the iteration: 0.9^60 is 0.2 %
BLOCK = 2048


class NeighborGraph:
    """Near neighbors among clips, and the flow of a label along them.

    Parameters
    ----------
    points
        float32 (m, p), rows of unit length.
    groups
        Int (m,), or None: clips of one group (one recording) are tied to each other as well, -1 is no group.
    neighbors
        How many near neighbors each clip is tied to.

    Attributes
    ----------
    ties
        Sparse float64 (m, m), symmetric, normalized: S without the ties of groups.

    Examples
    --------
    >>> points = np.array([[1, 0], [0.8, 0.6], [-1, 0], [-0.8, -0.6]], dtype=np.float32)
    >>> NeighborGraph(points, neighbors=1).flow({0: 1.0}).round(2).tolist()
    [0.53, 0.47, 0.0, 0.0]
    """

    def __init__(self, points: np.ndarray, groups: np.ndarray | None = None, neighbors: int = NEIGHBORS) -> None:
        m = len(points)
        self.points = points
        self.neighbors = min(neighbors, m - 1)
        self._groups = None
        if self.neighbors < 1:
            self.ties = sparse.csr_matrix((m, m))
            return
        near, distance = nearest(points, points, self.neighbors, itself=False)
        # near is measured by how near the neighbors of both are, so that dense and thin regions are tied alike
        reach = np.sqrt(distance[:, -1])
        rows, columns = np.repeat(np.arange(m), self.neighbors), near.ravel()
        strength = np.exp(-distance.ravel() / (reach[rows] * reach[columns] + 1e-9))
        ties = sparse.csr_matrix((strength, (rows, columns)), shape=(m, m))
        ties = ties.maximum(ties.T)
        degree = np.asarray(ties.sum(axis=1)).ravel()
        if groups is not None:
            _, inverse, count = np.unique(groups, return_inverse=True, return_counts=True)
            member = np.flatnonzero((groups >= 0) & (count[inverse] > 1))
            _, group, size = np.unique(groups[member], return_inverse=True, return_counts=True)
            # a clip's ties to its group weigh GROUP together however large the group is, and are never written out:
            # a recording of 5000 clips would need 25 million
            share = sparse.csr_matrix((np.sqrt(GROUP / size[group]), (group, member)), shape=(len(size), m))
            degree[member] += GROUP
            self._groups = share
        root = 1 / np.sqrt(np.maximum(degree, 1e-12))
        self.ties = (sparse.diags(root) @ ties @ sparse.diags(root)).tocsr()
        if self._groups is not None:
            self._groups = (self._groups @ sparse.diags(root)).tocsr()

    def flow(self, start: dict[int, float]) -> np.ndarray:
        """How much of a label that starts at some clips is at each clip in the end: float64 (m,).

        Parameters
        ----------
        start
            Clip of the graph -> share; shares sum to one.
        """
        source = np.zeros(len(self.points))
        for clip, share in start.items():
            source[clip] += STAY * share
        flow = source
        for _ in range(ROUNDS):
            step = self.ties @ flow
            if self._groups is not None:
                step += self._groups.T @ (self._groups @ flow)
            flow = (1 - STAY) * step + source
        return flow

    def entry(self, point: np.ndarray) -> dict[int, float]:
        """Where the label of a clip outside the graph enters it: its nearest clips, the nearer the more."""
        near, distance = nearest(point[None], self.points, max(1, min(NEIGHBORS, len(self.points))))
        share = np.exp(-distance[0] / max(float(distance[0].mean()), 1e-9)).astype(float)
        return dict(zip(near[0].tolist(), (share / share.sum()).tolist(), strict=True))


def nearest(a: np.ndarray, b: np.ndarray, k: int, itself: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """The k rows of `b` nearest to each row of `a`, nearest first, and their squared distances; by block products.

    With ``itself=False``, `a` and `b` are the same rows and none is its own neighbor.
    """
    near = np.empty((len(a), k), dtype=np.int64)
    distances = np.empty((len(a), k), dtype=np.float32)
    for at in range(0, len(a), BLOCK):
        d = squared_distances(a[at : at + BLOCK], b)
        rows = np.arange(len(d))
        if not itself:
            d[rows, at + rows] = np.inf
        some = np.argpartition(d, k - 1, axis=1)[:, :k]
        order = np.argsort(np.take_along_axis(d, some, 1), axis=1, kind="stable")
        near[at : at + BLOCK] = np.take_along_axis(some, order, 1)
        distances[at : at + BLOCK] = np.take_along_axis(d, near[at : at + BLOCK], 1)
    return near, distances
