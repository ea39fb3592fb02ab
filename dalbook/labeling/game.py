"""Labeling as a game, where the truth is known: one's own learning curve, and that of picking at random."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import numpy as np

from dalbook.corpora.corpus import Corpus
from dalbook.files.atomic import atomic_write
from dalbook.labeling.decisions import Beginning
from dalbook.labeling.factory import LearnerFactory
from dalbook.learners.metrics import macro_recall_on
from dalbook.learners.protocol import Learner

FOLD = 1  # kept for testing
SEEDS = 3  # runs of random picking, averaged


class Game:
    """Two learning curves on a fold that is kept for testing, made while one labels.

    Random picking starts from the same labels as the person's model, trains in the same way, and has its questions
    answered by the truth. It is computed only while there is nothing else to do.

    Parameters
    ----------
    corpus
        With known labels and folds.
    factory
        Builds the person's learner; its pool is `game_pool`'s.

    Raises
    ------
    ValueError
        The learner has no counterpart that picks at random.
    """

    def __init__(self, corpus: Corpus, factory: LearnerFactory) -> None:
        _, test = corpus.split(FOLD)
        self.truth, self.path = corpus.labels, None
        self.score = macro_recall_on(factory.x[test], self.truth[test])
        self._factories = [factory.random(seed) for seed in range(SEEDS)]
        self._mine: dict[int, float] = {}
        self._random: list[dict[int, float]] = [{} for _ in range(SEEDS)]
        self._learners: list[Learner] = []
        self._beginning: Beginning | None = None
        self._raced: Beginning | None = None  # what the random learners began from

    def keep_in(self, path: Path) -> None:
        """Keep one's own curve in a JSON file, and go on with what is there."""
        self.path = path
        with contextlib.suppress(OSError, ValueError, TypeError):
            self._mine = {int(n): float(recall) for n, recall in json.loads(path.read_bytes())}

    def begin(self, beginning: Beginning) -> None:
        """Random picking begins anew, from these labels."""
        self._beginning = beginning

    def after(self, learner: Learner) -> None:
        """Score one's own model; called after each of its iterations."""
        if not learner.labels:
            return
        self._mine[len(learner.labels)] = self.score(learner)
        text = json.dumps(sorted(self._mine.items())).encode()
        if not self.path:
            return
        with contextlib.suppress(OSError):
            atomic_write(self.path, lambda file: file.write(text))

    def idle(self) -> bool:
        """Bring random picking one label further, as far as one has come oneself; whether there was anything to do."""
        if not self._mine or self._beginning is None:
            return False
        begun = self._beginning
        if self._raced is not begun:
            self._raced, self._random = begun, [{} for _ in range(SEEDS)]
            self._learners = [factory.new(begun.classes, begun.labels) for factory in self._factories]
            _train_alike(self._learners)
            return True
        behind = min(range(SEEDS), key=lambda seed: max(self._random[seed], default=0))
        learner, curve = self._learners[behind], self._random[behind]
        if not curve and learner.labels:
            curve[len(learner.labels)] = self.score(learner)
            return True
        if len(learner.labels) >= min(max(self._mine), len(learner.pool)):
            return False
        clip = learner.ask()
        learner.tell(clip, int(self.truth[clip]))
        curve[len(learner.labels)] = self.score(learner)
        return True

    def curve(self) -> dict | None:
        """Both curves as [labels, macro-averaged recall] pairs, and the latest in words; None before the first."""
        mine = sorted(self._mine.items())
        if not mine:
            return None
        runs = [dict(run) for run in self._random]
        common = sorted(set.intersection(*map(set, runs)))
        random = [[n, float(np.mean([run[n] for run in runs]))] for n in common]
        n, recall = mine[-1]
        words = f"With {n} labels your model gets {recall:.0%} of fold {FOLD} right, averaged over the classes"
        there = dict(random).get(n)
        words += f"; with {n} clips picked at random it is {there:.0%}." if there is not None else "."
        return {"mine": [list(point) for point in mine], "random": random, "words": words}


def game_pool(corpus: Corpus) -> np.ndarray:
    """Positions of the clips to label in a game: all but those of the fold that is kept for testing.

    Raises
    ------
    ValueError
        The corpus has no such fold, or clips of unknown class.
    """
    if (corpus.labels < 0).any():
        raise ValueError(f"corpus {corpus.name} has clips of unknown class: a game needs the truth, leave game= out")
    pool, _ = corpus.split(FOLD)
    return pool


def _train_alike(learners: list[Learner]) -> None:
    """Train learners on the labels that they share once instead of each, where the first training is a long one."""
    first = learners[0]
    if not hasattr(first, "train_initially"):
        return
    first.train_initially()
    for other in learners[1:]:
        other.classifier.restore(first.classifier.state())
