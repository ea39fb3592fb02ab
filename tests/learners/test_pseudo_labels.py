"""Pseudo-labels (4) and the balanced minibatch (8), (9), by hand."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from dalbook.learners.pseudo_labels import draw_minibatch, minibatch_shares, pseudo_labels


def test_pseudo_labels_by_hand():
    probs = np.array([[0.5, 0.3, 0.2], [0.51, 0.29, 0.2], [0.1, 0.1, 0.8], [0.34, 0.33, 0.33]])
    rows, classes = pseudo_labels(probs, 0.5)
    assert (rows.tolist(), classes.tolist()) == ([1, 2], [0, 2])  # larger than Θ: 0.5 itself is not


@pytest.mark.parametrize(("threshold", "taken"), [(0, 4), (1, 0)])
def test_threshold_zero_takes_all_and_one_takes_none(threshold, taken):
    # the first confidence exceeds 1 by a rounding, as a float32 mean of 128 probabilities may
    probs = np.array([[1.0000001, 0], [1.0, 0.0], [0.5, 0.5], [0.9, 0.1]], np.float32)
    assert len(pseudo_labels(probs, threshold)[0]) == taken


# |S_L,c|, |S_P,c|, α, B -> B_P,c by equation (8), nearest and half up
TABLE = [
    (3, 0, 0.01, 256, 0),
    (3, 100, 0.01, 256, 64),  # 0.01 * 256 * 100 / (3 + 1) = 64
    (3, 700, 0.01, 256, 179),  # 1792 / 10 = 179.2
    (13, 700, 0.01, 256, 90),  # 1792 / 20 = 89.6
    (1, 1, 1.0, 256, 128),
    (1, 3, 1.0, 2, 2),  # 1.5, half up
    (3, 1, 1.0, 2, 1),  # 0.5, half up
    (700, 7000, 0.0, 256, 0),
    (0, 5, 0.01, 256, 256),  # only guesses: all places are theirs
    (5, 0, 1.0, 256, 0),
    (53, 4940, 0.01, 256, 124),  # exactly 123.5, though not in floating point
]


@pytest.mark.parametrize(("labeled", "pseudo", "alpha", "size", "b_p"), TABLE)
def test_minibatch_shares(labeled, pseudo, alpha, size, b_p):
    assert minibatch_shares(labeled, pseudo, alpha, size) == (size - b_p, b_p)


def test_a_class_without_any_clip_has_no_places():
    assert minibatch_shares(0, 0, 0.01, 256) == (0, 0)
    assert minibatch_shares(0, 10, 0.0, 256) == (0, 0)


def test_minibatch_is_balanced_and_drawn_from_the_right_sets():
    labeled = [np.array([1, 2, 3]), np.array([4]), np.array([], int)]
    pseudo = [np.arange(100, 200), np.array([], int), np.array([], int)]
    clips, classes = draw_minibatch(labeled, pseudo, 0.01, 256, np.random.default_rng(0))
    assert np.bincount(classes, minlength=3).tolist() == [256, 256, 0]
    own = clips[classes == 0]
    assert np.isin(own, [1, 2, 3]).sum() == 192
    assert np.isin(own, np.arange(100, 200)).sum() == 64
    assert set(clips[classes == 1]) == {4}


def test_a_pseudo_labeled_clip_is_drawn_alpha_times_as_often_as_a_labeled_one():
    rng = np.random.default_rng(0)
    counts = np.zeros(104)
    for _ in range(300):
        clips, _ = draw_minibatch([np.arange(4)], [np.arange(4, 104)], 0.1, 280, rng)
        counts += np.bincount(clips, minlength=104)
    assert counts[4:].mean() / counts[:4].mean() == pytest.approx(0.1, rel=0.01)
    assert counts[:4].std() / counts[:4].mean() < 0.02


def test_the_same_generator_draws_the_same():
    sets = [np.arange(5)], [np.arange(5, 50)]
    one, other = (draw_minibatch(*sets, 0.5, 64, np.random.default_rng(3)) for _ in range(2))
    assert_array_equal(one, other)


def test_nothing_to_train_on_is_an_error():
    with pytest.raises(ValueError, match="no labeled clip"):
        draw_minibatch([np.array([], int)], [np.array([], int)], 0.01, 256, np.random.default_rng(0))
