"""The herding learner: what it asks, what it learns, and what may happen to it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from dalbook.learners import coverage
from dalbook.learners.coverage import coverage_gain, recording_weights
from dalbook.learners.herding import HerdingLearner
from dalbook.learners.label_spreading import NeighborGraph


def groups(sizes, d=24, spread=0.25, seed=0):
    """Clips around one non-negative center a class, as a ReLU gives them, and their classes."""
    rng = np.random.default_rng(seed)
    centers = rng.exponential(1, (len(sizes), d)) * (rng.random((len(sizes), d)) < 0.4)
    truth = np.repeat(np.arange(len(sizes)), sizes)
    x = np.maximum(centers[truth] + spread * rng.standard_normal((len(truth), d)), 0)
    return x.astype(np.float32), truth


def label(learner, truth, n):
    asked = []
    for _ in range(n):
        clip = learner.ask()
        learner.tell(clip, int(truth[clip]))
        asked.append(clip)
    return asked


class TestEquation:
    def test_by_hand(self):
        """References 1 and 0.2 uncertain; squared distances 0 and 2 to the first clip, 0.8 and 0.4 to the second."""
        distance = np.array([[0, 0.8], [2, 0.4]], np.float32)
        nearest = np.array([0.5, 1.0])  # already covered: exp(-1/2) and exp(-1) with s^2 = 1/2
        gain = coverage_gain(distance, np.array([1.0, 0.2]), nearest, 0.5)
        first = 1.0 * (np.exp(0) - np.exp(-0.5)) + 0.2 * 0  # exp(-2) covers less than exp(-1)
        second = 1.0 * 0 + 0.2 * (np.exp(-0.4) - np.exp(-1.0))  # exp(-0.8) covers less than exp(-0.5)
        assert_allclose(gain, [first, second], rtol=1e-5)

    @pytest.mark.parametrize("kept", [0, 10**9])
    def test_blocks_change_nothing(self, kept, monkeypatch):
        x, truth = groups([40] * 5)
        whole = label(HerdingLearner(x, 5), truth, 12)
        monkeypatch.setattr(coverage, "BLOCK", 7)
        monkeypatch.setattr(coverage, "KEPT", kept)
        assert label(HerdingLearner(x, 5), truth, 12) == whole

    def test_the_width_shrinks_as_labels_come(self):
        x, truth = groups([40] * 5, spread=0.1)
        learner = HerdingLearner(x, 5)
        widths = []
        for n in (3, 100):
            label(learner, truth, n - len(learner.labels))
            widths.append(learner._coverage.squared_width(learner.labels))
        assert widths[0] > 4 * widths[1]

    def test_coverage_kept_equals_coverage_computed_anew(self):
        x, truth = groups([40] * 4)
        learner = HerdingLearner(x, 4)
        label(learner, truth, 15)
        learner.forget(list(learner.labels)[3])
        label(learner, truth, 5)
        kept = learner._coverage
        distance = ((kept.references[:, None] - kept.points[list(learner.labels)][None]) ** 2).sum(2)
        assert_allclose(kept.nearest(learner.labels), distance.min(axis=1), atol=1e-5)


class TestRecordings:
    def test_weights_by_hand(self):
        weights = recording_weights(np.array([3, 9, 3, -1, 3, 3, -1]))
        assert_allclose(weights, [0.5, 1, 0.5, 1, 0.5, 0.5, 1])  # four clips weigh two together

    def test_a_long_recording_is_not_worth_what_as_many_recordings_are(self):
        """30 clips of one recording, 20 from as many: known as such, the 20 are what is asked about first."""
        x, truth = groups([30, 20], spread=0.05)
        recordings = np.where(truth == 0, 0, 1 + np.arange(50))
        assert truth[HerdingLearner(x, 2).ask()] == 0
        assert truth[HerdingLearner(x, 2, recordings=recordings).ask()] == 1

    def test_recordings_that_are_unknown_change_nothing(self):
        x, truth = groups([20] * 3)
        unknown = HerdingLearner(x, 3, recordings=np.full(60, -1))
        assert label(unknown, truth, 8) == label(HerdingLearner(x, 3), truth, 8)

    def test_those_outside_the_pool_do_not_count(self):
        x, truth = groups([20] * 3)
        pool, recordings = np.arange(40), np.arange(60) // 4
        others = np.where(np.arange(60) < 40, recordings, 0)
        one, two = (HerdingLearner(x, 3, pool=pool, recordings=r) for r in (recordings, others))
        assert label(one, truth, 8) == label(two, truth, 8)


@pytest.mark.parametrize(("clips", "references"), [(4000, 4000), (5000, 4000), (20_000, 1000), (100_000, 500)])
def test_a_small_pool_stands_for_itself(clips, references):
    assert len(HerdingLearner(np.ones((clips, 1), np.float32), 2).references) == references


class TestFromNothing:
    def test_without_a_label_all_classes_are_as_likely(self):
        x, _ = groups([10, 10])
        assert_array_equal(HerdingLearner(x, 2).predict_proba(x), np.full((20, 2), 0.5))

    def test_one_class_met(self):
        x, truth = groups([10, 10])
        learner = HerdingLearner(x, 2)
        label(learner, np.zeros(20, int), 3)
        assert_array_equal(learner.predict_proba(x), np.tile([1.0, 0.0], (20, 1)))

    def test_it_finds_every_class_sooner_than_chance(self):
        x, truth = groups([30] * 10)
        asked = label(HerdingLearner(x, 10), truth, 14)
        assert len(set(truth[asked])) == 10

    def test_two_classes(self):
        x, truth = groups([30, 30])
        learner = HerdingLearner(x, 2)
        label(learner, truth, 4)
        assert (learner.predict_proba(x).argmax(1) == truth).mean() > 0.9

    def test_sixty_classes(self):
        x, truth = groups([12] * 60, d=60)
        learner = HerdingLearner(x, 60)
        label(learner, truth, 90)
        assert len(set(learner.labels.values())) >= 55
        assert (learner.predict_proba(x).argmax(1) == truth).mean() > 0.85

    def test_fifty_to_one(self):
        x, truth = groups([500, 10])
        learner = HerdingLearner(x, 2)
        label(learner, truth, 20)
        right = learner.predict_proba(x).argmax(1) == truth
        assert min(right[truth == 0].mean(), right[truth == 1].mean()) > 0.75

    def test_duplicates_are_not_asked_for_while_others_are_uncovered(self):
        x, truth = groups([8] * 6, spread=0.3)
        x, truth = np.repeat(x, 5, axis=0), np.repeat(truth, 5)
        asked = label(HerdingLearner(x, 6), truth, 30)
        assert len({clip // 5 for clip in asked}) >= 28

    @pytest.mark.parametrize("same", [0.0, 1.0])
    def test_clips_that_are_all_the_same(self, same):
        x = np.full((12, 5), same, np.float32)
        learner = HerdingLearner(x, 2)
        asked = label(learner, np.arange(12) % 2, 12)
        assert sorted(asked) == list(range(12))
        assert np.isfinite(learner.predict_proba(x)).all()

    def test_one_clip(self):
        learner = HerdingLearner(np.ones((1, 4), np.float32), 1)
        assert learner.ask() == 0
        learner.tell(0, 0)
        assert_array_equal(learner.predict_proba(np.ones((2, 4))), [[1], [1]])

    def test_negative_embeddings(self):
        x, truth = groups([20] * 3)
        learner = HerdingLearner(x - 1, 3)
        label(learner, truth, 9)
        assert (learner.predict_proba(x - 1).argmax(1) == truth).mean() > 0.9


class TestAsk:
    def test_k_at_once_are_different_and_begin_with_the_one(self):
        x, truth = groups([30] * 6)
        learner = HerdingLearner(x, 6)
        first = learner.ask()
        several = learner.ask(6)
        assert several[0] == first == learner.ask()
        assert len(set(several)) == 6
        assert len(set(truth[several])) >= 5  # each counts as covering when the next is chosen
        assert learner.ask(6) == several
        assert learner.ask(2) == several[:2]

    def test_k_that_cannot_be(self):
        learner = HerdingLearner(np.eye(3, dtype=np.float32), 2)
        for bad in (0, -1, 1.5, True):
            with pytest.raises(ValueError, match="at least 1"):
                learner.ask(bad)
        with pytest.raises(ValueError, match="only 3 clips"):
            learner.ask(4)

    def test_random_asks_evenly_and_by_the_seed(self):
        x, _ = groups([100])
        asked = [HerdingLearner(x, 1, seed=s, acquisition="random").ask(10) for s in range(60)]
        assert asked[0] == HerdingLearner(x, 1, seed=0, acquisition="random").ask(10)
        assert 40 < np.mean(asked) < 59
        assert len(np.unique(asked)) > 95


class TestTakingBack:
    def test_forgotten_is_as_never_told(self):
        x, truth = groups([30] * 4)
        never, forgot = HerdingLearner(x, 4), HerdingLearner(x, 4)
        asked = label(never, truth, 8)
        for clip in asked[:3]:
            forgot.tell(clip, int(truth[clip]))
        forgot.tell(119, 0)
        forgot.ask()
        for clip in asked[3:]:
            forgot.tell(clip, int(truth[clip]))
        forgot.forget(119)
        assert forgot.ask() == never.ask()
        assert_array_equal(forgot.predict_proba(x), never.predict_proba(x))
        forgot.tell(119, 3)
        assert forgot.labels[119] == 3

    def test_forgetting_what_has_no_label(self):
        learner = HerdingLearner(np.eye(3, dtype=np.float32), 2)
        with pytest.raises(ValueError, match="clip 1 has no label"):
            learner.forget(1)

    def test_a_class_added_on_the_way(self, tmp_path):
        x, truth = groups([30] * 3)
        learner = HerdingLearner(x, 1)
        known = {0: 0}
        for _ in range(9):
            clip = learner.ask()
            if int(truth[clip]) not in known:
                with pytest.raises(ValueError, match="unknown class"):
                    learner.tell(clip, learner.n_classes)
                known[int(truth[clip])] = learner.add_class()
            learner.tell(clip, known[int(truth[clip])])
        assert learner.n_classes == 3
        assert learner.predict_proba(x).shape == (90, 3)
        resumed = HerdingLearner(x, 1)
        resumed.restore(learner.state())
        assert resumed.n_classes == 3
        assert_array_equal(resumed.predict_proba(x), learner.predict_proba(x))
        assert resumed.ask() == learner.ask()

    @pytest.mark.parametrize("stop", ["fit", "flow"])
    def test_stopped_while_it_learns_it_is_as_before(self, stop, monkeypatch):
        x, truth = groups([30] * 3)
        learner, straight = HerdingLearner(x, 3), HerdingLearner(x, 3)
        label(learner, truth, 5)
        label(straight, truth, 5)

        def stopped(*_args, **_named):
            raise KeyboardInterrupt

        target = type(learner._spread_ridge) if stop == "fit" else type(learner._spread_ridge._graph)
        with monkeypatch.context() as patched:
            patched.setattr(target, stop, stopped)
            with pytest.raises(KeyboardInterrupt):
                learner.ask()
        assert label(learner, truth, 3) == label(straight, truth, 3)
        assert_array_equal(learner.predict_proba(x), straight.predict_proba(x))


class TestBuiltWith:
    def test_refused(self):
        x = np.eye(3, dtype=np.float32)
        for make, message in (
            (lambda: HerdingLearner(x[0], 2), "shape"),
            (lambda: HerdingLearner(np.full((3, 3), np.nan), 2), "clip 0 holds NaN"),
            (lambda: HerdingLearner(x, 0), "n_classes"),
            (lambda: HerdingLearner(x, 2, acquisition="best"), "one of herding, random"),
            (lambda: HerdingLearner(x, 2, recordings=np.zeros(2, int)), "3 whole numbers"),
            (lambda: HerdingLearner(x, 2, recordings=np.zeros(3)), "3 whole numbers"),
            (lambda: HerdingLearner(x, 2, {5: 0}), "clip 5 is unknown"),
            (lambda: HerdingLearner(x, 2).predict_proba(np.ones((2, 4))), r"\(m, 3\)"),
            (lambda: HerdingLearner(x, 2).predict_proba(np.full((2, 3), np.inf)), "infinity"),
        ):
            with pytest.raises(ValueError, match=message):
                make()

    @pytest.mark.parametrize(
        "other",
        [{"seed": 1}, {"n_classes": 3}, {"initial": {0: 0}}, {"acquisition": "random"}, {"pool": np.arange(3)}]
        + [{"recordings": np.arange(4)}],
    )
    def test_another_state_is_refused(self, other):
        x = np.eye(4, dtype=np.float32)
        state = HerdingLearner(**{"x": x, "n_classes": 2, **other}).state()
        with pytest.raises(ValueError, match="built"):
            HerdingLearner(x, 2).restore(state)

    def test_initial_labels_count(self):
        x, truth = groups([20, 20])
        learner = HerdingLearner(x, 2, {0: 0, 20: 1})
        assert learner.labels == {0: 0, 20: 1} == learner.initial
        assert (learner.predict_proba(x).argmax(1) == truth).mean() > 0.8


def test_a_question_costs_the_references_times_the_pool_and_one_flow(monkeypatch):
    """Work is counted, not timed: nothing grows with the square of 20 000 clips or with the labels there are."""
    rng = np.random.default_rng(0)
    x = rng.random((20_000, 256), np.float32)
    learner = HerdingLearner(x, 2, acquisition="herding")
    counted = {"distances": 0, "flows": 0}

    def gain(distance, *rest):
        counted["distances"] += distance.size
        return coverage_gain(distance, *rest)

    flow = NeighborGraph.flow

    def flows(graph, start):
        counted["flows"] += 1
        return flow(graph, start)

    monkeypatch.setattr(coverage, "coverage_gain", gain)
    monkeypatch.setattr(NeighborGraph, "flow", flows)
    for question in range(4):
        clip = learner.ask()
        assert learner.ask() == clip  # asking again costs nothing
        learner.tell(clip, question % 2)
    assert counted == {"distances": 4 * 1000 * 20_000, "flows": 3}
    assert learner._spread_ridge._graph.ties.nnz <= 2 * 10 * 5000
