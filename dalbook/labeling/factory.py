"""How the labeler's learner is built, whichever it is; what one learner can and another cannot is asked here alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from dalbook.learners.config import DALConfig
from dalbook.learners.protocol import Learner
from dalbook.learners.registry import build, canonical, family


@dataclass(frozen=True, eq=False)
class LearnerFactory:
    """Builds a learner by its name, from the labels of a session.

    Attributes
    ----------
    name
        Out of `dalbook.learners.registry.names`.
    x
        Embeddings of the whole corpus, (n, d), finite.
    pool
        Positions (m,) of the clips to label, ascending.
    config
        For learners that take it, Table 1 by default.
    seed
        Of all that it draws.
    recordings
        The recording that each clip was cut from, int64 (n,), for learners that look at it.

    Raises
    ------
    ValueError
        There is no such learner, or it takes no `config`.

    Examples
    --------
    >>> x = np.eye(2, dtype=np.float32).repeat(6, 0)
    >>> factory = LearnerFactory("mal", x, np.arange(12))
    >>> factory.typical_first, factory.new(2, {3: 0}).labels
    (False, {3: 0})
    """

    name: str
    x: np.ndarray
    pool: np.ndarray
    config: DALConfig | None = None
    seed: int = 0
    recordings: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.config is not None and not family(self.name).config:
            raise ValueError(f"learner {canonical(self.name)!r} takes no config: leave config= out")

    @property
    def typical_first(self) -> bool:
        """Whether a person labels typical clips before it can learn; others ask from the first clip on."""
        return family(self.name).typical_first

    def new(self, classes: int, labels: Mapping[int, int]) -> Learner:
        """A learner of so many classes that knows these labels, clip -> class."""
        made = build(
            self.name,
            self.x,
            classes,
            labels,
            self.pool,
            seed=self.seed,
            config=self.config,
            recordings=self.recordings,
        )
        for clip, label in labels.items():
            if clip not in made.labels:  # it takes none to start from
                made.tell(clip, label)
        return made

    def random(self, seed: int) -> LearnerFactory:
        """The same learner with questions at random.

        Raises
        ------
        ValueError
            There is none.
        """
        name = f"{canonical(self.name).partition(':')[0]}:random"
        try:
            canonical(name)
        except ValueError:
            raise ValueError(f"learner {self.name!r} has no counterpart that picks at random, {name!r}") from None
        return LearnerFactory(name, self.x, self.pool, self.config, seed, self.recordings)

    def warm_up(self) -> None:
        """Load and compile now what the first training would wait for."""
        if family(self.name).config:
            tiny = DALConfig(first_steps=1, wait=1)
            build(self.name, np.eye(4, dtype=np.float32), 2, {0: 0}, np.arange(4), seed=0, config=tiny).ask()


def taught(learner: Learner, clip: int, label: int | None, again: Callable[[Mapping[int, int]], Learner]) -> Learner:
    """The learner once a clip has this label, or none; where it cannot forget the old one, a new one.

    Parameters
    ----------
    learner
        Changed in place where it can be.
    clip, label
        The clip, and its class's position or None.
    again
        Makes a learner from labels, clip -> class.
    """
    if clip in learner.labels:
        if not hasattr(learner, "forget"):
            kept = {other: given for other, given in learner.labels.items() if other != clip}
            return again(kept if label is None else {**kept, clip: label})
        learner.forget(clip)
    if label is not None:
        learner.tell(clip, label)
    return learner


def rounds(learner: Learner) -> int:
    """Iterations of training that a learner has behind it; labels, where it does not count them."""
    return getattr(learner, "iteration", len(learner.labels))
