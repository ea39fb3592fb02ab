"""MAL: the order of questions by hand, what is propagated, and a run that stops and goes on."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from dalbook.learners.kmedoids import cosine_distance, k_medoids
from dalbook.learners.mal import MedoidLearner
from dalbook.learners.metrics import macro_recall
from dalbook.learners.protocol import load_state, save_state

REAL = os.environ.get("DALBOOK_REAL_DATA")

# Clips 0 and 6 are not in the pool. Three clusters: 2 1 4 5 3 around 4, 7 8 9 around 8, 10 11 around 10.
POOL = [1, 2, 3, 4, 5, 7, 8, 9, 10, 11]
POINTS = np.array([1, 0, 4, 2, 3, 20, 21, 22, 40, 41], dtype=np.float32)
A, B, C = [1, 2, 3, 4, 5], [7, 8, 9], [10, 11]


def by_hand() -> MedoidLearner:
    x = np.zeros((12, 2), dtype=np.float32)
    x[POOL, 0] = POINTS
    return MedoidLearner(x, 3, pool=POOL, clusters=3, distance=abs(POINTS[:, None] - POINTS))


def sounds(n: int = 90, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings of three classes, in groups of a few similar clips."""
    rng = np.random.default_rng(seed)
    truth = np.arange(n) // 5 % 3
    group = rng.normal(size=(n // 5 + 1, 16)).repeat(5, axis=0)[:n]
    x = np.maximum(2 * rng.normal(size=(3, 16))[truth] + group + 0.3 * rng.normal(size=(n, 16)), 0)
    return x.astype(np.float32), truth


def run(learner: MedoidLearner, truth: np.ndarray, until: int) -> list[int]:
    asked = []
    while len(learner.labels) < until:
        asked.append(learner.ask())
        learner.tell(asked[-1], int(truth[asked[-1]]))
    return asked


def test_clusters_by_hand():
    learner = by_hand()
    assert learner.pool.tolist() == POOL
    assert learner.medoids.tolist() == [4, 8, 10]
    assert learner.assignment.tolist() == [0, 0, 0, 0, 0, 1, 1, 1, 2, 2]


def test_order_by_hand_to_exhaustion():
    # Medoids of A (5), B (3), C (2).
    # Round: A has 4 unlabeled (the points 0 and 4 are both 2 away from the medoid; 0 is clip 2 and 4 is clip 3, so
    # clip 2 comes first), B 2 (20, clip 7, before 22, clip 9), C 1 (clip 11).
    # Round: A has 3 (the point 4, clip 3, is 2 away from the nearest labeled point), B 1. Then A alone: 1 before 3.
    learner = by_hand()
    assert run(learner, np.zeros(12, dtype=int), 10) == [4, 8, 10, 2, 7, 11, 3, 9, 1, 5]
    with pytest.raises(ValueError, match="all 10 clips of the pool are labeled"):
        learner.ask()


def test_clusters_of_equal_size_go_by_index_and_most_unlabeled_members_first():
    points = np.array([30, 31, 32, 0, 1, 2], dtype=np.float32)
    learner = MedoidLearner(np.ones((6, 1)), 2, clusters=2, distance=abs(points[:, None] - points))
    assert run(learner, np.zeros(6, dtype=int), 2) == [1, 4]
    learner.tell(2, 0)  # not asked for: the round is planned already, and cluster 0 is still due first
    assert run(learner, np.zeros(6, dtype=int), 5) == [0, 3]
    learner = MedoidLearner(np.ones((6, 1)), 2, clusters=2, distance=abs(points[:, None] - points))
    learner.tell(2, 0)
    # When the medoids are labeled cluster 1 has two unlabeled members and cluster 0 one.
    assert run(learner, np.zeros(6, dtype=int), 6) == [1, 4, 3, 0, 5]


def test_asking_twice_gives_the_same_clip():
    learner = by_hand()
    for _ in range(10):
        clip = learner.ask()
        assert learner.ask() == clip
        assert type(clip) is int
        learner.predict_proba(learner.x)
        assert learner.ask() == clip
        learner.tell(clip, 0)


def test_a_medoid_speaks_for_its_cluster_until_a_member_speaks_for_itself():
    learner = by_hand()
    assert (learner.propagated == -1).all()
    learner.tell(4, 2)
    assert np.flatnonzero(learner.propagated == 2).tolist() == A
    learner.tell(8, 1)
    learner.tell(3, 0)
    trained = learner.propagated
    assert trained.tolist() == [-1, 2, 2, 0, 2, 2, -1, 1, 1, 1, -1, -1]
    assert learner.labels == {4: 2, 8: 1, 3: 0}
    assert list(learner.labels) == [4, 8, 3]
    trained[:] = 0
    assert learner.propagated[1] == 2


def test_a_label_that_was_not_asked_for_is_not_propagated_nor_overwritten():
    learner = by_hand()
    learner.tell(5, 1)
    assert np.flatnonzero(learner.propagated >= 0).tolist() == [5]
    assert learner.ask() == 4
    learner.tell(4, 0)
    assert learner.propagated[A].tolist() == [0, 0, 0, 0, 1]


def test_a_medoid_that_was_not_asked_for_is_propagated_and_not_asked_again():
    learner = by_hand()
    learner.tell(8, 1)
    assert learner.propagated[B].tolist() == [1, 1, 1]
    assert run(learner, np.zeros(12, dtype=int), 4) == [4, 10, 2]


def test_unasked_labels_of_all_medoids_begin_the_next_round():
    learner = by_hand()
    for clip in (10, 8, 11, 1, 2, 5):  # C is done, A has 4 and 3 left
        learner.tell(clip, 0)
    learner.tell(4, 0)
    # B has two unlabeled members, A one.
    assert run(learner, np.zeros(12, dtype=int), 10) == [7, 3, 9]


def test_the_visit_that_is_due_stays_due_but_asks_with_the_new_label_in_mind():
    learner = by_hand()
    run(learner, np.zeros(12, dtype=int), 3)
    assert learner.ask() == 2
    learner.tell(1, 0)  # the point 1, next to clip 2's 0: now the point 4 is farthest from a labeled one
    assert learner.ask() == 3
    learner.tell(3, 0)
    assert learner.ask() == 7


def test_a_visit_to_a_cluster_that_is_done_is_left_out():
    learner = by_hand()
    run(learner, np.zeros(12, dtype=int), 5)
    assert learner.ask() == 11
    learner.tell(9, 0)
    learner.tell(11, 0)
    assert learner.ask() == 3  # a new round, of A alone


def test_every_clip_of_the_pool_is_asked_for_once():
    x, truth = sounds()
    pool = np.arange(3, 80)
    learner = MedoidLearner(x, 3, pool=pool)
    assert len(learner.medoids) == 19  # 77 / 4 = 19.25
    asked = run(learner, truth, 77)
    assert sorted(asked) == pool.tolist()
    assert set(asked[:19]) == set(learner.medoids.tolist())
    np.testing.assert_array_equal(learner.propagated[pool], truth[pool])


def test_default_clusters_are_those_of_cosine_distance():
    x, _ = sounds()
    pool = np.arange(0, 90, 2)
    learner = MedoidLearner(x, 3, pool=pool[::-1])
    clustering = k_medoids(cosine_distance(x[pool]), 11)
    np.testing.assert_array_equal(learner.medoids, pool[clustering.medoids])
    np.testing.assert_array_equal(learner.assignment, clustering.assignment)
    assert learner.ask() == learner.medoids[np.bincount(learner.assignment).argmax()]


@pytest.mark.parametrize(("m", "k"), [(1, 1), (2, 1), (5, 1), (6, 2), (9, 2), (10, 3), (90, 23)])
def test_a_quarter_of_the_pool_rounded_half_up(m, k):
    assert len(MedoidLearner(sounds()[0], 3, pool=np.arange(m)).medoids) == k


def test_predictions_follow_the_labels():
    x, truth = sounds(300)
    learner = MedoidLearner(x, 3, pool=np.arange(200))
    np.testing.assert_allclose(learner.predict_proba(x), 1 / 3)
    learner.tell(learner.ask(), 1)
    np.testing.assert_array_equal(learner.predict_proba(x)[:, 1], 1)
    fresh = MedoidLearner(x, 3, pool=np.arange(200))
    run(fresh, truth, 40)
    scores = fresh.predict_proba(x[200:])
    assert scores.shape == (100, 3)
    np.testing.assert_allclose(scores.sum(axis=1), 1)
    assert macro_recall(truth[200:], scores.argmax(axis=1)) > 0.8
    np.testing.assert_array_equal(scores, fresh.predict_proba(x[200:]))


def test_silent_and_identical_clips_do_no_harm():
    x = np.zeros((24, 4), dtype=np.float32)
    x[12:, 1] = 1
    learner = MedoidLearner(x, 2)
    assert sorted(run(learner, np.arange(24) // 12, 24)) == list(range(24))
    assert learner.predict_proba(x).argmax(axis=1).tolist() == [0] * 12 + [1] * 12


@pytest.mark.parametrize("at", [0, 1, 7, 23, 31, 60])
def test_stopped_saved_restored_and_continued_is_the_uninterrupted_run(tmp_path, at):
    x, truth = sounds()
    pool = np.arange(5, 85)

    def build() -> MedoidLearner:
        learner = MedoidLearner(x, 3, pool=pool)
        if at > 1:
            learner.tell(50, int(truth[50]))  # not asked for
        return learner

    whole, half = build(), build()
    run(half, truth, at)
    save_state(tmp_path / "mal.npz", half.state())
    resumed = MedoidLearner(x, 3, pool=pool)
    run(resumed, truth, 3)  # forgotten
    resumed.restore(load_state(tmp_path / "mal.npz"))
    assert resumed.labels == half.labels
    run(whole, truth, at)
    assert run(whole, truth, 70) == run(resumed, truth, 70)
    assert list(whole.labels.items()) == list(resumed.labels.items())
    np.testing.assert_array_equal(whole.propagated, resumed.propagated)
    np.testing.assert_array_equal(whole.predict_proba(x), resumed.predict_proba(x))


def test_a_state_is_a_copy():
    learner = by_hand()
    state = learner.state()
    learner.tell(4, 0)
    assert state["labels"].shape == (0, 2)
    state["assignment"][:] = 0
    state["medoids"][:] = 0
    assert learner.ask() == 8


def test_restore_refuses_another_learners_state():
    x, _ = sounds()
    state = MedoidLearner(x, 3, pool=np.arange(60)).state()
    others = [
        MedoidLearner(x + 1, 3, pool=np.arange(60)),
        MedoidLearner(x, 4, pool=np.arange(60)),
        MedoidLearner(x, 3, pool=np.arange(1, 61)),
        MedoidLearner(x, 3, pool=np.arange(60), clusters=14),
        MedoidLearner(x, 3, pool=np.arange(60), distance=cosine_distance(x[:60])),
    ]
    for other in others:
        other.tell(7, 1)
        with pytest.raises(ValueError, match="built with other"):
            other.restore(state)
        assert other.labels == {7: 1}
    with pytest.raises(ValueError, match="built with other"):
        others[0].restore({})


@pytest.mark.parametrize(
    ("clip", "label", "says"),
    [
        (6, 0, "clip 6 is unknown"),  # of the corpus, but not of the pool
        (12, 0, "clip 12 is unknown"),
        (-1, 0, "clip -1 is unknown"),
        (1.0, 0, "an integer"),
        ("1", 0, "an integer"),
        (True, 0, "an integer"),
        (4, 0, "clip 4 has a label already: class 2"),
        (1, 3, "unknown class"),
        (1, -1, "unknown class"),
        (1, 0.5, "unknown class"),
        (1, None, "unknown class"),
    ],
)
def test_tell_refuses_and_changes_nothing(clip, label, says):
    learner = by_hand()
    learner.tell(4, 2)
    before, due = learner.propagated, learner.ask()
    with pytest.raises(ValueError, match=says):
        learner.tell(clip, label)
    assert learner.labels == {4: 2}
    assert learner.ask() == due
    np.testing.assert_array_equal(learner.propagated, before)


def test_bad_arguments_are_named():
    x, _ = sounds()
    broken = x.copy()
    broken[17, 3] = np.nan
    with pytest.raises(ValueError, match="clip 17"):
        MedoidLearner(broken, 3)
    with pytest.raises(ValueError, match=r"shape \(n, d\)"):
        MedoidLearner(x[0], 3)
    with pytest.raises(ValueError, match="n_classes"):
        MedoidLearner(x, 0)
    with pytest.raises(ValueError, match="clip 90"):
        MedoidLearner(x, 3, pool=[0, 90])
    with pytest.raises(ValueError, match="number of clusters must be an integer from 1 to the 10 points, not 11"):
        MedoidLearner(x, 3, pool=np.arange(10), clusters=11)
    with pytest.raises(ValueError, match=r"need \(10, 10\)"):
        MedoidLearner(x, 3, pool=np.arange(10), distance=cosine_distance(x))
    with pytest.raises(ValueError, match="ascending"):
        MedoidLearner(x, 3, pool=np.arange(10)[::-1], distance=cosine_distance(x[:10]))
    learner = MedoidLearner(x, 3)
    with pytest.raises(ValueError, match="15 dimensions"):
        learner.predict_proba(x[:, :15])


@pytest.mark.skipif(not REAL, reason="DALBOOK_REAL_DATA names no folder with the real UrbanSound8K slice")
def test_more_labels_are_better_on_the_real_slice():
    # UrbanSound8K folds 1, 2, 10; YAMNet embeddings; one fold held out, the other two are the pool.
    import pandas as pd

    with np.load(Path(REAL) / "embeddings" / "yamnet.npz", allow_pickle=False) as file:
        clips, x = file["clips"], file["embeddings"].astype(np.float32)
    rows = pd.read_csv(Path(REAL) / "metadata" / "UrbanSound8K.csv").set_index("slice_file_name").loc[clips]
    truth, fold = rows["classID"].to_numpy(), rows["fold"].to_numpy()
    table = {}
    for f in (1, 2, 10):
        test = fold == f
        learner = MedoidLearner(x, 10, pool=np.flatnonzero(~test))
        for budget in (30, 60, 130, 400):
            run(learner, truth, budget)
            table[f, budget] = macro_recall(truth[test], learner.predict_proba(x[test]).argmax(axis=1))
            propagated = learner.propagated
            wrong = np.mean(propagated[propagated >= 0] != truth[propagated >= 0])
            print(f"fold {f}, {budget} labels: macro recall {table[f, budget]:.3f}, {wrong:.1%} propagated wrongly")
        assert table[f, 130] > table[f, 30]
    assert np.mean([table[f, 130] for f in (1, 2, 10)]) > 0.6
