"""The model in its thread ends where the same labels would have brought it without thread, stop or reopening."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from dalbook.labeling.decisions import Beginning, Change
from dalbook.labeling.factory import LearnerFactory
from dalbook.labeling.trainer import REPLAYED, Trainer
from dalbook.learners.cold_start import medoid_order, order_at_once
from dalbook.learners.dal import DALConfig, DropoutLearner
from dalbook.learners.kmedoids import cosine_distance, k_medoids

N, CLASSES = 60, 3
TRUTH = np.arange(N) % CLASSES
SMALL = DALConfig(batch=8, first_steps=40, steps=4, n_masks=16, wait=2)
LONG = DALConfig(batch=8, first_steps=10_000_000, steps=4, n_masks=16, wait=2)
INITIAL = {0: 0, 1: 1, 2: 2}


def embeddings() -> np.ndarray:
    rng = np.random.default_rng(0)
    centers = rng.exponential(1, (CLASSES, 40)) * (rng.random((CLASSES, 40)) < 0.4)
    return (centers[TRUTH] + 0.6 * rng.random((N, 40))).astype(np.float32)


@pytest.fixture
def trainer(tmp_path):
    """Make trainers with the same file; all are stopped in the end."""
    made = []

    def make(told=lambda: None, config=SMALL, **options) -> Trainer:
        for earlier in made:
            earlier.close()
        factory = LearnerFactory("dal", embeddings(), np.arange(N), config)
        made.append(Trainer(factory, tmp_path / "model.npz", told, **options))
        made[-1].start()
        return made[-1]

    yield make
    for one in made:
        one.close()


def changes(n: int, first: int = 10) -> list[Change]:
    return [Change(clip, int(TRUTH[clip]), 3 + clip - first + 1, f"after {clip}") for clip in range(first, first + n)]


BEGINNING = Beginning(3, "begun", INITIAL, CLASSES)


def straight(some: list[Change], config: DALConfig = SMALL) -> DropoutLearner:
    """The same labels, told one after the other."""
    learner = DropoutLearner(embeddings(), CLASSES, INITIAL, config=config)
    learner.ask()
    for change in some:
        if change.clip in learner.labels:
            learner.forget(change.clip)
        if change.label is not None:
            learner.tell(change.clip, change.label)
    return learner


def assert_same(one: DropoutLearner, other: DropoutLearner) -> None:
    assert list(one.labels.items()) == list(other.labels.items())
    state = other.state()
    for name, value in one.state().items():
        if name != "built_with":
            assert_array_equal(value, state[name], err_msg=name)
    assert one.ask() == other.ask()


def test_it_learns_label_by_label_as_the_learner_would(trainer):
    one = trainer()
    one.begin(BEGINNING)
    for change in changes(5):
        one.learn(change)
    assert one.wait(60)
    expected = straight(changes(5))
    assert_same(one.learner, expected)
    suggestions = one.suggestions
    clips, scan = expected.scan()
    assert_array_equal(suggestions.clips, clips)
    assert_array_equal(suggestions.votes, scan.votes_nC)
    order = [pick.clip for pick in suggestions]
    assert order[0] == expected.ask()
    assert_array_equal(order, clips[np.argsort(-expected.scores(scan), kind="stable")])
    votes, score, rank = suggestions.of(order[4])
    assert (rank, votes.sum()) == (5, 16)
    assert score == next(pick.score for pick in suggestions if pick.clip == order[4])
    assert suggestions.of(0) is None  # labeled
    assert suggestions.of(N + 1) is None


def test_undo_and_corrections_reach_the_model(trainer):
    some = [*changes(3), Change(11, None, 9, "undone"), Change(10, 2, 10, "corrected"), Change(0, None, 11, "unsure")]
    one = trainer()
    one.begin(BEGINNING)
    for change in some:
        one.learn(change)
    assert one.wait(60)
    assert one.learner.labels == {1: 1, 2: 2, 12: 0, 10: 2}
    assert_same(one.learner, straight(some))
    assert one.suggestions.of(11) is not None


@pytest.mark.parametrize("stop_after", [0, 1, 3, 5])
def test_a_reopened_model_goes_on_bit_for_bit(trainer, stop_after):
    first = trainer()
    first.begin(BEGINNING)
    for change in changes(stop_after):
        first.learn(change)
    assert first.wait(60)
    second = trainer()  # the first one is stopped
    second.begin(BEGINNING, changes(5))  # some of which the saved model has learned
    assert second.wait(60)
    assert_same(second.learner, straight(changes(5)))


def test_stopped_in_the_middle_it_loses_at_most_time(trainer):
    first = trainer()
    first.begin(BEGINNING)
    for change in changes(15):
        first.learn(change)
    first.close()
    assert not first._thread.is_alive()
    second = trainer()
    second.begin(BEGINNING, changes(15))
    assert second.wait(60)
    assert_same(second.learner, straight(changes(15)))


@pytest.mark.parametrize("damage", ["gone", "cut", "other labels", "other settings", "other beginning"])
def test_a_model_that_cannot_be_used_is_trained_again(trainer, tmp_path, damage):
    path = Path(tmp_path, "model.npz")
    first = trainer()
    first.begin(Beginning(3, "another", {0: 1, 1: 0}, CLASSES) if damage == "other beginning" else BEGINNING)
    other = [Change(30, 0, 4, "other")] if damage == "other labels" else changes(2)
    for change in other:
        first.learn(change)
    assert first.wait(60)
    first.close()
    if damage == "gone":
        path.unlink()
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:500])
    config = DALConfig(batch=8, first_steps=40, steps=3, n_masks=16, wait=2) if damage == "other settings" else SMALL
    second = trainer(config=config)
    second.begin(BEGINNING, changes(4))
    assert second.wait(60)
    assert second.problem == ""
    assert_same(second.learner, straight(changes(4), config))


def test_many_labels_without_a_model_are_learned_together(trainer):
    one = trainer()
    one.begin(BEGINNING, changes(REPLAYED + 1))
    assert one.wait(60)
    assert one.learner.iteration == SMALL.wait
    assert len(one.learner.labels) == 3 + REPLAYED + 1
    one.learn(Change(50, 0, 50, "one more"))
    assert one.wait(60)
    expected = one.learner.state()
    again = trainer()
    again.begin(BEGINNING, [*changes(REPLAYED + 1), Change(50, 0, 50, "one more")])
    assert again.wait(60)
    for name, value in expected.items():
        assert_array_equal(value, again.learner.state()[name], err_msg=name)


def test_a_new_beginning_ends_the_old_training_and_old_suggestions_serve_until_then(trainer):
    one = trainer()
    one.begin(BEGINNING)
    assert one.wait(60)
    old = one.suggestions
    seen = []
    one._told = lambda: seen.append(one.suggestions)
    more = Beginning(5, "with a class more", {**INITIAL, 10: 3}, 4)
    one.begin(more)
    one.learn(Change(11, 3, 6, "x"))
    assert one.wait(60)
    assert one.learner.n_classes == 4
    assert one.learner.labels == {**INITIAL, 10: 3, 11: 3}
    assert all(s is old or s.votes.shape[1] == 4 for s in seen)
    assert one.suggestions.votes.shape[1] == 4


def test_work_that_would_take_for_ever_ends_at_once(trainer):
    one = trainer(config=LONG)
    one.begin(BEGINNING)
    one.begin(Beginning(4, "newer", {**INITIAL, 3: 0}, CLASSES))
    one.close(60)
    assert not one._thread.is_alive()


def test_the_first_opinion_comes_in_the_middle_of_the_first_training(trainer):
    asked = threading.Event()
    one = trainer(config=LONG)
    one._told = lambda: asked.set() if one.suggestions else None
    one.begin(BEGINNING)
    assert asked.wait(120)
    assert one.busy
    assert one.learner is None
    assert len(list(one.suggestions)) == N - 3


def test_an_error_in_training_is_told_and_labels_go_on(trainer, monkeypatch):
    one = trainer()
    one.begin(BEGINNING)
    assert one.wait(60)
    with monkeypatch.context() as patch:
        patch.setattr(one.learner.classifier, "step", lambda *a: 1 / 0)
        one.learn(changes(1)[0])
        assert one.wait(60)
    assert "could not be trained (ZeroDivisionError" in one.problem
    one.learn(changes(2)[1])
    assert one.wait(60)
    assert one.problem == ""
    assert_same(one.learner, straight(changes(2)))


def test_a_disk_that_is_full_is_told_and_training_goes_on(trainer, monkeypatch):
    one = trainer()

    def full(*a):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("dalbook.labeling.trainer.save_state", full)
        one.begin(BEGINNING)
        one.learn(changes(1)[0])
        assert one.wait(60)
    assert "cannot be kept in" in one.problem
    assert "No space left" in one.problem
    assert_same(one.learner, straight(changes(1)))


def test_medoids_come_first_from_the_largest_cluster_on(trainer):
    one = trainer()
    assert one.wait_for_first(60)
    distance = cosine_distance(embeddings())
    clusters = k_medoids(distance, N // 4)
    sizes = np.bincount(clusters.assignment)
    order = one.medoids
    assert order.medoids == N // 4
    assert sorted(order.clips[: order.medoids].tolist()) == clusters.medoids.tolist()
    assert order.scores[: order.medoids].tolist() == sorted(sizes.tolist(), reverse=True)
    assert sorted(order.clips.tolist()) == list(range(N))
    picks = list(order)
    assert (picks[0].picked_by, picks[-1].picked_by) == ("medoid", "farthest")
    assert f"group of {sizes.max()} similar clips" in picks[0].why


def test_orders_of_small_and_of_part_of_a_corpus():
    x = embeddings()
    for pool in (np.array([7]), np.array([3, 9]), np.arange(0, N, 2)):
        for order in (medoid_order(x, pool), order_at_once(x, pool)):
            assert sorted(order.clips.tolist()) == pool.tolist()
            assert len(list(order)) == len(pool)


def test_of_very_many_clips_an_even_choice_is_clustered(monkeypatch):
    monkeypatch.setattr("dalbook.learners.cold_start.MOST", 40)
    order = medoid_order(embeddings(), np.arange(N))
    assert sorted(order.clips.tolist()) == list(range(N))
    assert order.medoids == 10
    assert order.clips[40:].tolist() == sorted(order.clips[40:].tolist())


@pytest.mark.skipif(sys.platform != "linux", reason="a thread has a priority of its own on Linux only")
def test_it_comes_after_what_a_person_waits_for(trainer):
    seen = []

    def told():
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    trainer(told).wait(120)
    assert set(seen) == {os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) + 5}


def test_a_program_that_ends_while_the_model_learns_ends_well(tmp_path):
    """Nobody closes a labeler in a script; the thread is in compiled code, or loads it, most of the time."""
    code = f"""
from pathlib import Path
import numpy as np
from dalbook.learners.dal import DALConfig
from dalbook.labeling.decisions import Beginning
from dalbook.labeling.factory import LearnerFactory
from dalbook.labeling.trainer import Trainer

x = np.random.default_rng(0).random(({N}, 40), np.float32)
config = DALConfig(first_steps=10_000_000)
factory = LearnerFactory("dal", x, np.arange({N}), config)
trainer = Trainer(factory, Path({str(tmp_path / "model.npz")!r}), lambda: None)
trainer.begin(Beginning(3, "begun", {{0: 0, 1: 1, 2: 2}}, 3))
trainer.start()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
