"""Search by example: what pulls, what pushes, and that one recording does not fill the first screen."""

import numpy as np
import pytest

from dalbook.learners.search import FIRST, MOST, best_cosine, spread_over_recordings, worth


@pytest.fixture
def points():
    x = np.random.default_rng(0).standard_normal((60, 16)).astype(np.float32)
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def test_with_examples_alone_it_is_the_cosine_to_the_best_of_them(points):
    expected = (points @ points[:3].T).max(axis=1)
    np.testing.assert_allclose(worth(points, points[:3], points[:0]), expected, rtol=1e-5)
    np.testing.assert_allclose(best_cosine(points, points[:3]), expected, rtol=1e-5)


def test_what_was_found_pulls_and_what_is_something_else_pushes(points):
    alone = worth(points, points[:1], points[:0])
    pulled = worth(points, points[[0, 7]], points[:0])
    assert (pulled >= alone).all()
    assert pulled[7] == pytest.approx(1)
    pushed = worth(points, points[:1], points[[9]])
    assert (pushed <= alone).all()
    assert pushed[9] == pytest.approx(alone[9] - 0.5, abs=1e-5)
    far = points @ points[9] <= 0
    np.testing.assert_array_equal(pushed[far], alone[far])  # what is unlike it is as it was


@pytest.mark.parametrize("heard", [0, 3, 10, 12])
def test_at_most_two_of_one_recording_within_the_first_ten(heard):
    rng = np.random.default_rng(1)
    recordings = rng.integers(0, 8, 100)
    order = np.argsort(recordings, kind="stable")  # whole recordings one after the other
    before, order = order[[0, 20, 40, 60, 80, 99, 1, 21, 41, 61, 81, 98][:heard]], order[2:20]
    found = spread_over_recordings(order, recordings, before)
    assert sorted(found) == sorted(order)
    first = [*before, *found][:FIRST]
    counts = np.bincount(recordings[first])
    possible = len(np.unique(recordings[[*before, *order]])) * MOST >= FIRST
    if heard < FIRST and possible:
        assert counts.max() <= MOST
    if heard >= FIRST:
        np.testing.assert_array_equal(found, order)
    np.testing.assert_array_equal(spread_over_recordings(order, None, before), order)
