import numpy as np
import pytest

from dalbook.learners.target import share_interval, target_scores, unsureness


def test_one_yes_is_enough_and_noes_push():
    x = np.random.default_rng(0).standard_normal((200, 12))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    one = target_scores(x, {0: True})
    assert one.argmax() == 0
    pushed = target_scores(x, {0: True, 1: False})
    assert pushed[1] < one[1]
    with pytest.raises(ValueError, match="not one clip is known"):
        target_scores(x, {1: False})
    border = unsureness(pushed, {0: True, 1: False})
    assert border.argmax() not in (0, 1)
    assert border.max() <= 0


def test_the_interval_holds_the_share_as_often_as_it_says():
    rng = np.random.default_rng(0)
    held = [low <= 0.1 <= high for low, high in (share_interval(k, 60) for k in rng.binomial(60, 0.1, 2000))]
    assert np.mean(held) == pytest.approx(0.95, abs=0.03)
    assert share_interval(0, 0) == (0.0, 1.0)
