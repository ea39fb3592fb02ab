"""The learner as a thread needs it: it can be stopped in the middle of its training, and asked there a first time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dalbook.learners.dal import DropoutLearner

CHUNK = 20  # gradient steps between two looks at whether to go on
EARLY = 400  # gradient steps after which a model that begins is asked a first time, in the middle of its 1600


class Stopped(Exception):
    """The work in hand is not wanted any more."""


class StoppableLearner(DropoutLearner):
    """The same learner, which leaves its work at once when `unwanted()`, and is then as it was before.

    `early` is called once in the middle of the first training.
    """

    unwanted: Callable[[], bool] = staticmethod(lambda: False)
    early: Callable[[DropoutLearner], None] = staticmethod(lambda learner: None)

    def _descend(self, pseudo: Mapping[int, int], steps: int) -> None:
        for done in range(0, steps, CHUNK):
            if self.unwanted():
                raise Stopped
            super()._descend(pseudo, min(CHUNK, steps - done))
            if self.classifier.steps == EARLY < self.config.first_steps:
                self.early(self)
