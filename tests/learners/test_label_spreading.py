"""Labels along a graph of neighbors, and the space that near is measured in."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from dalbook.learners import herding
from dalbook.learners.geometry import Geometry, squared_distances
from dalbook.learners.herding import HerdingLearner
from dalbook.learners.label_spreading import GROUP, STAY, NeighborGraph, nearest


def unit(m, p=6, seed=0):
    points = np.random.default_rng(seed).standard_normal((m, p)).astype(np.float32)
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def test_the_flow_solves_the_equation():
    graph = NeighborGraph(unit(30), neighbors=4)
    source = np.zeros(30)
    source[3] = STAY
    exact = np.linalg.solve(np.eye(30) - (1 - STAY) * graph.ties.toarray(), source)
    assert_allclose(graph.flow({3: 1.0}), exact, atol=1e-3)


def test_clips_of_one_recording_are_tied_as_if_each_pair_were():
    points, groups = unit(20), np.array([0] * 6 + [1] * 3 + [-1] * 11)
    plain = NeighborGraph(points, neighbors=3)
    tied = NeighborGraph(points, groups, neighbors=3)
    assert_allclose(NeighborGraph(points, np.arange(20), neighbors=3).flow({0: 1.0}), plain.flow({0: 1.0}))
    flow = tied.flow({0: 1.0})
    assert flow[:6].min() > plain.flow({0: 1.0})[:6].min()
    # written out: each pair of a group of g clips weighs GROUP / g, each clip with itself too
    near, distance = nearest(points, points, 3, itself=False)
    ties = np.zeros((20, 20))
    reach = np.sqrt(distance[:, -1])
    for i in range(20):
        for j, d in zip(near[i], distance[i], strict=True):
            ties[i, j] = ties[j, i] = np.exp(-d / (reach[i] * reach[j] + 1e-9))
    for group, size in ((0, 6), (1, 3)):
        member = np.flatnonzero(groups == group)
        ties[np.ix_(member, member)] += GROUP / size
    root = 1 / np.sqrt(ties.sum(1))
    source = np.zeros(20)
    source[0] = STAY
    exact = np.linalg.solve(np.eye(20) - (1 - STAY) * root[:, None] * ties * root, source)
    assert_allclose(flow, exact, atol=1e-3)


def test_nearest_by_brute_force():
    a, b = unit(11), unit(40, seed=1)
    near, distance = nearest(a, b, 5)
    every = squared_distances(a, b)
    assert_allclose(distance, np.sort(every, axis=1)[:, :5], atol=1e-6)
    assert_allclose(np.take_along_axis(every, near, 1), distance, atol=1e-6)


def test_one_clip_has_no_neighbors():
    assert NeighborGraph(unit(1)).flow({0: 1.0}).shape == (1,)


def test_a_label_outside_the_graph_enters_it_by_its_neighbors(monkeypatch):
    """In a large pool, labels spread to some of its clips only; any clip may be labeled."""
    monkeypatch.setattr(herding, "SPREAD_TO", 30)
    rng = np.random.default_rng(0)
    truth = np.arange(90) % 3
    x = (3 * np.eye(8)[truth] + rng.random((90, 8))).astype(np.float32)
    learner = HerdingLearner(x, 3)
    outside = np.setdiff1d(np.arange(90), learner._spread_ridge.some)
    for c in range(3):
        learner.tell(int(outside[truth[outside] == c][0]), c)
    assert (learner.predict_proba(x).argmax(1) == truth).mean() > 0.9


@pytest.mark.parametrize("shape", [(200, 12), (12, 200)])
def test_the_space_is_log_centered_half_whitened_and_of_unit_length(shape):
    x = np.random.default_rng(0).exponential(1, shape).astype(np.float32)
    space = Geometry(x)
    z = np.log1p(x) - np.log1p(x).mean(0)
    variance, axes = np.linalg.eigh((z.T @ z / len(z)).astype(float))
    keep = np.argsort(-variance)[: min(12, shape[0] - 1)]
    expected = z @ axes[:, keep] / variance[keep] ** 0.25
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    points = space.points(x)
    assert_allclose(points @ points.T, expected @ expected.T, atol=2e-3)
    assert_allclose(space.points(x[:3]), points[:3], atol=1e-5)
