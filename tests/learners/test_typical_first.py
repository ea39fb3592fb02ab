"""Typical clips first, then a learner that needs labels to start from."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from dalbook.learners.cold_start import medoid_order
from dalbook.learners.dal import DALConfig, DropoutLearner
from dalbook.learners.protocol import load_state, save_state
from dalbook.learners.typical_first import TypicalFirst

RNG = np.random.default_rng(0)
X = np.concatenate([RNG.random((20, 8)) + 3 * np.eye(8)[c] for c in range(2)]).astype(np.float32)
TRUTH = np.arange(40) // 20
POOL = np.arange(1, 40)
SMALL = DALConfig(batch=4, first_steps=10, steps=2, n_masks=8, wait=1)


def make():
    return TypicalFirst(
        X, 2, lambda labels: DropoutLearner(X, 2, labels, pool=POOL, config=SMALL, device="cpu"), pool=POOL
    )


def label(learner, n, truth=TRUTH):
    asked = []
    for _ in range(n):
        clip = learner.ask()
        assert learner.ask() == clip
        learner.tell(clip, int(truth[clip]))
        asked.append(clip)
    return asked


def test_the_first_are_the_medoids_of_the_largest_clusters():
    order = medoid_order(X, POOL)
    assert label(make(), 2) == order.clips[:2].tolist()


def test_it_begins_with_the_third_label_where_there_are_two_classes():
    learner = make()
    label(learner, 2)
    assert learner.learner is None
    assert_array_equal(learner.predict_proba(X[:3]), np.full((3, 2), 0.5))
    label(learner, 1)
    assert learner.learner.initial == learner.labels
    one = make()
    label(one, 6, truth=np.zeros(40, int))
    assert one.learner is None  # one class: nothing to learn yet
    one.tell(one.ask(), 1)
    assert len(one.learner.labels) == 7


def test_each_clip_is_asked_for_once_and_then_none():
    for truth in (TRUTH, np.zeros(40, int)):
        learner = make()
        assert sorted(label(learner, len(POOL), truth)) == POOL.tolist()
        with pytest.raises(ValueError, match="labeled"):
            learner.ask()


def test_what_is_told_is_checked():
    learner = make()
    (clip,) = label(learner, 1)
    for told, message in (((0, 0), "clip 0 is unknown"), ((clip, 0), "label already"), ((5, 2), "unknown class")):
        with pytest.raises(ValueError, match=message):
            learner.tell(*told)


@pytest.mark.parametrize("before", [1, 5])
def test_resumed_from_a_file_equals_uninterrupted(before, tmp_path):
    straight, stopped, resumed = make(), make(), make()
    label(stopped, before)
    save_state(tmp_path / "state.npz", stopped.state())
    resumed.restore(load_state(tmp_path / "state.npz"))
    label(straight, before)
    assert label(resumed, 5) == label(straight, 5)
    assert resumed.labels == straight.labels
    assert_array_equal(resumed.predict_proba(X), straight.predict_proba(X))


def test_a_state_of_another_learner_is_refused():
    other = DropoutLearner(X, 2, {1: 0, 21: 1}, config=SMALL, device="cpu")
    with pytest.raises(ValueError, match="another learner"):
        make().restore(other.state())
