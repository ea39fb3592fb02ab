"""A learner that needs labels to start from, started from none: typical clips first, as the first edition's labeler
did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from dalbook.learners.cold_start import medoid_order
from dalbook.learners.protocol import Learner, check_pool, check_tell

LABELS = 3  # and two classes: then there is something to learn


class TypicalFirst:
    """Asks for medoids, largest clusters first, until three clips of two classes have labels; then another asks.

    Parameters
    ----------
    x
        Embeddings of the whole corpus, (n, d), finite.
    n_classes
        |C|.
    begin
        From the labels so far, clip -> class, to the learner that goes on.
    pool
        Positions of the clips it may ask for; all by default.

    Attributes
    ----------
    labels
        Clip -> class, in the order acquired.
    learner
        The one that goes on; None until it has begun.

    Examples
    --------
    >>> from dalbook.learners.mal import MedoidLearner
    >>> x = np.array([[1, 0], [5, 1], [3, 1], [4, 1], [0, 1], [1, 9], [1, 8], [2, 9]], dtype=np.float32)
    >>> learner = TypicalFirst(x, 2, lambda labels: MedoidLearner(x, 2))
    >>> learner.ask()
    1
    """

    def __init__(
        self,
        x: np.ndarray,
        n_classes: int,
        begin: Callable[[Mapping[int, int]], Learner],
        pool: np.ndarray | None = None,
    ) -> None:
        self.x, self.n_classes, self.begin = np.asarray(x), n_classes, begin
        self.pool = check_pool(pool, len(self.x))
        self.learner: Learner | None = None
        self._labels: dict[int, int] = {}

    @property
    def labels(self) -> dict[int, int]:
        """Clip -> class, in the order acquired."""
        return self._labels if self.learner is None else self.learner.labels

    def ask(self) -> int:
        """The clip to label next; the same until the next `tell`.

        Raises
        ------
        ValueError
            Every clip of the pool has a label.
        """
        if self.learner is not None:
            return self.learner.ask()
        clip = next((pick.clip for pick in self._order if pick.clip not in self._labels), None)
        if clip is None:
            raise ValueError(f"all {len(self.pool)} clips of the pool are labeled: there is nothing left to ask")
        return int(clip)

    def tell(self, clip: int, label: int) -> None:
        """Take a label; with the third, of two classes or more, the other learner begins.

        Raises
        ------
        ValueError
            An unknown clip, a clip that has a label already, an unknown class.
        """
        if self.learner is not None:
            self.learner.tell(clip, label)
            return
        clip, label = check_tell(clip, label, self.pool, self._labels, self.n_classes)
        labels = {**self._labels, clip: label}
        if len(labels) >= LABELS and len(set(labels.values())) > 1:
            self.learner = self.begin(labels)
        self._labels = labels

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """Class probabilities (m, C); all alike until the other learner has begun."""
        if self.learner is not None:
            return self.learner.predict_proba(x)
        return np.full((len(x), self.n_classes), 1 / self.n_classes)

    def state(self) -> dict[str, Any]:
        """The labels that the other learner began with, and its state."""
        labels = np.array(list(self._labels.items()), dtype=np.int64).reshape(-1, 2)
        return {"typical_labels": labels, **({} if self.learner is None else self.learner.state())}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on bit for bit where `state` was taken.

        Raises
        ------
        ValueError
            The state is another learner's.
        """
        if "typical_labels" not in state:
            raise ValueError("this state comes from another learner, one that was built with labels to start from")
        rest = {name: value for name, value in state.items() if name != "typical_labels"}
        labels = {int(clip): int(label) for clip, label in state["typical_labels"]}
        learner = None
        if rest:
            learner = self.begin(labels)
            learner.restore(rest)
        self._labels, self.learner = labels, learner

    @cached_property
    def _order(self) -> list:
        return list(medoid_order(self.x, self.pool))
