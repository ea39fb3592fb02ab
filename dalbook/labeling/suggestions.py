"""What the model says of the clips without a label: which one is next, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dalbook.learners.cold_start import Pick


@dataclass(frozen=True, eq=False)
class Suggestions:
    """What the model says of the clips without a label; iterating gives a `Pick` for each, the best first.

    Attributes
    ----------
    clips
        int64 (m,), their positions, ascending.
    votes
        int32 (m, C), how many hypotheses vote for each class.
    scores
        float64 (m,), acquisition values.
    picked_by
        The acquisition function.
    round
        Iterations the model has behind it.
    """

    clips: np.ndarray
    votes: np.ndarray
    scores: np.ndarray
    picked_by: str
    round: int

    def __post_init__(self) -> None:
        order = np.argsort(-self.scores, kind="stable")
        ranks = np.empty(len(order), np.int64)
        ranks[order] = np.arange(len(order))
        object.__setattr__(self, "_order", order)
        object.__setattr__(self, "_ranks", ranks)

    def __iter__(self) -> Iterator[Pick]:
        for row in self._order:
            score = float(self.scores[row])
            what = f"{self.picked_by.replace('_', ' ')} {score:.2f}"
            rank = f"rank {self._ranks[row] + 1} of {len(self.clips)}"
            yield Pick(int(self.clips[row]), self.picked_by, score, f"the model is unsure about it: {what}, {rank}")

    def of(self, clip: int) -> tuple[np.ndarray, float, int] | None:
        """A clip's votes (C,), acquisition value and rank from 1; None if it was not scanned."""
        row = int(np.searchsorted(self.clips, clip))
        if row == len(self.clips) or self.clips[row] != clip:
            return None
        return self.votes[row], float(self.scores[row]), int(self._ranks[row]) + 1
