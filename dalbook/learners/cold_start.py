"""Where to start with no labels at all: the most typical clips first, as MAL does (section 3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dalbook.learners.kmedoids import cosine_distance, k_medoids

MOST = 10_000  # clips that are clustered; their distances take 400 MB
SAMPLE = 400  # clips that the order at once looks at


@dataclass(frozen=True)
class Pick:
    """A clip to decide on, and why it.

    Attributes
    ----------
    clip
        Position in the corpus.
    picked_by
        "medoid", "farthest", "vote_entropy", ...
    score
        By how much; None where there is no such number.
    why
        In words, for the person who labels.
    """

    clip: int
    picked_by: str
    score: float | None = None
    why: str = ""


@dataclass(frozen=True, eq=False)
class MedoidOrder:
    """All clips in the order in which to label them while nothing is known; iterating gives a `Pick` for each.

    Attributes
    ----------
    clips
        int64 (m,), positions in the corpus.
    scores
        float64 (m,): for the first `medoids`, how many clips each stands for; for the others, how far each is from
        what comes before it (cosine distance).
    medoids
        How many of them are medoids.
    """

    clips: np.ndarray
    scores: np.ndarray
    medoids: int

    def __iter__(self) -> Iterator[Pick]:
        for place, (clip, score) in enumerate(zip(self.clips.tolist(), self.scores.tolist(), strict=True)):
            if place < self.medoids:
                alone = score < 2
                why = (
                    "it is like no other clip" if alone else f"the most typical of a group of {score:.0f} similar clips"
                )
                yield Pick(clip, "medoid", score, why)
            else:
                yield Pick(clip, "farthest", score, f"unlike what came before it (cosine distance {score:.2f})")


def medoid_order(x: np.ndarray, pool: np.ndarray) -> MedoidOrder:
    """The medoids of the largest clusters first, MAL's order; then the other clips, those far from their medoid first.

    There are a quarter as many clusters as clips. Of more than 10 000 clips, an even choice of them is clustered, and
    the rest comes last, in the order of the corpus.

    Parameters
    ----------
    x
        Embeddings of the whole corpus, (n, d), finite.
    pool
        Positions (m,) of the clips to label, ascending.

    Examples
    --------
    >>> x = np.array([[1, 0], [5, 1], [3, 1], [4, 1], [0, 1], [1, 9], [1, 8], [2, 9]], dtype=np.float32)
    >>> order = medoid_order(x, np.arange(8))
    >>> order.clips.tolist(), order.medoids
    ([1, 5, 0, 2, 4, 7, 3, 6], 2)
    """
    some = pool if len(pool) <= MOST else pool[np.linspace(0, len(pool) - 1, MOST).round().astype(np.int64)]
    distance = cosine_distance(x[some])
    clusters = k_medoids(distance, max(1, (len(some) + 2) // 4))
    sizes = np.bincount(clusters.assignment, minlength=len(clusters.medoids))
    largest = np.argsort(-sizes, kind="stable")
    medoids = clusters.medoids[largest]
    far = distance[np.arange(len(some)), clusters.medoids[clusters.assignment]]
    others = np.argsort(-far, kind="stable")
    others = others[~np.isin(others, medoids)]
    rest = np.setdiff1d(pool, some)
    scores = np.concatenate([sizes[largest], far[others], np.zeros(len(rest))])
    return MedoidOrder(np.concatenate([some[medoids], some[others], rest]), scores, len(medoids))


def order_at_once(x: np.ndarray, pool: np.ndarray) -> MedoidOrder:
    """An order that takes no time, for until the clusters are there: clips far from each other, out of 400.

    The first is the middle of them, each next one is farthest from those before.

    >>> order_at_once(np.array([[1, 0], [2, 1], [0, 1], [2, 1.1]], dtype=np.float32), np.arange(4)).clips.tolist()
    [3, 2, 0, 1]
    """
    some = pool[np.unique(np.linspace(0, len(pool) - 1, min(SAMPLE, len(pool))).round().astype(np.int64))]
    distance = cosine_distance(x[some])
    taken = [int(distance.sum(axis=1).argmin())]
    nearest, scores = distance[taken[0]].copy(), [0.0]
    nearest[taken[0]] = -1
    while len(taken) < len(some):
        far = int(nearest.argmax())
        scores.append(float(nearest[far]))
        taken.append(far)
        nearest = np.minimum(nearest, distance[far])
        nearest[taken] = -1
    return MedoidOrder(some[taken], np.array(scores), 0)
