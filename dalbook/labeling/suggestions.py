"""What the model says of the clips without a label: which it would ask for next, why, and what it takes them for."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from dalbook.labeling.factory import rounds
from dalbook.learners.acquisition import vote_entropy
from dalbook.learners.cold_start import Pick
from dalbook.learners.mc_dropout import Scan
from dalbook.learners.protocol import Learner

SEVERAL = 4  # clips that a learner is asked for at once: the one to show and those that come next
WHY = {  # of questions that have no score to show
    "herding": "it is like many clips that the model is unsure of, and like none that has a label",
    "random": "it was drawn at random",
    "mal": "it stands for a group of similar clips",
}


@dataclass(frozen=True, eq=False)
class Votes:
    """What the hypotheses say of all clips without a label; iterating gives a `Pick` for each, the best first.

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

    def opinion(self, clip: int, classes: list[str]) -> dict | None:
        """What is shown of a clip, None if it was not scanned: votes of each class, how many of, entropy and words."""
        found = self.of(clip)
        if found is None:
            return None
        votes, _, rank = found
        masks, best = int(votes.sum()), int(votes.argmax())
        entropy, of = float(vote_entropy(votes)), len(self.clips)
        words = (
            f"{votes[best]} of {masks} hypotheses say {classes[best]}. Their vote entropy is {entropy:.2f} nats "
            f"(0: all agree; {np.log(len(votes)):.2f}: each class gets as many), rank {rank} of {of} clips."
        )
        votes = votes.tolist() + [0] * (len(classes) - len(votes))
        return {"votes": votes, "masks": masks, "entropy": entropy, "rank": rank, "of": of, "words": words}


@dataclass(frozen=True, eq=False)
class Questions:
    """The next few clips that a learner asks for, and its class probabilities of some; iterating gives the `Pick` s.

    Attributes
    ----------
    asked
        Positions, the first to label first.
    probabilities
        Clip -> float (C,), of those asked for now and just before.
    picked_by
        The acquisition function, or the learner's name where it has but one.
    round
        Iterations the model has behind it.
    """

    asked: tuple[int, ...]
    probabilities: dict[int, np.ndarray]
    picked_by: str
    round: int

    def __iter__(self) -> Iterator[Pick]:
        for clip in self.asked:
            yield Pick(clip, self.picked_by, None, WHY.get(self.picked_by, "the model asks for it"))

    def opinion(self, clip: int, classes: list[str]) -> dict | None:
        """What is shown of a clip, None if it was not looked at: the probability of each class, and words."""
        found = self.probabilities.get(clip)
        if found is None:
            return None
        shares = np.round(found, 3).tolist() + [0.0] * (len(classes) - len(found))
        best = int(np.argmax(found))
        words = f"The model takes it for {classes[best]}, with a probability of {found[best]:.0%}."
        return {"votes": shares, "masks": None, "entropy": None, "rank": None, "of": None, "words": words}


Suggestions = Votes | Questions


def votes_of(learner: Learner, clips: np.ndarray, scan: Scan) -> Votes:
    """What a learner of hypotheses makes of a scan of these clips."""
    scores = learner.scores(scan) if len(clips) else np.zeros(0)
    return Votes(clips, scan.votes_nC, scores, str(learner.acquisition), learner.iteration)


def suggestions_of(learner: Learner, name: str, x: np.ndarray, also: Collection[int] = ()) -> Suggestions:
    """What a learner would ask now: all that its hypotheses say where it has them, its next questions elsewhere.

    Parameters
    ----------
    learner
        Any.
    name
        What it is called, if its questions have no name.
    x
        Embeddings of the whole corpus.
    also
        Clips to have an opinion of, beside those it asks for: one of them may be on screen.
    """
    if hasattr(learner, "scan"):
        return votes_of(learner, *learner.scan())
    left = len(learner.pool) - len(learner.labels)
    if not left:
        asked = []
    elif "k" in inspect.signature(learner.ask).parameters:
        asked = learner.ask(min(SEVERAL, left))
    else:
        asked = [learner.ask()]
    some = [clip for clip in dict.fromkeys([*asked, *also]) if clip not in learner.labels]
    known = learner.predict_proba(x[some]) if some and learner.labels else ()
    probabilities = dict(zip(some, known, strict=False))
    picked_by = str(getattr(learner, "acquisition", name))
    return Questions(tuple(int(clip) for clip in asked), probabilities, picked_by, rounds(learner))
