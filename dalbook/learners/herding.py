"""The learner that the labeler takes: uncertainty herding from the first click to the last."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from dalbook.files.hashing import fingerprint
from dalbook.learners.acquisition import margin
from dalbook.learners.checks import LARGEST, usable
from dalbook.learners.coverage import Coverage, recording_weights, references
from dalbook.learners.geometry import MOST, Geometry
from dalbook.learners.head import Head
from dalbook.learners.masks import stream
from dalbook.learners.protocol import check_pool, check_tell
from dalbook.learners.spread_ridge import LANDMARKS, SPREAD_TO, SpreadRidge

ACQUISITIONS = ("herding", "random")


class HerdingLearner:
    """Asks for the clip that covers most of what is uncertain and not covered yet; needs no label to start from.

    The question is uncertainty herding (`coverage.coverage_gain`) in the space of `geometry`; the classifier is a
    ridge on labels that are spread over a graph of near neighbors (`spread_ridge.SpreadRidge`). Nothing has to be
    known or set: no list of classes beyond a number that `add_class` raises, no labels to begin with, no switch from a
    first phase to a second. All that it does follows from the labels, their order and what it was built with, so a
    label can be taken back (`forget`) as if it had never been given. Of clips that cover equally much, one is drawn by
    the seed.

    Parameters
    ----------
    x
        Embeddings of the whole corpus, float (n, d), finite.
    n_classes
        Classes known from the start, at least 1.
    initial
        Labels to start from, clip -> class; none by default.
    pool
        Positions of the clips it may learn from (the training folds); all by default.
    recordings
        Int (n,): which recording each clip was cut from, -1 where that is not known; None: unknown for all.
    seed
        Draws the reference clips, and the questions of "random".
    acquisition
        "herding", or "random": the same classifier, each unlabeled clip equally likely to be asked for.

    Attributes
    ----------
    labels
        Clip -> class, in the order acquired, the initial ones first.
    initial
        The labels it was built with.
    pool
        (m,) positions, ascending.
    n_classes
        Classes by now.

    Raises
    ------
    ValueError
        Embeddings that are not (n, d) or not finite, recordings of another length, an unknown acquisition, or an
        initial label that `tell` would refuse.

    Examples
    --------
    >>> x = np.eye(2, dtype=np.float32).repeat(6, 0)
    >>> learner = HerdingLearner(x, n_classes=2)
    >>> for _ in range(2):
    ...     clip = learner.ask()
    ...     learner.tell(clip, clip // 6)
    >>> sorted(learner.labels.values())  # one of each group: the second is not covered by the first
    [0, 1]
    >>> learner.predict_proba(x).argmax(axis=1).tolist()
    [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]
    """

    def __init__(
        self,
        x: np.ndarray,
        n_classes: int,
        initial: Mapping[int, int] | None = None,
        *,
        pool: np.ndarray | None = None,
        recordings: np.ndarray | None = None,
        seed: int = 0,
        acquisition: str = "herding",
    ) -> None:
        self.x = np.asarray(x)
        if self.x.ndim != 2:
            raise ValueError(f"embeddings must have shape (n, d), not {self.x.shape}")
        for at in range(0, len(self.x), 4096):
            if len(bad := np.flatnonzero(~usable(self.x[at : at + 4096]))):
                raise ValueError(
                    f"the embedding of clip {at + bad[0]} holds NaN, infinity or numbers beyond {LARGEST:g}: "
                    "compute it again"
                )
        if isinstance(n_classes, bool) or not isinstance(n_classes, (int, np.integer)) or n_classes < 1:
            raise ValueError(f"n_classes must be at least 1, not {n_classes!r}")
        if acquisition not in ACQUISITIONS:
            raise ValueError(f"unknown acquisition {acquisition!r}: one of {', '.join(ACQUISITIONS)}")
        self.pool = check_pool(pool, len(self.x))
        self.recordings = _check_recordings(recordings, len(self.x))
        self.acquisition, self.seed, self.n_classes = acquisition, seed, int(n_classes)
        self._first_classes = self.n_classes
        self._order = np.random.default_rng(stream(seed, "herding")).permutation(self.pool)
        self.labels: dict[int, int] = {}
        for clip, label in (initial or {}).items():
            clip, label = check_tell(clip, label, self.pool, self.labels, self.n_classes)
            self.labels[clip] = label
        self.initial = dict(self.labels)
        self._fitted = False
        self._asked: list[int] = []

    def ask(self, k: int | None = None) -> int | list[int]:
        """The clip to label next; or, with `k`, a list of the k to label next, none of which stands for another.

        Asking again gives the same until a label is told or taken back.

        Raises
        ------
        ValueError
            Fewer clips than that are unlabeled, or k is not at least 1.
        """
        if k is not None and (isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1):
            raise ValueError(f"the number of clips to ask for must be at least 1, not {k!r}")
        left = len(self.pool) - len(self.labels)
        if not left:
            raise ValueError(f"all {len(self.pool)} clips of the pool are labeled: there is nothing left to ask")
        if (k or 1) > left:
            raise ValueError(f"only {left} clips of the pool are unlabeled, {k} cannot be asked for")
        if len(self._asked) < (k or 1):
            self._asked = self._choose(k or 1)
        return self._asked[0] if k is None else self._asked[:k]

    def tell(self, clip: int, label: int) -> None:
        """Take a label. Any clip of the pool may be told, not just the one asked for.

        Raises
        ------
        ValueError
            An unknown clip, a clip that has a label already, an unknown class.
        """
        clip, label = check_tell(clip, label, self.pool, self.labels, self.n_classes)
        self._changed()
        self.labels[clip] = label

    def forget(self, clip: int) -> None:
        """Take a label back: all is as if it had never been given.

        Raises
        ------
        ValueError
            The clip has no label.
        """
        if clip not in self.labels:
            raise ValueError(f"clip {clip} has no label that could be taken back")
        self._changed()
        del self.labels[clip]

    def add_class(self) -> int:
        """One class more; its number. No clip is of it until one is told."""
        self.n_classes += 1
        return self.n_classes - 1

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """Class probabilities, float64 (m, C), of embeddings (m, d); rows sum to 1.

        A class that no label was given of has probability 0; before the first label all have 1 / C.

        Raises
        ------
        ValueError
            Embeddings of another dimension, or not finite.
        """
        x = np.asarray(x)
        if x.ndim != 2 or x.shape[1] != self.x.shape[1]:
            raise ValueError(f"embeddings must have shape (m, {self.x.shape[1]}), not {x.shape}")
        if not usable(x).all():
            raise ValueError(f"an embedding holds NaN, infinity or numbers beyond {LARGEST:g}: compute it again")
        return self._classifier().predict_proba(self._space.points(x), self.n_classes)

    def head(self) -> Head:
        """The classifier that the labels make, by itself, to keep and to predict with elsewhere.

        Raises
        ------
        ValueError
            There is no label.
        """
        return self._classifier().head()

    def state(self) -> dict[str, Any]:
        """The labels in their order and the number of classes: all else follows from them."""
        labels = np.array(list(self.labels.items()), dtype=np.int64).reshape(-1, 2)
        return {"labels": labels, "n_classes": self.n_classes, "built_with": self._built_with}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on bit for bit where `state` was taken, in a learner built with the same arguments.

        Raises
        ------
        ValueError
            The state comes from other embeddings, another pool, other recordings, classes, initial labels or seed.
        """
        if state.get("built_with") != self._built_with:
            raise ValueError(
                "this state comes from a learner built with other embeddings, pool, recordings, classes, initial "
                "labels, acquisition or seed: build the learner as it was then"
            )
        self._changed()
        self.labels = {int(clip): int(label) for clip, label in state["labels"]}
        self.n_classes = int(state["n_classes"])

    def _changed(self) -> None:
        self._fitted, self._asked = False, []

    def _classifier(self) -> SpreadRidge:
        if not self._fitted:
            self._spread_ridge.fit(self.labels)
            self._fitted = True
        return self._spread_ridge

    def _choose(self, k: int) -> list[int]:
        unlabeled = self._order[~np.isin(self._order, list(self.labels))]
        if self.acquisition == "random":
            return unlabeled[:k].tolist()
        labeled = np.searchsorted(self.pool, list(self.labels)).tolist()
        worth, nearest = self._weights * self.uncertainty(), self._coverage.nearest(labeled)
        width = self._coverage.squared_width(labeled)
        chosen: list[int] = []
        for _ in range(k):
            gain = self._coverage.gain(worth, nearest, width)
            # the first of several in the seed's order
            best = int(gain[np.searchsorted(self.pool, unlabeled)].argmax())
            chosen.append(int(unlabeled[best]))
            unlabeled = np.delete(unlabeled, best)
            nearest = np.minimum(nearest, self._coverage.reach(int(np.searchsorted(self.pool, chosen[-1]))))
        return chosen

    def uncertainty(self) -> np.ndarray:
        """u of each reference clip, (R,): one minus the margin of the classifier, one until it has met two classes."""
        if len(set(self.labels.values())) < 2:
            return np.ones(len(self.references))
        return margin(self._classifier().predict_proba(self._coverage.references, self.n_classes))

    @property
    def references(self) -> np.ndarray:
        """Positions, ascending, of the clips that stand for the whole pool."""
        return references(self._order)

    @cached_property
    def _weights(self) -> np.ndarray:
        """w of each reference clip, (R,)."""
        if self.recordings is None:
            return np.ones(len(self.references))
        return recording_weights(self.recordings[self.pool])[np.searchsorted(self.pool, self.references)]

    @cached_property
    def _space(self) -> Geometry:
        return Geometry(self.x[np.sort(self._order[:MOST])])

    @cached_property
    def _spread_ridge(self) -> SpreadRidge:
        some, landmarks = (np.sort(self._order[:most]) for most in (SPREAD_TO, LANDMARKS))
        return SpreadRidge(self.x, some, landmarks, self._space, self.recordings)

    @cached_property
    def _coverage(self) -> Coverage:
        return Coverage(self._space.points(self.x[self.pool]), np.searchsorted(self.pool, self.references))

    @cached_property
    def _built_with(self) -> str:
        """A hash of what the learner was built with; made once, as it reads all embeddings."""
        settings = {"seed": self.seed, "acquisition": self.acquisition, "classes": self._first_classes}
        recordings = "unknown" if self.recordings is None else self.recordings
        return fingerprint(self.x, self.pool, recordings, settings, list(self.initial.items()))


def _check_recordings(recordings: np.ndarray | None, n: int) -> np.ndarray | None:
    if recordings is None:
        return None
    recordings = np.asarray(recordings)
    if recordings.shape != (n,) or not np.issubdtype(recordings.dtype, np.integer):
        raise ValueError(f"recordings must be {n} whole numbers, one a clip, not {recordings.dtype} {recordings.shape}")
    return None if (recordings < 0).all() else recordings
