"""Uncertainty herding as one more acquisition function of DAL: its uncertainty is what the hypotheses' mean says."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np

from dalbook.learners.acquisition import margin
from dalbook.learners.coverage import Coverage, references
from dalbook.learners.geometry import MOST, Geometry
from dalbook.learners.masks import stream
from dalbook.learners.mc_dropout import Scan

HERDING = "uncertainty_herding"


class HerdingScores:
    """What a label of each unlabeled clip would newly cover (`coverage.coverage_gain`), every clip weighing the same.

    Nothing is computed before it is asked for.

    Parameters
    ----------
    x
        Embeddings of the whole corpus, (n, d).
    pool
        Positions (m,), ascending, of the clips that can be asked for.
    seed
        Draws the clips that stand for a large pool.

    Examples
    --------
    Two groups, the first of them known: any clip of the second is worth more than one of the first.

    >>> x = np.eye(2, dtype=np.float32).repeat(3, 0)
    >>> scores = HerdingScores(x, np.arange(6), seed=0)
    >>> scores(np.arange(1, 6), None, [0]).round(2).tolist()
    [0.0, 0.0, 3.0, 3.0, 3.0]
    """

    def __init__(self, x: np.ndarray, pool: np.ndarray, seed: int) -> None:
        self.x, self.pool, self.seed = x, pool, seed

    def __call__(self, unlabeled: np.ndarray, scan: Scan | None, labeled: Iterable[int]) -> np.ndarray:
        """The score of each unlabeled clip, float32; without a scan every clip is as uncertain as any other."""
        rows = np.searchsorted(self.pool, unlabeled)
        uncertain = np.zeros(len(self.pool))  # a labeled clip is certain
        uncertain[rows] = 1 if scan is None else margin(scan.probs_nC)
        known = np.searchsorted(self.pool, list(labeled)).tolist()
        nearest, width = self._coverage.nearest(known), self._coverage.squared_width(known)
        return self._coverage.gain(uncertain[self._references], nearest, width)[rows]

    @cached_property
    def _order(self) -> np.ndarray:
        return np.random.default_rng(stream(self.seed, "herding")).permutation(self.pool)

    @cached_property
    def _references(self) -> np.ndarray:
        return np.searchsorted(self.pool, references(self._order))

    @cached_property
    def _coverage(self) -> Coverage:
        space = Geometry(self.x[np.sort(self._order[:MOST])])
        return Coverage(space.points(self.x[self.pool]), self._references)
