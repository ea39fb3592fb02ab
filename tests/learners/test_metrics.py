import math

import numpy as np
import pytest

from dalbook.learners import metrics


def test_macro_recall_by_hand():
    truth, predicted = np.array([0, 0, 0, 0, 1, 1, 2]), np.array([0, 0, 0, 1, 1, 0, 0])
    assert metrics.macro_recall(truth, predicted) == pytest.approx((3 / 4 + 1 / 2 + 0) / 3)


def test_macro_recall_averages_over_the_classes_that_are_there():
    assert metrics.macro_recall(np.array([1, 1]), np.array([1, 2])) == 0.5


def test_macro_recall_refuses_what_does_not_match():
    for truth, predicted in (([], []), ([0, 1], [0])):
        with pytest.raises(ValueError, match="one prediction a clip"):
            metrics.macro_recall(np.array(truth), np.array(predicted))


class Knows:
    """Has met some classes, and is surest of one that it may not have met."""

    def __init__(self, *classes):
        self.labels = dict(enumerate(classes))

    def predict_proba(self, x):
        return np.tile([0.2, 0.1, 0.7], (len(x), 1))


def test_a_class_that_was_never_met_counts_as_missed():
    score = metrics.macro_recall_on(np.zeros((6, 1)), np.array([0, 0, 1, 1, 1, 2]))
    assert score(Knows(0, 1, 2)) == pytest.approx(1 / 3)  # all clips taken for the third class
    assert score(Knows(0, 1)) == pytest.approx(1 / 3)  # for the first: nothing can be said of the third
    assert score(Knows()) == 0


def test_bootstrap_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(0)
    hits = [low <= 0 <= high for low, high in (metrics.bootstrap_interval(rng.normal(size=10)) for _ in range(400))]
    assert 0.68 < np.mean(hits) < 0.86  # 80 % is asked; a percentile bootstrap of ten values gives a little less
    assert all(math.isnan(v) for v in metrics.bootstrap_interval([0.5]))
    assert metrics.bootstrap_interval([0.5, 0.5]) == (0.5, 0.5)


def row(learner, fold, trial, recall):
    return {"learner": learner, "fold": fold, "trial": trial, "budget": 30, "macro_recall": recall}


def test_summary_takes_trials_as_experiments_and_folds_where_there_is_one_trial():
    rows = [row("dal", 1, 0, 0.2), row("dal", 2, 0, 0.4), row("dal", 1, 1, 0.6), row("dal", 2, 1, 0.8)]
    rows += [row("mal", 1, 0, 0.1), row("mal", 2, 0, 0.3), row("mal", 3, 0, 0.5)]
    table = metrics.summary(rows).set_index("learner")
    assert table.loc["dal", "mean"] == pytest.approx(0.5)
    assert table.loc["dal", "experiments"] == 2
    assert (table.loc["dal", "low"], table.loc["dal", "high"]) == pytest.approx((0.3, 0.7))
    assert table.loc["mal", "mean"] == pytest.approx(0.3)
    assert table.loc["mal", "experiments"] == 3
