"""Equation (1) and k-medoids: by hand, against brute force, and against the package kmedoids."""

from __future__ import annotations

import builtins
import importlib.util
import itertools
import sys
import types

import kmedoids
import numpy as np
import pytest

from dalbook.learners.kmedoids import build, cosine_distance, k_medoids

# scikit-learn-extra has to be built on the spot, so it is tried where somebody has done that
EXTRA = importlib.util.find_spec("sklearn_extra") is not None
NO_EXTRA = pytest.mark.skipif(not EXTRA, reason="scikit-learn-extra is not installed; under NumPy 2 it has to be built")
ENGINES = ["dalbook", "kmedoids", pytest.param("sklearn-extra", marks=NO_EXTRA)]


def on_a_line(*points: float) -> np.ndarray:
    points = np.array(points, dtype=np.float32)
    return abs(points[:, None] - points)


def recordings(n: int, d: int = 64, seed: int = 0) -> np.ndarray:
    """Non-negative, sparse embeddings in groups of a few similar ones, like slices of the same recordings."""
    rng = np.random.default_rng(seed)
    center = rng.normal(size=(n // 6 + 1, d)).repeat(6, axis=0)[:n]
    return np.maximum(center + 0.5 * rng.normal(size=(n, d)) - 0.6, 0).astype(np.float32)


def loss_of(distance: np.ndarray, medoids) -> float:
    return float(distance[list(medoids)].min(axis=0).sum(dtype=np.float64))


def test_equation_1_by_hand():
    x = np.array([[3.0, 4.0], [4.0, 3.0], [-3.0, -4.0], [8.0, -6.0], [30.0, 40.0]])
    expected = [  # cosines: 24/25, -1, 0, 1; -24/25, 14/50, 24/25; 0, -1; 0
        [0, 0.04, 2, 1, 0],
        [0.04, 0, 1.96, 0.72, 0.04],
        [2, 1.96, 0, 1, 2],
        [1, 0.72, 1, 0, 1],
        [0, 0.04, 2, 1, 0],
    ]
    distance = cosine_distance(x)
    assert distance.dtype == np.float32
    np.testing.assert_allclose(distance, expected, atol=1e-6)


def test_cosine_distance_is_exactly_symmetric_with_a_zero_diagonal_and_in_range():
    x = np.random.default_rng(0).normal(size=(300, 37)).astype(np.float32)
    x[7] = x[3]
    x[9] = -x[3]
    distance = cosine_distance(x)
    np.testing.assert_array_equal(distance, distance.T)
    assert not distance.diagonal().any()
    assert distance.min() >= 0
    assert distance.max() <= 2
    assert distance[3, 9] == pytest.approx(2, abs=1e-6)


def test_cosine_distance_between_two_sets_is_a_part_of_the_whole():
    x = recordings(40)
    np.testing.assert_allclose(cosine_distance(x[:10], x[10:]), cosine_distance(x)[:10, 10:], atol=1e-6)


def test_zero_vectors_are_at_0_from_each_other_and_at_1_from_the_rest():
    x = np.array([[0, 0], [1, 2], [0, 0]], dtype=np.float16)
    np.testing.assert_array_equal(cosine_distance(x), [[0, 1, 0], [1, 0, 1], [0, 1, 0]])


def test_tiny_and_huge_embeddings_keep_their_direction():
    x = np.array([[1e-30, 0], [1e-30, 1e-30], [1e30, 0]], dtype=np.float32)
    np.testing.assert_allclose(cosine_distance(x)[0], [0, 1 - 0.5**0.5, 0], atol=1e-6)


@pytest.mark.parametrize(
    ("x", "y", "says"),
    [
        (np.ones(3), None, r"shape \(n, d\)"),
        ([[1, 2], [np.nan, 1]], None, "row 1"),
        ([[1, np.inf]], None, "row 0"),
        (np.ones((2, 3)), np.ones((2, 4)), "3 dimensions and y has 4"),
    ],
)
def test_cosine_distance_refuses(x, y, says):
    with pytest.raises(ValueError, match=says):
        cosine_distance(x, y)


def test_six_points_by_hand():
    # 0, 2, 3 | 10, 11, 15: the middles are 2 (2 + 1) and 11 (1 + 4).
    clustering = k_medoids(on_a_line(0, 2, 3, 10, 11, 15), k=2)
    assert clustering.medoids.tolist() == [1, 4]
    assert clustering.assignment.tolist() == [0, 0, 0, 1, 1, 1]
    assert clustering.loss == 8


def test_the_start_is_greedy_by_hand():
    # Sums of distances: 41, 33, 31, 31, 33, 49 -> point 2 (the tie goes to the lower index). Then 15 saves
    # 12 + 4 + 3 = 19, 11 saves 8 + 8 + 7 = 23, 10 saves 7 + 7 + 7 = 21 -> point 4. Then 15 saves 4, 0 saves 3.
    assert build(on_a_line(0, 2, 3, 10, 11, 15), k=4).tolist() == [2, 4, 5, 0]


def test_the_heap_picks_what_looking_at_every_point_picks():
    distance = cosine_distance(recordings(150))
    distance[20] = distance[:, 20] = distance[19]  # a twin, so there are ties
    distance[19, 20] = distance[20, 19] = distance[20, 20] = 0
    slow = [int(distance.sum(axis=1, dtype=np.float64).argmin())]
    while len(slow) < 40:
        nearest = distance[slow].min(axis=0)
        gains = np.maximum(nearest - distance, 0).sum(axis=1, dtype=np.float64)
        gains[slow] = -1
        slow.append(int(gains.argmax()))
    assert build(distance, 40).tolist() == slow


@pytest.mark.parametrize("seed", range(10))
def test_close_to_the_best_of_all_choices_on_tiny_sets(seed):
    points = np.random.default_rng(seed).random((10, 2))
    distance = np.linalg.norm(points[:, None] - points, axis=2)
    best = min(loss_of(distance, m) for m in itertools.combinations(range(10), 3))
    ours = k_medoids(distance, 3).loss
    assert best - 1e-9 <= ours <= 1.2 * best
    assert best - 1e-9 <= k_medoids(distance, 3, engine="kmedoids").loss <= ours + 1e-9


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["recordings", "random"])
def test_loss_within_eight_percent_of_fasterpam(kind, seed):
    x = recordings(800, seed=seed) if kind == "recordings" else np.random.default_rng(seed).random((800, 64))
    distance = cosine_distance(x)
    theirs = kmedoids.fasterpam(distance, 200, random_state=seed, n_cpu=1).loss
    assert k_medoids(distance, 200).loss <= 1.08 * theirs
    assert k_medoids(distance, 200, engine="kmedoids").loss <= k_medoids(distance, 200).loss


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("k", [1, 2, 30, 119, 120])
def test_a_clustering_is_complete_and_consistent(engine, k):
    distance = cosine_distance(recordings(120))
    clustering = k_medoids(distance, k, engine=engine)
    assert len(np.unique(clustering.medoids)) == k
    assert (np.diff(clustering.medoids) > 0).all()
    assert clustering.assignment[clustering.medoids].tolist() == list(range(k))
    assert clustering.assignment.shape == (120,)
    own = distance[np.arange(120), clustering.medoids[clustering.assignment]]
    np.testing.assert_array_equal(own, distance[clustering.medoids].min(axis=0))
    assert clustering.loss == pytest.approx(own.sum(dtype=np.float64))
    for c in range(k):
        inside = distance[np.ix_(clustering.assignment == c, clustering.assignment == c)].sum(axis=1, dtype=np.float64)
        at = np.flatnonzero(clustering.assignment == c).tolist().index(clustering.medoids[c])
        assert inside[at] <= inside.min() + 1e-9


def test_one_cluster_has_the_middle_point_and_n_clusters_cost_nothing():
    distance = on_a_line(0, 4, 5, 9)
    assert k_medoids(distance, 1).medoids.tolist() == [1]  # 4 and 5 tie
    assert k_medoids(distance, 4).loss == 0
    assert k_medoids(np.zeros((1, 1)), 1).assignment.tolist() == [0]


@pytest.mark.parametrize("engine", ENGINES)
def test_identical_points_still_give_k_clusters_of_at_least_one(engine):
    clustering = k_medoids(np.zeros((7, 7), dtype=np.float32), 3, engine=engine)
    assert np.bincount(clustering.assignment, minlength=3).min() >= 1
    assert clustering.loss == 0
    twins = k_medoids(cosine_distance(recordings(20).repeat(5, axis=0)), 40, engine=engine)
    assert np.bincount(twins.assignment, minlength=40).min() >= 1
    assert twins.loss == pytest.approx(0, abs=1e-4)


def test_large_clusters_are_handled_in_blocks():
    points = np.random.default_rng(0).random(1500)
    distance = abs(points[:, None] - points)
    assert k_medoids(distance, 1).loss == pytest.approx(abs(points - np.median(points)).sum(), rel=1e-3)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_twice_and_the_distances_untouched(engine):
    distance = cosine_distance(recordings(200))
    before = distance.copy()
    first, second = k_medoids(distance, 50, engine=engine), k_medoids(distance, 50, engine=engine)
    np.testing.assert_array_equal(first.medoids, second.medoids)
    np.testing.assert_array_equal(first.assignment, second.assignment)
    np.testing.assert_array_equal(distance, before)


def test_integer_distances_are_taken():
    assert k_medoids(np.array([[0, 1, 9], [1, 0, 9], [9, 9, 0]]), 2).assignment.tolist() == [0, 0, 1]


def changed(i: int, j: int, value: float) -> np.ndarray:
    distance = on_a_line(0, 1, 5)
    distance[i, j] = value
    return distance


@pytest.mark.parametrize(
    ("distance", "says"),
    [
        (np.zeros((2, 3)), "square"),
        (np.zeros(4), "square"),
        (np.zeros((0, 0)), "n >= 1"),
        (changed(0, 1, np.nan), "NaN"),
        (changed(0, 1, np.inf), "infinity"),
        (changed(0, 1, -1), "negative"),
        (changed(0, 1, 2), "not symmetric"),
        (changed(2, 0, 4), "not symmetric"),
        (changed(1, 1, 1), "diagonal"),
    ],
)
def test_k_medoids_refuses_what_is_no_distance(distance, says):
    with pytest.raises(ValueError, match=says):
        k_medoids(distance, 1)


@pytest.mark.parametrize("k", [0, 4, -1, 2.0, True, "2", None])
def test_k_medoids_refuses_an_impossible_number_of_clusters(k):
    with pytest.raises(ValueError, match="from 1 to the 3 points"):
        k_medoids(on_a_line(0, 1, 5), k)


def test_engines_are_chosen_by_name(monkeypatch):
    with pytest.raises(ValueError, match="engine"):
        k_medoids(on_a_line(0, 1), 1, engine="sklearn")
    real_import = builtins.__import__

    def without_kmedoids(name, *args, **kwargs):
        if name.split(".")[0] in ("kmedoids", "sklearn_extra"):
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_kmedoids)
    with pytest.raises(ImportError, match="pip install kmedoids"):
        k_medoids(on_a_line(0, 1), 1, engine="kmedoids")
    with pytest.raises(ImportError, match="pip install --no-build-isolation --no-binary scikit-learn-extra scikit"):
        k_medoids(on_a_line(0, 1), 1, engine="sklearn-extra")
    assert k_medoids(on_a_line(0, 1), 1).loss == 1


def test_scikit_learn_extra_is_called_for_its_pam(monkeypatch):
    distance = on_a_line(0, 1, 5, 6)

    class KMedoids:
        def __init__(self, k, metric, method, init, max_iter):
            assert (k, metric, method, init) == (2, "precomputed", "pam", "build")

        def fit(self, given):
            assert given is distance
            return types.SimpleNamespace(medoid_indices_=np.array([3, 0]))

    monkeypatch.setitem(sys.modules, "sklearn_extra", types.ModuleType("sklearn_extra"))
    monkeypatch.setitem(sys.modules, "sklearn_extra.cluster", types.SimpleNamespace(KMedoids=KMedoids))
    found = k_medoids(distance, 2, engine="sklearn-extra")
    assert (found.medoids.tolist(), found.assignment.tolist(), found.loss) == ([0, 3], [0, 0, 1, 1], 2.0)
    assert k_medoids(distance, 4, engine="sklearn-extra").loss == 0
