"""A learner against the ground truth: the label of each clip it asks for is revealed, and its accuracy written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from dalbook.learners.class_counts import check_classes
from dalbook.learners.masks import stream
from dalbook.learners.protocol import Learner


def macro_recall(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Macro-averaged recall: the share of each class's clips predicted right, averaged over the classes in `truth`.

    Parameters
    ----------
    truth
        Int (m,), the true classes.
    predicted
        Int (m,).

    Raises
    ------
    ValueError
        No clip, or not as many predictions as clips.

    Examples
    --------
    >>> macro_recall(np.array([0, 0, 0, 0, 1]), np.array([0, 0, 0, 1, 1]))
    0.875
    """
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    if truth.shape != predicted.shape or truth.ndim != 1 or not len(truth):
        raise ValueError(f"recall needs one prediction a clip, not {predicted.shape} for {truth.shape}")
    return float(np.mean([np.mean(predicted[truth == c] == c) for c in np.unique(truth)]))


def macro_recall_on(x: np.ndarray, truth: np.ndarray) -> Callable[[Learner], float]:
    """A score for `simulate`: the learner's macro-averaged recall on held-out clips.

    Parameters
    ----------
    x
        Their embeddings (m, d).
    truth
        Their classes, int (m,).
    """
    return lambda learner: macro_recall(truth, learner.predict_proba(x).argmax(axis=1))


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
        What to write down, for instance `macro_recall_on`.

    Returns
    -------
    dict
        Budget -> score.

    Examples
    --------
    >>> from dalbook import MedoidLearner
    >>> x, truth = np.eye(2, dtype=np.float32).repeat(6, 0), np.arange(12) // 6
    >>> simulate(MedoidLearner(x, n_classes=2, clusters=2), truth, [1, 2], macro_recall_on(x, truth))
    {1: 0.5, 2: 1.0}
    """
    curve = {}
    budgets = sorted(set(budgets))
    if budgets and budgets[0] < len(learner.labels):
        raise ValueError(f"a budget of {budgets[0]} is smaller than the {len(learner.labels)} labels the learner has")
    for budget in budgets:
        while len(learner.labels) < budget:
            clip = learner.ask()
            learner.tell(clip, int(truth[clip]))
        curve[budget] = float(score(learner))
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

    Raises
    ------
    ValueError
        a class with fewer training clips than that.

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


def bootstrap_interval(values: Sequence[float], level: float = 0.8, resamples: int = 10_000) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean (section 5.1: 80 %), with a fixed seed; NaN for a single value.

    >>> low, high = bootstrap_interval([0.5, 0.6, 0.7])
    >>> 0.5 <= low < 0.6 < high <= 0.7
    True
    """
    values = np.asarray(values, float)
    if len(values) < 2:
        return float("nan"), float("nan")
    rng = np.random.default_rng(0)
    means = values[rng.integers(0, len(values), (resamples, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def summary(rows: Sequence[Mapping]) -> pd.DataFrame:
    """Mean and 80 % interval of macro-averaged recall for each learner and budget.

    An experiment is a trial, its recall averaged over the folds; where a learner has one trial (MAL draws nothing at
    random, more trials would be the same), each fold is an experiment (section 5.1).

    Parameters
    ----------
    rows
        With learner, fold, trial, budget, macro_recall.

    Returns
    -------
    DataFrame
        Columns learner, budget, mean, low, high, experiments; learners in order of appearance.
    """
    table = pd.DataFrame(rows)
    out = []
    for (learner, budget), group in table.groupby(["learner", "budget"], sort=False):
        unit = "trial" if group["trial"].nunique() > 1 else "fold"
        values = group.groupby(unit)["macro_recall"].mean()
        low, high = bootstrap_interval(values)
        out.append([learner, budget, values.mean(), low, high, len(values)])
    return pd.DataFrame(out, columns=["learner", "budget", "mean", "low", "high", "experiments"])
