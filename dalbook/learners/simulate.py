"""A learner against the ground truth: the label of each clip it asks for is revealed, and its score written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from dalbook.learners.class_counts import check_classes
from dalbook.learners.masks import stream
from dalbook.learners.protocol import Learner


def check_budgets(budgets: Sequence[int], initial: int, pool: int) -> list[int]:
    """Labeling budgets N in rising order, or an error.

    Parameters
    ----------
    budgets
        Numbers of labels, the initial ones included.
    initial
        |S_L| before the first question.
    pool
        How many clips can be labeled at all.
    """
    budgets = sorted(set(budgets))
    if not budgets:
        raise ValueError("no labeling budget given: name at least one number of labels")
    if budgets[0] < max(initial, 1):
        raise ValueError(f"a budget of {budgets[0]} labels is smaller than the {max(initial, 1)} a learner starts from")
    if budgets[-1] > pool:
        raise ValueError(f"a budget of {budgets[-1]} labels is larger than the {pool} clips of the training folds")
    return budgets


def simulate(
    learner: Learner,
    truth: Mapping[int, int] | np.ndarray,
    budgets: Sequence[int],
    score: Callable[[Learner], float],
    watch: Callable[[Learner, float | None], object] | None = None,
) -> dict[int, float]:
    """Ask, reveal, tell until each budget is spent, and score there: one learning curve.

    Parameters
    ----------
    learner
        As built, with the labels it starts from.
    truth
        The class of each clip by position.
    budgets
        Numbers of labels N at which to score.
    score
        What to write down, for instance `dalbook.learners.metrics.macro_recall_on`.
    watch
        Called at every number of labels on the way, the first included, with the learner and its score there; None
        where that is no budget.

    Returns
    -------
    dict
        Budget -> score.

    Examples
    --------
    >>> from dalbook import MedoidLearner
    >>> from dalbook.learners.metrics import macro_recall_on
    >>> x, truth = np.eye(2, dtype=np.float32).repeat(6, 0), np.arange(12) // 6
    >>> simulate(MedoidLearner(x, n_classes=2, clusters=2), truth, [1, 2], macro_recall_on(x, truth))
    {1: 0.5, 2: 1.0}
    """
    budgets = sorted(set(budgets))
    if budgets and budgets[0] < len(learner.labels):
        raise ValueError(f"a budget of {budgets[0]} is smaller than the {len(learner.labels)} labels the learner has")
    curve = {}
    while len(curve) < len(budgets):
        n = len(learner.labels)
        if n in budgets:
            curve[n] = float(score(learner))
        if watch:
            watch(learner, curve.get(n))
        if n < budgets[-1]:
            clip = learner.ask()
            learner.tell(clip, int(truth[clip]))
    return curve


def initial_labels(
    truth: np.ndarray, pool: np.ndarray, classes: Sequence[str], seed: int, per_class: int = 3
) -> dict[int, int]:
    """Section 5.1: `per_class` random clips of each class, the labeled set that DAL starts from.

    Parameters
    ----------
    truth
        The class of each clip of the corpus, int (n,).
    pool
        Positions of the training clips.
    classes
        Class names, for the error.
    seed
        Draws the clips.
    per_class
        How many clips of each class.

    Returns
    -------
    dict
        Clip -> class.

    Raises
    ------
    ValueError
        A class has fewer training clips than that.

    Examples
    --------
    >>> initial_labels(np.array([0, 0, 1, 1]), np.arange(4), ["dog_bark", "siren"], seed=0, per_class=2)
    {0: 0, 1: 0, 2: 1, 3: 1}
    """
    check_classes(truth, classes, pool, minimum=per_class)
    rng = np.random.default_rng(stream(seed, "initial"))
    labels = {}
    for c in range(len(classes)):
        drawn = rng.choice(pool[truth[pool] == c], per_class, replace=False)
        labels |= {int(clip): c for clip in np.sort(drawn)}
    return labels
