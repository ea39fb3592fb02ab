"""The paper's equations (5) to (7) by hand, and one contract for every acquisition function."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from dalbook.learners import acquisition
from dalbook.learners.acquisition import ACQUISITIONS
from dalbook.learners.mc_dropout import Scan, summarize


def scan_of(seed: int, n: int = 40, n_masks: int = 16, n_classes: int = 4) -> Scan:
    rng = np.random.default_rng(seed)
    return summarize(rng.dirichlet(np.full(n_classes, 0.3), (n, n_masks)))


def test_vote_distribution_divides_by_the_number_of_hypotheses():
    # three clips, four hypotheses: the denominator is 4, the hypotheses, and not 3, the clips
    votes = np.array([[4, 0, 0], [2, 1, 1], [2, 2, 0]])
    assert_array_equal(acquisition.vote_distribution(votes), votes / 4)


def test_vote_entropy_by_hand():
    votes = np.array([[128, 0, 0], [64, 64, 0], [64, 32, 32]])
    by_hand = [0, math.log(2), 0.5 * math.log(2) + 2 * 0.25 * math.log(4)]
    assert_allclose(acquisition.vote_entropy(votes), by_hand, atol=1e-12)
    assert_allclose(acquisition.vote_entropy(votes / 128), by_hand, atol=1e-12)


def test_predictive_entropy_is_that_of_the_mean_and_bald_the_difference():
    # one clip, two hypotheses, each sure and of opposite opinion: the mean of the entropies would be 0
    sure = summarize(np.array([[[1.0, 0.0], [0.0, 1.0]]]))
    assert_allclose(acquisition.predictive_entropy(sure.probs_nC), [math.log(2)])
    assert_allclose(acquisition.mutual_information(sure.probs_nC, sure.entropy_n), [math.log(2)])
    # both hypotheses undecided: the same mean prediction, nothing to learn about which of them is right
    undecided = summarize(np.full((1, 2, 2), 0.5))
    assert_allclose(acquisition.predictive_entropy(undecided.probs_nC), [math.log(2)])
    assert_allclose(acquisition.mutual_information(undecided.probs_nC, undecided.entropy_n), [0], atol=1e-12)


def test_margin_and_variation_ratio_by_hand():
    assert_allclose(acquisition.margin(np.array([[0.5, 0.3, 0.2], [0.4, 0.4, 0.2]])), [0.8, 1.0])
    assert_allclose(acquisition.variation_ratio(np.array([[3, 1, 0], [2, 1, 1]])), [0.25, 0.5])


def test_no_vote_at_all_is_an_error():
    with pytest.raises(ValueError, match="without a single vote"):
        acquisition.vote_entropy(np.array([[0, 0]]))


@pytest.mark.parametrize("name", ACQUISITIONS)
def test_contract(name):
    score, scan = ACQUISITIONS[name], scan_of(0)
    before = [a.copy() for a in (scan.votes_nC, scan.probs_nC, scan.entropy_n)]
    first = score(scan, np.random.default_rng(1))
    assert first.shape == (40,)
    assert np.isfinite(first).all()
    assert_array_equal(first, score(scan, np.random.default_rng(1)))
    for array, copy in zip((scan.votes_nC, scan.probs_nC, scan.entropy_n), before, strict=True):
        assert_array_equal(array, copy)
    if name == "random":
        return
    # a clip's score depends on that clip alone, not on its place or its neighbors
    order = np.random.default_rng(2).permutation(40)
    shuffled = Scan(scan.votes_nC[order], scan.probs_nC[order], scan.entropy_n[order])
    assert_allclose(score(shuffled, None), first[order])
    # nor on how the classes are numbered
    classes = [2, 0, 3, 1]
    renamed = Scan(scan.votes_nC[:, classes], scan.probs_nC[:, classes], scan.entropy_n)
    assert_allclose(score(renamed, None), first)
    # unanimous and certain scores least, full disagreement most
    agreed = np.zeros((16, 4))
    agreed[:, 1] = 1
    split = np.tile(np.eye(4), (4, 1))
    low, high = score(summarize(np.stack([agreed, split])), None)
    assert low == pytest.approx(0, abs=1e-9)
    assert high >= first.max() - 1e-9


def test_random_asks_for_each_clip_equally_often():
    rng = np.random.default_rng(0)
    picks = [int(np.argmax(acquisition.random(5, rng))) for _ in range(5000)]
    assert np.abs(np.bincount(picks, minlength=5) - 1000).max() < 150
