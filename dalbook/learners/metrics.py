"""How well a learner does: macro-averaged recall, and what several trials say of it together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from dalbook.learners.protocol import Learner


def macro_recall(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Macro-averaged recall: the share of each class's clips predicted right, averaged over the classes in `truth`.

    Parameters
    ----------
    truth
        Int (m,), the true classes.
    predicted
        Int (m,).

    Returns
    -------
    float
        0 to 1.

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

    A learner says nothing of a class that it has never met: its clips count as missed.

    Parameters
    ----------
    x
        Their embeddings (m, d).
    truth
        Their classes, int (m,).
    """

    def score(learner: Learner) -> float:
        met = np.unique(np.array(list(learner.labels.values()), np.int64))
        probs = learner.predict_proba(x)
        return macro_recall(truth, met[probs[:, met].argmax(axis=1)] if len(met) else np.full(len(truth), -1))

    return score


def bootstrap_interval(values: Sequence[float], level: float = 0.8, resamples: int = 10_000) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean (section 5.1: 80 %), with a fixed seed.

    Parameters
    ----------
    values
        One number an experiment, such as the macro-averaged recall of a trial.
    level
        How much of the means drawn anew lies within, 0 to 1.
    resamples
        How many means are drawn.

    Returns
    -------
    low, high : float
        The ends; NaN for a single value.

    Examples
    --------
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
