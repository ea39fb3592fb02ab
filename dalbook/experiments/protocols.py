"""What a run begins with: which clips it may learn from, and which labels it is given."""

from __future__ import annotations

import numpy as np

from dalbook.experiments.dataset import Inputs
from dalbook.learners import registry
from dalbook.learners.masks import stream
from dalbook.learners.simulate import initial_labels

STARTS = {
    "paper": "three labels of each class are given (section 5.1)",
    "nothing": "no label is given, and a class is unknown until it is met",
}
LEAST = 3  # clips of a class that stay: the paper's start needs three


def unequal(labels: np.ndarray, pool: np.ndarray, n_classes: int, seed: int) -> np.ndarray:
    """A part of a pool in which the class of rank r has about a r-th as many clips as the largest (Zipf's law).

    Ranks are drawn, and so are the clips that stay. A class that has too few for its rank keeps what it has; at least
    three clips of each stay.

    Parameters
    ----------
    labels
        True classes of the whole corpus, int (n,).
    pool
        Positions of the training clips, int (m,), ascending.
    n_classes
        C.
    seed
        Draws ranks and clips.

    Returns
    -------
    int array, shape (k,)
        Positions of the clips that stay, ascending.

    Examples
    --------
    >>> labels = np.arange(400) % 4
    >>> sorted(np.bincount(labels[unequal(labels, np.arange(400), 4, seed=0)]).tolist())
    [25, 33, 50, 100]
    """
    rng = np.random.default_rng(stream(seed, "unequal"))
    ranks = rng.permutation(n_classes) + 1
    of = [pool[labels[pool] == c] for c in range(n_classes)]
    largest = max(map(len, of))
    sizes = [min(len(clips), max(LEAST, round(largest / rank))) for clips, rank in zip(of, ranks, strict=True)]
    kept = [rng.choice(clips, size, replace=False) for clips, size in zip(of, sizes, strict=True)]
    return np.sort(np.concatenate(kept))


def training_clips(inputs: Inputs, fold: int, seed: int, is_unequal: bool) -> np.ndarray:
    """Positions of the clips that a run may learn from: all other folds, or the unequal part of them."""
    pool, _ = inputs.split(fold)
    return unequal(inputs.labels, pool, len(inputs.classes), seed) if is_unequal else pool


def given_labels(inputs: Inputs, pool: np.ndarray, seed: int, learner: str, start: str) -> dict[int, int]:
    """The labels that a learner starts from, clip -> class.

    Raises
    ------
    ValueError
        A class has too few clips in the pool.
    """
    if start == "nothing" or not registry.family(learner).initial:
        return {}
    return initial_labels(inputs.labels, pool, inputs.classes, seed)
