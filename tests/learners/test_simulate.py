import numpy as np
import pytest

from dalbook.learners import simulate as sim


class Alphabetical:
    """Asks for the clips in order; knows the share of clips it was told."""

    def __init__(self):
        self.labels = {}

    def ask(self):
        return len(self.labels)

    def tell(self, clip, label):
        assert clip == self.ask()
        self.labels[clip] = label


def test_simulate_reveals_the_truth_and_scores_at_each_budget():
    learner = Alphabetical()
    truth = np.array([5, 6, 7, 8, 9])
    curve = sim.simulate(learner, truth, [4, 1, 2, 2], lambda one: sum(one.labels.values()))
    assert curve == {1: 5, 2: 11, 4: 26}
    assert learner.labels == {0: 5, 1: 6, 2: 7, 3: 8}


def test_simulate_lets_somebody_watch_at_every_number_of_labels():
    seen = []
    learner = Alphabetical()
    sim.simulate(learner, np.zeros(9, int), [1, 3], lambda one: 10 * len(one.labels), lambda *now: seen.append(now))
    assert [recall for _, recall in seen] == [None, 10, None, 30]
    assert all(one is learner for one, _ in seen)
    assert sim.simulate(learner, np.zeros(9, int), [], len) == {}


def test_initial_labels_are_three_a_class_from_the_pool_by_seed():
    truth, pool = np.arange(60) % 3, np.arange(10, 60)
    labels = sim.initial_labels(truth, pool, "abc", seed=0)
    assert sorted(labels.values()) == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert all(clip in pool and truth[clip] == c for clip, c in labels.items())
    assert labels == sim.initial_labels(truth, pool, "abc", seed=0)
    assert labels != sim.initial_labels(truth, pool, "abc", seed=1)


@pytest.mark.parametrize(("left", "named"), [(2, r"siren \(2\)"), (0, r"siren \(none\)")])
def test_a_class_with_too_few_clips_is_named(left, named):
    truth = np.array([0] * 10 + [1] * left)
    with pytest.raises(ValueError, match=named):
        sim.initial_labels(truth, np.arange(len(truth)), ["dog_bark", "siren"], seed=0)


def test_budgets_are_checked():
    assert sim.check_budgets([60, 30, 30], 30, 100) == [30, 60]
    for budgets, message in (
        ([], "no labeling budget"),
        ([20, 40], "20 labels is smaller than the 30"),
        ([0], "0 labels is smaller than the 1"),
        ([101], "101 labels is larger than the 100 clips"),
    ):
        with pytest.raises(ValueError, match=message):
            sim.check_budgets(budgets, 0 if budgets == [0] else 30, 100)


def test_simulate_refuses_a_budget_that_is_spent_already():
    learner = Alphabetical()
    learner.labels = {0: 1, 1: 1}
    with pytest.raises(ValueError, match="a budget of 1 is smaller than the 2 labels"):
        sim.simulate(learner, np.zeros(5, int), [1, 4], len)
